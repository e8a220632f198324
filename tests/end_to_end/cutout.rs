//! The function cutout: people cut out of photos.

use std::path::PathBuf;

use serde_json::{Value, json};
use support::{file, read};

use crate::program::{Outcome, Vision, bare, encode, http, response};

/// The built function. None, with a reason, where it could not be built: its networks are fetched. In CI it must be there.
fn cutout() -> Option<PathBuf> {
    let function = file("dist/cutout.wasm");
    if function.exists() {
        return Some(function);
    }
    assert!(std::env::var_os("CI").is_none(), "dist/cutout.wasm is not built: make cutout");
    eprintln!("skipped: dist/cutout.wasm is not built (make cutout)");
    None
}

fn call(function: &PathBuf, event: impl Into<Vec<u8>>) -> Outcome {
    Vision::new(&["run", "--log-level", "error"]).option("--wasm", function).stdin(event).call()
}

/// What a bare event with these options is answered: content type and picture.
fn answer(function: &PathBuf, picture: &[u8], options: &Value) -> (String, Vec<u8>) {
    let mut event: Value = serde_json::from_slice(&bare(picture)).unwrap();
    event.as_object_mut().unwrap().extend(options.as_object().cloned().unwrap());
    let outcome = call(function, event.to_string());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{options}");
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("content_type"), decoded(&text("body")))
}

fn decoded(base64: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.decode(base64).unwrap()
}

struct Pixels {
    width: usize,
    height: usize,
    channels: usize,
    bytes: Vec<u8>,
}

fn png(encoded: &[u8]) -> Pixels {
    let mut reader = png::Decoder::new(std::io::Cursor::new(encoded)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    let channels = info.color_type.samples();
    Pixels { width, height, channels, bytes }
}

/// How well alpha and the exact mask agree: pixels of both, of all pixels of either.
fn agreement(alpha: impl Iterator<Item = u8>) -> f64 {
    let exact = png(&read("tests/samples/person-mask.png"));
    let (mut both, mut either) = (0, 0);
    for (alpha, exact) in alpha.zip(exact.bytes) {
        both += u32::from(alpha > 127 && exact > 127);
        either += u32::from(alpha > 127 || exact > 127);
    }
    f64::from(both) / f64::from(either)
}

#[test]
fn a_person_is_cut_out_at_the_size_of_the_photo() {
    let Some(function) = cutout() else { return };
    let photo = read("tests/samples/person.jpg");
    let (content_type, answer) = answer(&function, &photo, &json!({}));
    let cut = png(&answer);
    assert_eq!((content_type.as_str(), cut.width, cut.height, cut.channels), ("image/png", 640, 800, 4));
    let agreement = agreement(cut.bytes.chunks_exact(4).map(|pixel| pixel[3]));
    assert!(agreement > 0.98, "{agreement}");
    // The picture itself, as a file, gets the picture itself.
    let as_file =
        Vision::new(&["run"]).option("--wasm", &function).argument(file("tests/samples/person.jpg")).output();
    assert!(as_file.stdout == answer, "{}", String::from_utf8_lossy(&as_file.stderr));
}

#[test]
fn the_person_stands_before_what_is_asked_for() {
    let Some(function) = cutout() else { return };
    let photo = read("tests/samples/person.jpg");
    let (content_type, mask) = answer(&function, &photo, &json!({"format": "mask"}));
    let mask = png(&mask);
    assert_eq!((content_type.as_str(), mask.channels), ("image/png", 1));
    assert!(agreement(mask.bytes.iter().copied()) > 0.98);
    let (content_type, red) = answer(&function, &photo, &json!({"background": "#ff0000", "format": "png"}));
    let red = png(&red);
    assert_eq!((content_type.as_str(), red.channels, &red.bytes[..3]), ("image/png", 3, &[255, 0, 0][..]));
    for options in [json!({"background": "blur"}), json!({"background": "white", "size": 100})] {
        let (content_type, jpeg) = answer(&function, &photo, &options);
        assert!(content_type == "image/jpeg" && jpeg.starts_with(&[0xFF, 0xD8, 0xFF]), "{options}");
    }
    let (_, small) = answer(&function, &photo, &json!({"size": "100"}));
    assert_eq!((png(&small).width, png(&small).height), (80, 100));
}

#[test]
fn a_photo_that_lies_on_its_side_is_answered_upright() {
    let Some(function) = cutout() else { return };
    let photo = read("tests/samples/person.jpg");
    // Orientation 6 says: turn it to the right. What is upright in the file then lies on its side.
    let exif = b"\xFF\xE1\x00\x22Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let turned = [&photo[..2], exif, &photo[2..]].concat();
    let (_, answer) = answer(&function, &turned, &json!({"subject": "any"}));
    assert_eq!((png(&answer).width, png(&answer).height), (800, 640));
}

#[test]
fn nobody_is_an_answer_that_says_so() {
    let Some(function) = cutout() else { return };
    for sample in ["lemon", "granny-smith", "tomato"] {
        let photo = read(&format!("tests/samples/{sample}.jpg"));
        let refused = call(&function, bare(&photo));
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{sample}");
        assert!(refused.stderr.contains("nobody is in the picture"), "{}", refused.stderr);
        let (status, body) = response(&call(&function, http(&json!(encode(&photo)), &json!({}))));
        assert_eq!((status, body["error"]["code"].as_str()), (422, Some("no_person")), "{sample}: {body}");
    }
}

#[test]
fn wrong_options_are_refused_by_name() {
    let Some(function) = cutout() else { return };
    let body = json!(encode(read("tests/samples/person.jpg")));
    for (query, message) in [
        ("background=bluish", "background is \"bluish\", accepted are none, blur, #rrggbb"),
        ("format=jpeg", "a JPEG can't be transparent"),
        ("size=99999", "size is \"99999\", accepted are 16 to 4096"),
    ] {
        let (status, body) = response(&call(&function, http(&body, &json!({"queryString": query}))));
        let found = body["error"]["message"].as_str().unwrap();
        assert!(status == 400 && found.contains(message), "{status}: {found}");
    }
}

#[test]
fn a_host_with_wasmedge_s_own_functions_alone_gives_the_same_picture() {
    let Some(function) = cutout() else { return };
    let event = bare(&read("tests/samples/person.jpg"));
    let on = |host: &str| {
        let call = Vision::new(&["run", "--log-level", "error", "--host-functions", host])
            .option("--wasm", &function);
        let outcome = call.stdin(event.clone()).call();
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome.stdout
    };
    assert_eq!(on("wasmedge"), on("all"));
}
