//! What the guests for the interfaces have in common: their arguments, pictures, and what they print.

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
