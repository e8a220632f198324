//! The function `thumbnail`, on our host and on one that has only WasmEdge's functions.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use engine::image::{decode_upright, describe};
use serde_json::{Value, json};
use support::{file, read};

use crate::program::{Vision, encode};

/// What there is to run it on.
const HOSTS: [&str; 2] = ["all", "wasmedge"];

const MOST_BYTES: usize = 64 << 20;

fn run(host: &str) -> Vision {
    let wasm = file("dist/thumbnail.wasm");
    assert!(wasm.exists(), "dist/thumbnail.wasm is missing: run `make thumbnail`");
    Vision::new(&["run", "--log-level", "error", "--host-functions", host]).option("--wasm", wasm)
}

/// The answer to a picture with these options: its files.
fn files(host: &str, picture: &[u8], options: &Value) -> Vec<Made> {
    let mut event = json!({"body": encode(picture)});
    event.as_object_mut().unwrap().extend(options.as_object().cloned().unwrap());
    let outcome = run(host).stdin(event.to_string()).call();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let files = answer["files"].as_array().cloned().unwrap_or_else(|| vec![answer]);
    files.iter().map(Made::of).collect()
}

/// A thumbnail.
struct Made {
    suffix: String,
    content_type: String,
    bytes: Vec<u8>,
}

impl Made {
    fn of(file: &Value) -> Self {
        let text = |name: &str| file[name].as_str().unwrap_or_else(|| panic!("{file}")).to_owned();
        let bytes = BASE64_STANDARD.decode(text("body")).unwrap();
        Self { suffix: text("suffix"), content_type: text("content_type"), bytes }
    }

    fn size(&self) -> (u32, u32) {
        describe(&self.bytes).unwrap().size
    }

    fn pixels(&self) -> Vec<u8> {
        let (width, height) = self.size();
        let mut out = vec![0; width as usize * height as usize * 3];
        decode_upright(&self.bytes, (width, height), raster::Channels::Rgb, &mut out, MOST_BYTES).unwrap();
        out
    }
}

fn difference(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

/// The JPEG with the orientation 6: to be turned clockwise.
fn turned(jpeg: &[u8]) -> Vec<u8> {
    let exif = b"\xFF\xE1\0\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    [&jpeg[..2], exif, &jpeg[2..]].concat()
}

#[test]
fn several_sizes_come_of_one_picture_on_either_host() {
    let photo = read("tests/samples/tomato.jpg");
    let (width, height) = describe(&photo).unwrap().size;
    for host in HOSTS {
        let made = files(host, &photo, &json!({"sizes": [64, 160]}));
        let found: Vec<_> =
            made.iter().map(|made| (made.suffix.as_str(), made.content_type.as_str())).collect();
        let expected = [(".thumb-64.jpg", "image/jpeg"), (".thumb-160.jpg", "image/jpeg")];
        assert_eq!(found, expected, "{host}");
        for (made, side) in made.iter().zip([64, 160]) {
            let (across, down) = made.size();
            assert_eq!(across.max(down), side, "{host}");
            let proportion = f64::from(across) / f64::from(down) * f64::from(height) / f64::from(width);
            assert!((proportion - 1.0).abs() < 0.02, "{host}: {across} × {down}");
        }
    }
}

#[test]
fn both_hosts_come_to_nearly_the_same() {
    for (name, options) in [
        ("tests/samples/tomato.jpg", json!({"size": 100, "quality": 95})),
        ("tests/samples/lemon.jpg", json!({"size": 60, "quality": 95, "fit": "cover"})),
        ("tests/images/rgb-alpha-8.png", json!({"size": 20})),
    ] {
        let [ours, plain] = HOSTS.map(|host| files(host, &read(name), &options).remove(0));
        assert_eq!((ours.size(), &ours.suffix), (plain.size(), &plain.suffix), "{name}");
        let difference = difference(&ours.pixels(), &plain.pixels());
        assert!(difference < 4.0, "{name}: {difference}");
    }
}

#[test]
fn a_turned_photo_is_upright_and_says_nothing_more() {
    let stored = read("tests/images/chroma-420.jpg");
    let (width, height) = describe(&stored).unwrap().size;
    for host in HOSTS {
        let options = json!({"size": width.max(height), "quality": 95});
        let [upright, made] = [&stored, &turned(&stored)].map(|jpeg| files(host, jpeg, &options).remove(0));
        assert_eq!((upright.size(), made.size()), ((width, height), (height, width)), "{host}");
        assert!(!made.bytes.windows(4).any(|window| window == b"Exif"), "{host}");
        let (upright, made) = (upright.pixels(), made.pixels());
        let at = |x: u32, y: u32| (y * width + x) as usize * 3;
        let back: Vec<u8> = (0..width)
            .flat_map(|y| (0..height).map(move |x| (y, height - 1 - x)))
            .flat_map(|(x, y)| upright[at(x, y)..at(x, y) + 3].to_vec())
            .collect();
        let difference = difference(&back, &made);
        // Their colours are coded at half the size, of other pixels where the picture lies otherwise.
        assert!(difference < 12.0, "{host}: {difference}");
    }
}

#[test]
fn a_square_out_of_the_middle_and_nothing_enlarged() {
    let photo = read("tests/images/chroma-420.jpg");
    let (width, height) = describe(&photo).unwrap().size;
    let short = width.min(height);
    for host in HOSTS {
        let made = files(host, &photo, &json!({"sizes": "16,4000", "fit": "cover"}));
        assert_eq!([made[0].size(), made[1].size()], [(16, 16), (short, short)], "{host}");
        let inside = files(host, &photo, &json!({"size": 4000}));
        assert_eq!(inside[0].size(), (width, height), "{host}");
    }
}

#[test]
fn what_shines_through_is_a_png_and_shines_through() {
    for host in HOSTS {
        let made = files(host, &read("tests/images/rgb-alpha-8.png"), &json!({"size": 16})).remove(0);
        assert_eq!(
            (made.suffix.as_str(), made.content_type.as_str()),
            (".thumb-16.png", "image/png"),
            "{host}"
        );
        assert!(describe(&made.bytes).unwrap().has_alpha, "{host}");
    }
}

#[test]
fn a_picture_alone_gets_the_picture_and_options_beside_it() {
    let output = run("all").option("--query", "size=32").argument(file("tests/samples/tomato.jpg")).output();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let (width, height) = describe(&output.stdout).unwrap().size;
    assert_eq!(width.max(height), 32);
}

#[test]
fn what_is_no_option_or_no_picture_is_refused_in_words() {
    for (options, part) in [
        (json!({"sizes": "0"}), "sizes is \"0\", accepted are up to 8 numbers of 1 to 4096"),
        (json!({"fit": "fill"}), "fit is \"fill\", accepted are inside, cover"),
        (json!({"quality": 101}), "quality is \"101\", accepted are 1 to 100"),
    ] {
        let mut event = json!({"body": encode(read("tests/samples/tomato.jpg"))});
        event.as_object_mut().unwrap().extend(options.as_object().cloned().unwrap());
        let outcome = run("all").stdin(event.to_string()).call();
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
    for host in HOSTS {
        for name in ["tests/images/header-only.jpg", "tests/images/bomb.png"] {
            let outcome = run(host).stdin(json!({"body": encode(read(name))}).to_string()).call();
            assert_eq!(outcome.code, Some(1), "{host}, {name}: {outcome:?}");
            let is_told =
                ["can't be decoded", "is too large"].iter().any(|part| outcome.stderr.contains(part));
            assert!(is_told, "{host}, {name}: {outcome:?}");
        }
    }
}
