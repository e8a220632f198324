//! Draws what each step makes of a photo, for the pictures of docs/cutout.md and for a look at other photos:
//!
//! ```text
//! cargo run --release -p cutout --example steps -- PHOTO.ppm FOLDER NETWORK…
//! ```
//!
//! `NETWORK… person` and `NETWORK… face` is a command that runs a network: it gets the input on its standard input and writes the
//! output, both as floats of 32 bits (tools/network.py is one). The folder gets `0-photo.ppm` and so on.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a tool for those who work on the steps"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cutout::compose::{Blurred, Coloured, Grey, Scene, Transparent, paint};
use cutout::foreground::Colours;
use cutout::guided::Guided;
use cutout::image::{Image, Region};
use cutout::mask::{Mask, SIDE};
use cutout::options::Subject;
use cutout::passes::{self, Networks};
use cutout::reduced::Reduced;
use cutout::{blurred, factor, persons, stretch};
use kit::FunctionError;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let image = read(Path::new(&arguments[0]));
    let out = Folder(PathBuf::from(&arguments[1]));
    let mut networks = Commands(arguments[2..].to_vec());
    std::fs::create_dir_all(&out.0).unwrap();
    draw(&image, &out, &mut networks);
}

fn draw(image: &Image, out: &Folder, networks: &mut Commands) {
    let reduced = Reduced::of(image, &image.whole(), factor(image));
    let input = stretch::tensor(&reduced, SIDE);
    out.colour("1-stretched", SIDE, &input.iter().map(|part| byte(*part)).collect::<Vec<_>>());
    let first = Mask::new(image.whole(), networks.person(&input).unwrap()).unwrap();
    out.grey("2-first-pass", SIDE, first.values());
    let blobs = persons::blobs(&first);
    if let Some(bounds) = persons::bounds(&first, &blobs) {
        let marked =
            marked(image, &[(bounds, [255, 200, 0]), (bounds.widened(15, &image.whole()), [0, 200, 255])]);
        out.colour("3-box", image.width(), &marked);
    }
    let started = std::time::Instant::now();
    let mask = match passes::find(image, &reduced, Subject::Person, networks) {
        Ok(mask) => mask,
        Err(error) => {
            println!("{error}");
            match passes::find(image, &reduced, Subject::Any, networks) {
                Ok(mask) => mask,
                Err(_) => return,
            }
        }
    };
    let found = started.elapsed();
    let region = *mask.region();
    let mask = mask.spread(reduced.width, reduced.height, reduced.factor);
    out.grey("4-mask", reduced.width, &mask);
    let started = std::time::Instant::now();
    let guided = Guided::of(&reduced, &mask);
    let alpha = guided.alpha(&reduced);
    let filtered = started.elapsed();
    let colours = Colours::of(&reduced, &alpha);
    let estimated = started.elapsed();
    let scene = Scene { image, reduced: &reduced, guided: &guided, colours: &colours };
    let cut_out = paint(&scene, &mut Transparent);
    let painted = started.elapsed();
    println!(
        "second pass {region:?}; networks {found:?}, filter {filtered:?}, colours {estimated:?}, painted {painted:?}"
    );
    out.bytes("5-alpha", image.width(), 1, &paint(&scene, &mut Grey));
    let on_green: Vec<u8> = cut_out
        .chunks_exact(4)
        .zip(image_bytes(image).chunks_exact(3))
        .flat_map(|(cut, pixel)| over([pixel[0], pixel[1], pixel[2]], cut[3]))
        .collect();
    out.colour("6-own-colours-left", image.width(), &on_green);
    out.colour("7-white", image.width(), &paint(&scene, &mut Coloured::new([255; 3])));
    out.colour("8-green", image.width(), &paint(&scene, &mut Coloured::new(GREEN)));
    let backdrop = blurred(&reduced, &alpha);
    let bytes: Vec<u8> =
        backdrop.iter().flat_map(|colour| colour.to_array().into_iter().take(3).map(byte)).collect();
    out.colour("9-backdrop", reduced.width, &bytes);
    let canvas = &mut Blurred::new(backdrop, reduced.width, reduced.factor, image.width());
    out.colour("10-blur", image.width(), &paint(&scene, canvas));
}

