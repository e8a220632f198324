//! What the guests for the interfaces have in common: their arguments, pictures, what they print, and their programs where
//! crates differ by nothing else.

#![expect(clippy::expect_used, reason = "test guests that shall fail loudly")]

/// What a guest is called with: `MODEL PICTURE SIDE INPUT OUTPUT`.
#[derive(Debug)]
pub struct Arguments {
    /// A model's file, of TensorFlow Lite or, if it ends with `.pb`, a frozen graph; or `@NAME` of one that has a name.
    pub model: String,
    /// The bytes of a JPEG or PNG file.
    pub picture: Vec<u8>,
    /// Width and height of the model's input.
    pub side: u32,
    /// The name of its input.
    pub input: String,
    /// The name of its output.
    pub output: String,
}

impl Arguments {
    /// Those of this program; ends it if there are others.
    pub fn read() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [model, picture, side, input, output] = arguments.as_slice() else {
            panic_with("usage: MODEL PICTURE SIDE INPUT OUTPUT")
        };
        Self {
            model: model.clone(),
            picture: std::fs::read(picture).expect("the picture"),
            side: side.parse().expect("a number of pixels"),
            input: input.clone(),
            output: output.clone(),
        }
    }

    /// The bytes of the model's file.
    pub fn model(&self) -> Vec<u8> {
        std::fs::read(&self.model).expect("the model")
    }

    /// Whether the model is a TensorFlow graph, which takes floats; models of TensorFlow Lite take bytes here.
    pub fn is_graph(&self) -> bool {
        self.model.ends_with(".pb") || self.model.contains("graph")
    }

    /// Whether the picture is a PNG file.
    pub fn is_png(&self) -> bool {
        self.picture.starts_with(b"\x89PNG")
    }

    /// The dimensions of the input.
    pub fn shape(&self) -> [u32; 4] {
        [1, self.side, self.side, 3]
    }
}

#[expect(clippy::panic, reason = "ends the guest")]
fn panic_with(message: &str) -> ! {
    panic!("{message}")
}

/// Values from 0 to 1 as networks of slim take them, from -1 to 1.
pub fn centred(pixels: &[f32]) -> Vec<f32> {
    pixels.iter().map(|value| value * 2.0 - 1.0).collect()
}

/// Bytes as the floats that they are.
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).filter_map(|value| value.try_into().ok().map(f32::from_le_bytes)).collect()
}

/// Prints the three largest values, each behind its place, in their order.
pub fn print_best<V: PartialOrd + std::fmt::Display>(values: &[V]) {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|a, b| values.get(*b).partial_cmp(&values.get(*a)).unwrap_or(std::cmp::Ordering::Equal));
    for place in places.into_iter().take(3) {
        if let Some(value) = values.get(place) {
            println!("{place} {value}");
        }
    }
}

/// The picture as bytes, three for each pixel, by the functions of an interface's crate: `pixels!(CRATE, ARGUMENTS)`.
#[macro_export]
macro_rules! pixels {
    ($interface:ident, $arguments:expr) => {{
        use $interface::{load_jpg_image_to_rgb8, load_png_image_to_rgb8};
        let $crate::Arguments { picture, side, .. } = &$arguments;
        let load = if $arguments.is_png() { load_png_image_to_rgb8 } else { load_jpg_image_to_rgb8 };
        load(picture, *side, *side)
    }};
}

/// The same as floats from -1 to 1.
#[macro_export]
macro_rules! centred_pixels {
    ($interface:ident, $arguments:expr) => {{
        use $interface::{load_jpg_image_to_rgb32f, load_png_image_to_rgb32f};
        let $crate::Arguments { picture, side, .. } = &$arguments;
        let load = if $arguments.is_png() { load_png_image_to_rgb32f } else { load_jpg_image_to_rgb32f };
        $crate::centred(&load(picture, *side, *side))
    }};
}

/// The program through a crate whose `Session` takes models of either kind: `session!(CRATE);`.
#[macro_export]
macro_rules! session {
    ($interface:ident) => {
        #[cfg(target_arch = "wasm32")]
        fn main() {
            use $interface::{ModelType, Session};

            let arguments = $crate::Arguments::read();
            let $crate::Arguments { input, output, .. } = &arguments;
            let shape = arguments.shape().map(i64::from);
            if arguments.is_graph() {
                let pixels = $crate::centred_pixels!($interface, arguments);
                let mut session = Session::new(arguments.model(), ModelType::TensorFlow);
                session.add_input(input, &pixels, &shape).add_output(output).run();
                $crate::print_best(&session.get_output::<f32>(output));
            } else {
                let pixels = $crate::pixels!($interface, arguments);
                let mut session = Session::new(arguments.model(), ModelType::TensorFlowLite);
                session.add_input(input, &pixels, &shape).run();
                $crate::print_best(&session.get_output::<u8>(output));
            }
        }

        #[cfg(not(target_arch = "wasm32"))]
        fn main() {}
    };
}

/// The program through a crate for wasi-nn: `wasi_nn!(CRATE, |builder, arguments| GRAPH);`, where GRAPH is how the builder is
/// given the model.
#[macro_export]
macro_rules! wasi_nn {
    ($interface:ident, |$builder:ident, $arguments:ident| $graph:expr) => {
        #[cfg(target_arch = "wasm32")]
        fn main() {
            use $interface::{ExecutionTarget, GraphBuilder, GraphEncoding, TensorType};

            let $arguments = $crate::Arguments::read();
            let is_graph = $arguments.is_graph();
            let encoding = if is_graph { GraphEncoding::Tensorflow } else { GraphEncoding::TensorflowLite };
            let $builder = GraphBuilder::new(encoding, ExecutionTarget::CPU);
            let graph = $graph.expect("the model");
            let mut context = graph.init_execution_context().expect("a context");
            let shape = $arguments.shape().map(|size| size as usize);
            if is_graph {
                let pixels = $crate::centred_pixels!(wasmedge_tensorflow_interface, $arguments);
                context.set_input(0, TensorType::F32, &shape, &pixels).expect("the input");
            } else {
                let pixels = $crate::pixels!(wasmedge_tensorflow_interface, $arguments);
                context.set_input(0, TensorType::U8, &shape, &pixels).expect("the input");
            }
            context.compute().expect("a run");
            let mut values = vec![0_u8; 1 << 16];
            let length = context.get_output(0, &mut values).expect("the output");
            values.truncate(length);
            if is_graph {
                $crate::print_best(&$crate::floats(&values));
            } else {
                $crate::print_best(&values);
            }
        }

        #[cfg(not(target_arch = "wasm32"))]
        fn main() {}
    };
}
