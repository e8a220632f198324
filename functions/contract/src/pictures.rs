//! What our host does with pictures beyond `wasmedge_image`: version 1 (docs/picture-operations.md).
//!
//! A function can't import what a stock WasmEdge doesn't have: it would not link there. So it asks through the function that
//! every host has: instead of a picture it hands `load_png` a request of [`REQUEST_BYTES`], with a target of 1 × 1 and kind 0.
//! Our host does what it says and writes results into it. A host without this finds no picture there and answers 1; the
//! request is as it was.
//!
//! All numbers are u32, little-endian:
//!
//! | at | what |
//! | ---: | --- |
//! | 0 | [`MAGIC`]; once it is answered, [`ANSWERED`] |
//! | 16 | the version that the request is written for |
//! | 20 | the [`Operation`] |
//! | 24, 28 | the input: where it is in memory, and its bytes |
//! | 32 … 63 | eight parameters |
//! | 64 … 95 | eight results |
//! | 96 … 607 | a text, as in [`crate::note`]: the reason of a failure, or a notice |
//!
//! The output goes to the `out` of `load_png`.

use crate::note;

/// What a request starts with. No picture does.
pub const MAGIC: &[u8; 16] = b"wasm-vision/pict";

/// What it starts with once a host has answered it.
pub const ANSWERED: &[u8; 16] = b"wasm-vision/done";

/// The version that is described here. A host answers requests of its own version and of those before it.
pub const VERSION: u32 = 1;

/// Length of a request.
pub const REQUEST_BYTES: usize = NOTE + note::BYTES;

const HEAD: usize = 16;
const PARAMETERS: usize = 32;
const RESULTS: usize = 64;
const NOTE: usize = 96;

/// Result of a request that is no request of this version.
pub const UNKNOWN: u32 = 3;

/// What can be asked for. In brackets the index of a parameter or result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Operation {
    /// The host's version: result \[0\].
    Version = 0,
    /// What the header of an encoded picture says. Results: \[0, 1\] width and height when upright, \[2\] 1 if it has alpha.
    Describe = 1,
    /// Upright pixels of an encoded picture, in sRGB: parameters \[0, 1\] width and height, \[2\] channels (3 or 4). Another
    /// size than its own is made by Lanczos in linear light; a JPEG that is at least four times as large is reduced
    /// while it is decoded.
    Decode = 2,
    /// Other pixels of pixels, by Lanczos in linear light: parameters \[0, 1\] width and height, \[2\] channels (3 or 4) of
    /// both, \[3, 4\] width and height of the input.
    Resize = 3,
    /// A JPEG of pixels: parameters \[0, 1\] width and height, \[2\] channels (1 or 3), \[3\] quality, 1 to 100. Result \[0\]: its
    /// bytes.
    EncodeJpeg = 4,
    /// A PNG of pixels: parameters \[0, 1\] width and height, \[2\] channels (1, 3 or 4), \[3\] 0 fast, 1 small. Result \[0\]: its
    /// bytes.
    EncodePng = 5,
}

impl Operation {
    fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Version,
            1 => Self::Describe,
            2 => Self::Decode,
            3 => Self::Resize,
            4 => Self::EncodeJpeg,
            5 => Self::EncodePng,
            _ => return None,
        })
    }
}

/// A request, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub operation: Operation,
    /// Where the input is in the function's memory.
    pub input_pointer: u32,
    /// Bytes of the input.
    pub input_length: u32,
    /// As the operation says; 0 where it says nothing.
    pub parameters: [u32; 8],
}

impl Request {
    /// As a host reads it.
    pub fn to_bytes(self) -> [u8; REQUEST_BYTES] {
        let mut bytes = [0; REQUEST_BYTES];
        bytes[..HEAD].copy_from_slice(MAGIC);
        let head = [VERSION, self.operation as u32, self.input_pointer, self.input_length];
        let numbers = head.into_iter().chain(self.parameters);
        for (out, number) in bytes[HEAD..].chunks_exact_mut(4).zip(numbers) {
            out.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Reads a request; None where the bytes are none that this version knows.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; REQUEST_BYTES] = bytes.try_into().ok()?;
        let head = numbers::<4>(&bytes[HEAD..]);
        if !is_request(bytes) || head[0] == 0 || head[0] > VERSION {
            return None;
        }
        Some(Self {
            operation: Operation::from_number(head[1])?,
            input_pointer: head[2],
            input_length: head[3],
            parameters: numbers(&bytes[PARAMETERS..]),
        })
    }
}

