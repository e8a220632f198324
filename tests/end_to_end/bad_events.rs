//! Events that can't be answered: code 1 and one clear line for bare events, a JSON error for HTTP events. Short ones are
//! files in tests/cases.

use serde_json::json;

use support::read;

use crate::program::{Vision, bare, encode, http, response};

/// A bare event that fails: its one line on standard error.
fn line(event: impl Into<Vec<u8>>) -> String {
    let outcome = Vision::run_function().stdin(event).call();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{}", outcome.stderr);
    outcome.stderr
}

/// The same body as a bare and as an HTTP event.
fn assert_refused(body: &serde_json::Value, status: u64, code: &str, message: &str) {
    let bare = line(json!({"body": body}).to_string());
    assert!(bare.contains(message), "{bare}");
    let (found, answer) = response(&Vision::run_function().stdin(http(body, &json!({}))).call());
    assert_eq!((found, answer["error"]["code"].as_str()), (status, Some(code)), "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains(message), "{answer}");
}

/// Everything before the picture's data.
fn header_only(jpeg: &[u8]) -> &[u8] {
    let data = jpeg.windows(2).position(|marker| marker == [0xFF, 0xDA]).unwrap();
    &jpeg[..data]
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![120; (width * height * 3) as usize]).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn damaged_pictures_are_undecodable() {
    let jpeg = read("tests/samples/tomato.jpg");
    let truncated_png = &png(40, 40)[..60];
    for (picture, format) in [
        (header_only(&jpeg), "JPEG"),
        (&jpeg[..jpeg.len() / 20], "JPEG"),
        (&b"\xFF\xD8\xFF\xE0 and so on"[..], "JPEG"),
        (truncated_png, "PNG"),
    ] {
        assert_refused(
            &json!(encode(picture)),
            422,
            "undecodable_image",
            &format!("the {format} can't be decoded"),
        );
    }
}

#[test]
fn a_jpeg_of_which_the_end_is_missing_is_still_recognised() {
    let jpeg = read("tests/samples/tomato.jpg");
    let outcome = Vision::run_function().stdin(bare(&jpeg[..jpeg.len() * 9 / 10])).call();
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(0), 3), "{}", outcome.stderr);
}

#[test]
fn a_picture_bomb_is_refused_by_its_header() {
    assert_refused(
        &json!(encode(read("tests/images/bomb.png"))),
        413,
        "too_large",
        "100000 × 100000 pixels, accepted are up to 100 megapixels",
    );
}

#[test]
fn a_picture_that_takes_more_memory_than_is_given_is_too_large_not_damaged() {
    let mut jpeg = read("tests/images/progressive.jpg");
    let frame = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC2]).unwrap();
    // 6,000 × 6,000 pixels, with all their coefficients in memory.
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x17, 0x70, 0x17, 0x70]);
    let run = |limit: &str| {
        let event = http(&json!(encode(&jpeg)), &json!({}));
        response(&Vision::run_function().option("--picture-limit", limit).stdin(event).call())
    };
    let (status, answer) = run("64");
    assert_eq!((status, answer["error"]["code"].as_str()), (413, Some("too_large")), "{answer}");
    assert!(
        answer["error"]["message"].as_str().unwrap().contains("the JPEG is too large: decoding"),
        "{answer}"
    );
    // With enough memory, what is wrong with it is that nearly all of it is missing.
    assert_eq!(run("128").0, 422);
}

#[test]
fn an_event_of_7_mb_is_refused_with_the_limit() {
    let event = json!({"body": "A".repeat(7 << 20)}).to_string();
    assert!(line(event).contains("accepted are up to 6291456"));
}

#[test]
fn deep_nesting_and_huge_headers_do_no_harm() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(line(format!(r#"{{"body": {deep}}}"#)).contains("the body is a list"));
    let headers: serde_json::Map<_, _> = (0..20_000).map(|n| (format!("x-{n}"), json!("value"))).collect();
    let body = json!(encode(read("tests/samples/tomato.jpg")));
    let (status, _) =
        response(&Vision::run_function().stdin(http(&body, &json!({"headers": headers}))).call());
    assert_eq!(status, 200);
}

#[test]
fn a_reason_is_said_once() {
    for arguments in
        [&["run", "/nonexistent.jpg"][..], &["run", "tests/samples/lemon.jpg", "--output", "/nonexistent/x"]]
    {
        let outcome = arguments
            .iter()
            .skip(1)
            .fold(Vision::new(&arguments[..1]), |call, argument| call.argument(argument))
            .call();
        assert_eq!(outcome.stderr.matches("No such file").count(), 1, "{}", outcome.stderr);
    }
}
