//! Through `wasi-nn` 0.1.0, which has no number for the encoding of TensorFlow Lite (4), and takes any.

#[cfg(target_arch = "wasm32")]
#[expect(clippy::expect_used, reason = "a test guest that shall fail loudly")]
fn main() {
    use interfaces::{Arguments, pixels, print_best};
    use wasi_nn_0_1::{EXECUTION_TARGET_CPU, TENSOR_TYPE_U8, Tensor};

    let arguments = Arguments::read();
    let pixels = pixels!(wasmedge_tensorflow_interface, arguments);
    let mut values = vec![0; 1 << 16];
    // SAFETY: the functions are given slices that are alive.
    let length = unsafe {
        let graph = wasi_nn_0_1::load(&[&arguments.model()], 4, EXECUTION_TARGET_CPU).expect("the model");
        let context = wasi_nn_0_1::init_execution_context(graph).expect("a context");
        let tensor = Tensor { dimensions: &arguments.shape(), r#type: TENSOR_TYPE_U8, data: &pixels };
        wasi_nn_0_1::set_input(context, 0, tensor).expect("the input");
        wasi_nn_0_1::compute(context).expect("a run");
        wasi_nn_0_1::get_output(context, 0, values.as_mut_ptr(), 1 << 16).expect("the output")
    };
    values.truncate(length as usize);
    print_best(&values);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
