//! Base64 in all its forms, as it comes out of an event: what the function decodes is what the crate base64 decodes.
//!
//! The text stands behind the base64 of a JPEG's header, so that the decoded bytes reach the classifier. The first
//! byte of the input chooses how far from the function's inner boundary (64 Ki digits) the text begins.

#![no_main]

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use libfuzzer_sys::fuzz_target;
use recognize::{Classifier, Format, FunctionError, MODEL, Quantization};

/// Start and frame header of a JPEG of 16 × 16 pixels; 15 bytes, so that its base64 needs no padding.
const HEADER: &[u8] = b"\xFF\xD8\xFF\xC2\x00\x0B\x08\x00\x10\x00\x10\x01\x01\x11\x00";

/// Digits that the function decodes at once (src/base64.rs).
const PART: usize = 64 << 10;

/// Keeps the bytes that were decoded.
#[derive(Default)]
struct Decoded(Option<Vec<u8>>);

impl Classifier for Decoded {
    fn classify(&mut self, encoded: &[u8], _: Format) -> Result<(Vec<u8>, Quantization), FunctionError> {
        self.0 = Some(encoded.to_vec());
        Ok((vec![0; MODEL.classes()], Quantization { scale: 1.0, zero_point: 0 }))
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&distance, text)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let start = decoder(DecodePaddingMode::RequireNone, false).encode(HEADER);
    let filling = match distance {
        0xF0.. => "A".repeat(PART - start.len() - 4 * usize::from(distance - 0xF0)),
        _ => String::new(),
    };
    let text = format!("{start}{filling}{text}");
    let event = serde_json::json!({ "body": text }).to_string();
    let mut decoded = Decoded::default();
    recognize::answer(event.as_bytes(), &mut decoded);
    compare(&text, decoded.0.as_deref());
});

fn decoder(padding: DecodePaddingMode, trailing_bits: bool) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(padding)
        .with_decode_allow_trailing_bits(trailing_bits);
    GeneralPurpose::new(&STANDARD, config)
}

fn compare(text: &str, ours: Option<&[u8]>) {
    let digits: String = text.trim().chars().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let digits = digits.replace('-', "+").replace('_', "/");
    let theirs = |padding, trailing_bits| decoder(padding, trailing_bits).decode(&digits).ok();
    let strict = theirs(DecodePaddingMode::RequireCanonical, false)
        .or_else(|| theirs(DecodePaddingMode::RequireNone, false));
    match ours {
        Some(ours) => {
            let lenient = theirs(DecodePaddingMode::Indifferent, true);
            assert_eq!(lenient.as_deref(), Some(ours), "accepted here, or decoded otherwise: {text:?}");
        }
        None => assert_eq!(strict, None, "refused here only: {text:?}"),
    }
}
