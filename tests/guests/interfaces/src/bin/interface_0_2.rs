//! Through `wasmedge_tensorflow_interface` 0.2.2.

#[cfg(target_arch = "wasm32")]
fn main() {
    use interfaces::{Arguments, centred, print_best};
    use wasmedge_tensorflow_interface_0_2::{
        ModelType, Session, load_jpg_image_to_rgb8, load_jpg_image_to_rgb32f, load_png_image_to_rgb8,
        load_png_image_to_rgb32f,
    };

    let arguments = Arguments::read();
    let Arguments { picture, side, input, output, .. } = &arguments;
    let shape = arguments.shape().map(i64::from);
    if arguments.is_graph() {
        let load = if arguments.is_png() { load_png_image_to_rgb32f } else { load_jpg_image_to_rgb32f };
        let pixels = centred(&load(picture, *side, *side));
        let mut session = Session::new(arguments.model(), ModelType::TensorFlow);
        session.add_input(input, &pixels, &shape).add_output(output).run();
        print_best(&session.get_output::<f32>(output));
    } else {
        let load = if arguments.is_png() { load_png_image_to_rgb8 } else { load_jpg_image_to_rgb8 };
        let pixels = load(picture, *side, *side);

        let mut session = Session::new(arguments.model(), ModelType::TensorFlowLite);
        session.add_input(input, &pixels, &shape).run();
        print_best(&session.get_output::<u8>(output));
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
