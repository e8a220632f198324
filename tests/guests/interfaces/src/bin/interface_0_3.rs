//! Through `wasmedge_tensorflow_interface` 0.3; a graph may be in a file, or a saved model in a folder, whose name then has
//! `saved` in it.

#[cfg(target_arch = "wasm32")]
fn main() {
    use interfaces::{Arguments, centred_pixels, pixels, print_best};
    use wasmedge_tensorflow_interface::{TFLiteSession, TFSession};

    let arguments = Arguments::read();
    let Arguments { model, input, output, .. } = &arguments;
    let is_saved = model.contains("saved");
    if is_saved || arguments.is_graph() {
        let pixels = centred_pixels!(wasmedge_tensorflow_interface, arguments);
        let mut session = if is_saved {
            TFSession::new_from_saved_model(model, &["serve"])
        } else {
            TFSession::new(arguments.model())
        };
        let shape = arguments.shape().map(u64::from);
        session.add_input(input, &pixels, &shape).add_output(output).run();
        print_best(&session.get_output::<f32>(output));
    } else {
        let pixels = pixels!(wasmedge_tensorflow_interface, arguments);
        let mut session = TFLiteSession::new(arguments.model());
        session.add_input(input, &pixels).run();
        print_best(&session.get_output::<u8>(output));
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
