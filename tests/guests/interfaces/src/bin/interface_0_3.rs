//! Through `wasmedge_tensorflow_interface` 0.3; a graph may be in a file, or a saved model in a folder, whose name then has
//! `saved` in it.

#[cfg(target_arch = "wasm32")]
fn main() {
    use interfaces::{Arguments, centred, print_best};
    use wasmedge_tensorflow_interface::{
        TFLiteSession, TFSession, load_jpg_image_to_rgb8, load_jpg_image_to_rgb32f, load_png_image_to_rgb8,
        load_png_image_to_rgb32f,
    };

    let arguments = Arguments::read();
    let Arguments { model, picture, side, input, output } = &arguments;
    let is_saved = model.contains("saved");
    if is_saved || arguments.is_graph() {
        let load = if arguments.is_png() { load_png_image_to_rgb32f } else { load_jpg_image_to_rgb32f };
        let pixels = centred(&load(picture, *side, *side));
        let mut session = if is_saved {
            TFSession::new_from_saved_model(model, &["serve"])
        } else {
            TFSession::new(arguments.model())
        };
        let shape = arguments.shape().map(u64::from);
        session.add_input(input, &pixels, &shape).add_output(output).run();
        print_best(&session.get_output::<f32>(output));
    } else {
        let load = if arguments.is_png() { load_png_image_to_rgb8 } else { load_jpg_image_to_rgb8 };
        let pixels = load(picture, *side, *side);
        let mut session = TFLiteSession::new(arguments.model());
        session.add_input(input, &pixels).run();
        print_best(&session.get_output::<u8>(output));
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