/// Whether the bytes ask for something, of whatever version.
pub fn is_request(bytes: &[u8]) -> bool {
    bytes.len() == REQUEST_BYTES && bytes.starts_with(MAGIC)
}

/// What a host writes into a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer<'a> {
    /// As the operation says.
    pub results: [u32; 8],
    /// A reason or a notice; empty where there is nothing to say.
    pub note: &'a str,
}

impl<'a> Answer<'a> {
    /// Writes the answer into the request that it is for. Where that is none, nothing happens.
    pub fn write(&self, request: &mut [u8]) {
        if !is_request(request) {
            return;
        }
        request[..HEAD].copy_from_slice(ANSWERED);
        for (out, result) in request[RESULTS..NOTE].chunks_exact_mut(4).zip(self.results) {
            out.copy_from_slice(&result.to_le_bytes());
        }
        request[NOTE..].copy_from_slice(&note::blank());
        note::write(&mut request[NOTE..], self.note);
    }

    /// Reads what a host wrote; None where it wrote nothing.
    pub fn read(request: &'a [u8]) -> Option<Self> {
        if request.len() != REQUEST_BYTES || !request.starts_with(ANSWERED) {
            return None;
        }
        let note = note::read(&request[NOTE..]).unwrap_or_default();
        Some(Self { results: numbers(&request[RESULTS..]), note })
    }
}

/// Bytes that an encoded picture has at most, JPEG or PNG, whatever is in its pixels.
pub fn most_encoded_bytes(width: u32, height: u32, channels: u32) -> u64 {
    // A PNG that can't be made smaller has its pixels, a byte a row, and some bytes a block of data; a JPEG of the highest
    // quality has at most so many for whole blocks of 16 × 16 pixels (libjpeg-turbo's `tj3JPEGBufSize`).
    let row = u64::from(width) * u64::from(channels) + 1;
    let png = row.saturating_mul(u64::from(height));
    let blocks = u64::from(width.next_multiple_of(16)) * u64::from(height.next_multiple_of(16));
    let jpeg = blocks.saturating_mul(6);
    png.saturating_add(png / 16).max(jpeg).saturating_add(4096)
}

fn numbers<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut numbers = [0; N];
    for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(4)) {
        *number = bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUEST: Request = Request {
        operation: Operation::Decode,
        input_pointer: 0x0102_0304,
        input_length: 77,
        parameters: [1, 2, 3, 4, 5, 6, 7, u32::MAX],
    };

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let bytes = REQUEST.to_bytes();
        assert_eq!(Request::read(&bytes), Some(REQUEST));
        assert_eq!(bytes[16..32], [1, 0, 0, 0, 2, 0, 0, 0, 4, 3, 2, 1, 77, 0, 0, 0]);
        assert_eq!(Answer::read(&bytes), None, "nobody answered");
    }

    #[test]
    fn an_answer_is_read_as_it_was_written_and_once_only() {
        let mut bytes = REQUEST.to_bytes();
        let answer = Answer { results: [9, 8, 7, 6, 5, 4, 3, 2], note: "half is missing" };
        answer.write(&mut bytes);
        assert_eq!(Answer::read(&bytes), Some(answer));
        assert_eq!(Request::read(&bytes), None);
        Answer::default().write(&mut bytes);
        assert_eq!(Answer::read(&bytes), Some(answer));
    }

    #[test]
    fn other_versions_operations_and_lengths_are_unknown() {
        for (at, value) in [(0, 0), (16, 0), (16, 2), (20, 6)] {
            let mut bytes = REQUEST.to_bytes();
            bytes[at] = value;
            assert_eq!(Request::read(&bytes), None, "{value} at {at}");
        }
        let bytes = REQUEST.to_bytes();
        assert_eq!(Request::read(&bytes[1..]), None);
        assert_eq!(Request::read(&[&bytes[..], b"x"].concat()), None);
    }

    #[test]
    fn no_number_of_pixels_overflows() {
        assert!(most_encoded_bytes(u32::MAX >> 4, u32::MAX >> 4, 4) > u64::from(u32::MAX));
        assert!(most_encoded_bytes(1, 1, 3) > 1000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            let _ = (Request::read(&bytes), Answer::read(&bytes), is_request(&bytes));
            let mut written = bytes.clone();
            Answer::default().write(&mut written);
            prop_assert!(written == bytes || is_request(&bytes));
        }
    }
}