fn byte(part: f32) -> u8 {
    (part * 255.0).round() as u8
}

/// Green, as a screen behind the person.
const GREEN: [u8; 3] = [0, 160, 60];

fn over(pixel: [u8; 3], alpha: u8) -> [u8; 3] {
    let alpha = u16::from(alpha);
    [0, 1, 2].map(|at| ((u16::from(pixel[at]) * alpha + u16::from(GREEN[at]) * (255 - alpha)) / 255) as u8)
}

fn image_bytes(image: &Image) -> Vec<u8> {
    (0..image.height()).flat_map(|y| image.row(y).to_vec()).collect()
}

fn marked(image: &Image, boxes: &[(Region, [u8; 3])]) -> Vec<u8> {
    let mut bytes = image_bytes(image);
    let (width, line) = (image.width(), (image.width() / 200).max(1));
    for (region, colour) in boxes {
        for y in region.top..region.bottom {
            for x in region.left..region.right {
                let from_edge = (x - region.left)
                    .min(region.right - 1 - x)
                    .min(y - region.top)
                    .min(region.bottom - 1 - y);
                if from_edge < line {
                    bytes[(y * width + x) * 3..][..3].copy_from_slice(colour);
                }
            }
        }
    }
    bytes
}

struct Commands(Vec<String>);

impl Commands {
    fn call(&self, network: &str, tensor: &[f32]) -> Vec<f32> {
        let mut command = Command::new(&self.0[0]);
        command.args(&self.0[1..]).arg(network).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the command of the network");
        let bytes: Vec<u8> = tensor.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut input = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || input.write_all(&bytes).unwrap());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output.stdout.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
    }
}

impl Networks for Commands {
    fn person(&mut self, tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
        Ok(self.call("person", tensor))
    }

    fn face(&mut self, tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
        let scores = self.call("face", tensor);
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        println!("face {:.3}", 1.0 / (1.0 + (-most).exp()));
        Ok(scores)
    }
}

/// PPM (P6) and PGM (P5) files.
struct Folder(PathBuf);

impl Folder {
    fn colour(&self, name: &str, width: usize, bytes: &[u8]) {
        self.bytes(name, width, 3, bytes);
    }

    fn grey(&self, name: &str, width: usize, values: &[f32]) {
        self.bytes(name, width, 1, &values.iter().map(|value| byte(*value)).collect::<Vec<_>>());
    }

    fn bytes(&self, name: &str, width: usize, channels: usize, bytes: &[u8]) {
        let (magic, ending) = if channels == 1 { ("P5", "pgm") } else { ("P6", "ppm") };
        let header = format!("{magic} {width} {} 255\n", bytes.len() / width / channels);
        std::fs::write(self.0.join(format!("{name}.{ending}")), [header.as_bytes(), bytes].concat()).unwrap();
    }
}

/// A PPM file with 8 bits, as `convert photo.jpg photo.ppm` or Pillow write it.
fn read(file: &Path) -> Image {
    let bytes = std::fs::read(file).unwrap();
    let mut numbers = Vec::new();
    let mut at = 2;
    while numbers.len() < 3 {
        let start = at + bytes[at..].iter().position(u8::is_ascii_digit).unwrap();
        at = start + bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).unwrap();
        numbers.push(std::str::from_utf8(&bytes[start..at]).unwrap().parse::<usize>().unwrap());
    }
    assert!(bytes.starts_with(b"P6") && numbers[2] == 255, "accepted is PPM with 8 bits");
    Image::new(numbers[0], numbers[1], bytes[at + 1..].to_vec()).unwrap()
}
