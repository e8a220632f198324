//! Through `wasi-nn` 0.6.0; the model may be one that has a name.

#[cfg(target_arch = "wasm32")]
#[expect(clippy::expect_used, reason = "a test guest that shall fail loudly")]
fn main() {
    use interfaces::{Arguments, centred, floats, print_best};
    use wasi_nn_0_6::{ExecutionTarget, GraphBuilder, GraphEncoding, TensorType};
    use wasmedge_tensorflow_interface::{
        load_jpg_image_to_rgb8, load_jpg_image_to_rgb32f, load_png_image_to_rgb8, load_png_image_to_rgb32f,
    };

    let arguments = Arguments::read();
    let Arguments { picture, side, .. } = &arguments;
    let is_graph = arguments.is_graph();
    let encoding = if is_graph { GraphEncoding::Tensorflow } else { GraphEncoding::TensorflowLite };
    let builder = GraphBuilder::new(encoding, ExecutionTarget::CPU);
    let graph = match arguments.model.strip_prefix("@") {
        Some(name) => builder.build_from_cache(name),
        None => builder.build_from_bytes([arguments.model()]),
    }
    .expect("the model");
    let mut context = graph.init_execution_context().expect("a context");
    let shape = arguments.shape().map(|size| size as usize);
    if is_graph {
        let load = if arguments.is_png() { load_png_image_to_rgb32f } else { load_jpg_image_to_rgb32f };
        let pixels = centred(&load(picture, *side, *side));
        context.set_input(0, TensorType::F32, &shape, &pixels).expect("the input");
    } else {
        let load = if arguments.is_png() { load_png_image_to_rgb8 } else { load_jpg_image_to_rgb8 };
        let pixels = load(picture, *side, *side);
        context.set_input(0, TensorType::U8, &shape, &pixels).expect("the input");
    }
    context.compute().expect("a run");
    let mut values = vec![0_u8; 1 << 16];
    let length = context.get_output(0, &mut values).expect("the output");
    values.truncate(length);
    if is_graph { print_best(&floats(&values)) } else { print_best(&values) }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
