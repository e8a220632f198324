//! `classify MODEL PICTURE SIZE INPUT OUTPUT`: prints the number of the likeliest class.

#[cfg(target_arch = "wasm32")]
#[expect(clippy::expect_used, clippy::unwrap_used, reason = "a test guest that shall fail loudly")]
fn main() {
    use wasmedge_tensorflow_interface::{TFLiteSession, load_jpg_image_to_rgb8};

    let arguments: Vec<String> = std::env::args().collect();
    let [_, model, picture, size, input, output] = arguments.as_slice() else {
        eprintln!("usage: classify MODEL PICTURE SIZE INPUT OUTPUT");
        std::process::exit(2);
    };
    let size: u32 = size.parse().expect("a number of pixels");
    let model = std::fs::read(model).expect("the model");
    let picture = std::fs::read(picture).expect("the picture");
    let pixels = load_jpg_image_to_rgb8(&picture, size, size);
    let mut session = TFLiteSession::new(model);
    session.add_input(input, &pixels).run();
    let probabilities: Vec<u8> = session.get_output(output);
    let best = (0..probabilities.len()).rev().max_by_key(|&index| probabilities[index]).unwrap();
    println!("{best}");
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
