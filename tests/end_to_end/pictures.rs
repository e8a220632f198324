//! Pictures that are unusual, damaged or malicious, through the built runtime: which pixels and remarks a module gets.

use serde_json::json;

use support::read;

use crate::program::{Outcome, Vision, bare, encode, http, response};

/// Pixels of a side of the target.
const SIDE: usize = 40;
const PIXEL_BYTES: usize = SIDE * SIDE * 3;
const NOTE_BYTES: usize = 512;
const NOTE_WANTED: &str = "wasm-vision/note";

/// Loads its event as a picture of 40 × 40 pixels with `behind` directly behind the pixels, and writes the 512 bytes there;
/// exits with 10 + the result.
fn module(behind: &str) -> String {
    let (out, event) = (1 << 20, 2 << 20);
    let note = out + PIXEL_BYTES;
    let length = PIXEL_BYTES + NOTE_BYTES;
    format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasmedge_image" "load_jpg" (func $load (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 192)
        (data (i32.const {note}) "{behind}")
        (func (export "_start") (local $at i32) (local $result i32)
            (local.set $at (i32.const {event}))
            (block $done (loop $more
                (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (i32.const 1048576))
                (br_if $done (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (br_if $done (i32.eqz (i32.load (i32.const 8))))
                (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
                (br $more)))
            (local.set $result (call $load (i32.const {event}) (i32.sub (local.get $at) (i32.const {event}))
                (i32.const {SIDE}) (i32.const {SIDE}) (i32.const 0) (i32.const {out}) (i32.const {length})))
            (i32.store (i32.const 0) (i32.const {note})) (i32.store (i32.const 4) (i32.const {NOTE_BYTES}))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (i32.store8 (i32.const 20) (i32.add (i32.const 48) (local.get $result)))
            (i32.store (i32.const 0) (i32.const 20)) (i32.store (i32.const 4) (i32.const 1))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
    )
}

/// The result and what stands behind the pixels.
fn load(picture: &[u8], behind: &str, limit: &str) -> (u32, String) {
    let (_folder, call) = Vision::run_wat(&module(behind));
    let outcome = call.option("--picture-limit", limit).stdin(picture).call();
    assert_eq!(outcome.stdout.len(), NOTE_BYTES + 1, "{outcome:?}");
    let (note, result) = outcome.stdout.split_at(NOTE_BYTES);
    (result.parse().unwrap(), note.trim_end_matches('\0').to_owned())
}

#[test]
fn a_module_that_asks_for_it_hears_what_is_wrong_with_a_picture() {
    let jpeg = read("tests/samples/tomato.jpg");
    let cut = &jpeg[..jpeg.len() * 9 / 10];
    let image = |name: &str| read(&format!("tests/images/{name}"));
    for (picture, limit, result, text) in [
        (jpeg.clone(), "64", 0, ""),
        (cut.to_vec(), "64", 0, "% of the picture is there"),
        (image("wrong-crc.png"), "64", 0, "the picture is damaged"),
        (image("little-there.jpg"), "64", 1, "only 16 % of it is there"),
        (b"GIF89a".to_vec(), "64", 1, "neither JPEG nor PNG"),
        (image("bomb.png"), "64", 2, "100000 × 100000 pixels, accepted are up to 100 megapixels"),
        (image("extreme-wide.png"), "16", 2, "decoding the picture takes 24 MiB, accepted are up to 16"),
        (image("many-scans.jpg"), "64", 2, "more work than 24 scans of 100 megapixels"),
    ] {
        let (found, note) = load(&picture, NOTE_WANTED, limit);
        assert_eq!(found, result, "{note}");
        assert!(note.contains(text) && note.is_empty() == text.is_empty(), "{text:?} is not {note:?}");
    }
}

#[test]
fn nothing_is_written_behind_the_pixels_of_a_module_that_does_not_ask() {
    for behind in ["", "wasm-vision/not", "somebody else's bytes"] {
        for picture in [read("tests/samples/tomato.jpg"), read("tests/images/little-there.jpg")] {
            assert_eq!(load(&picture, behind, "64").1, behind);
        }
    }
}

fn recognize(picture: &[u8]) -> Outcome {
    Vision::run_function().stdin(http(&json!(encode(picture)), &json!({}))).call()
}

#[test]
fn kinds_that_few_programs_write_are_recognised() {
    for name in [
        "lossless.jpg",
        "lossless-16-bit.jpg",
        "lossless-one-by-one.jpg",
        "12-bit.jpg",
        "12-bit-progressive.jpg",
        "arithmetic-progressive.jpg",
        "one-by-one.jpg",
        "extreme-wide.png",
        "extreme-tall.png",
        "extreme-wide-interlaced.png",
    ] {
        let (status, answer) = response(&recognize(&read(&format!("tests/images/{name}"))));
        assert_eq!(status, 200, "{name}: {answer}");
    }
}

#[test]
fn a_picture_with_more_behind_it_is_recognised_as_it_is() {
    let jpeg = read("tests/samples/tomato.jpg");
    let labels = |picture: &[u8]| response(&recognize(picture));
    let expected = labels(&jpeg);
    assert_eq!(expected.0, 200);
    let without_end = &jpeg[..jpeg.len() - 2];
    assert_eq!(labels(without_end), expected);
    assert_eq!(labels(&[&jpeg[..], b"more", &jpeg[..]].concat()), expected);
}

/// Where a Huffman decoder complains, an arithmetic one goes on with zeros.
#[test]
fn an_arithmetic_coded_jpeg_that_was_cut_and_ended_is_not_taken_for_whole() {
    for name in
        ["arithmetic.jpg", "arithmetic-progressive.jpg", "arithmetic-restarts.jpg", "arithmetic-plain.jpg"]
    {
        let whole = read(&format!("tests/images/{name}"));
        let answered = |jpeg: &[u8]| Vision::run_function().stdin(bare(jpeg)).call();
        let found = answered(&whole);
        assert_eq!((found.code, found.stderr.as_str()), (Some(0), ""), "{name}");
        for tenths in [5, 8] {
            let cut = [&whole[..whole.len() * tenths / 10], &[0xFF, 0xD9]].concat();
            let found = answered(&cut);
            assert!(
                found.stderr.contains(" % of ") || found.stderr.contains("last details are missing"),
                "{name}, {tenths} tenths: {found:?}"
            );
        }
    }
}

/// 100 million rows of one pixel: 190 KB.
#[test]
fn a_png_of_countless_rows_is_too_large() {
    let mut png = read("tests/images/extreme-tall.png");
    png[20..24].copy_from_slice(&100_000_000_u32.to_be_bytes());
    let found = Vision::run_function().stdin(bare(&png)).call();
    assert!(found.code != Some(0), "{found:?}");
    assert!(found.stderr.contains("come in 100000000 rows, accepted are up to 10 million"), "{found:?}");
}
