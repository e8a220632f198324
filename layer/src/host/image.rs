//! `wasmedge_image`: decode a picture and stretch it. Result 0 success, 1 failure, 2 a limit was met.
//!
//! A guest that leaves room behind the pixels and says so gets a sentence there: why there are no pixels, or what is wrong
//! with the picture that they are of (docs/pictures.md).

use super::function::{Failure, HostFunction, SharedState, host_function};
use super::memory;
use super::state::{HostState, timed};
use crate::answer::Step;
use crate::image::PixelFormat;

pub(super) const MODULE: &str = "wasmedge_image";

/// As in WasmEdge's own plug-in, either function takes either format.
pub(super) const FUNCTIONS: [HostFunction<SharedState>; 2] =
    [host_function!("load_jpg", 7, load), host_function!("load_png", 7, load)];

/// Bytes of the note behind the pixels.
pub(crate) const NOTE_BYTES: usize = 512;

/// What a guest writes directly behind the pixels where it wants a note; the note takes its place.
pub(crate) const NOTE_WANTED: &[u8; 16] = b"wasm-vision/note";

/// WasmEdge's own plug-in knows one failure; guests that know no other take the second for the same.
#[derive(Clone, Copy)]
enum NotLoaded {
    Failed = 1,
    /// The picture has more pixels, takes more memory or more work than the host gives to one.
    Limit = 2,
}

impl Failure for NotLoaded {
    const UNUSABLE: Self = Self::Failed;

    fn number(self) -> u32 {
        self as u32
    }
}

fn load(
    state: &mut HostState,
    memory: &mut [u8],
    [img_ptr, img_len, width, height, kind, out_ptr, out_len]: [u32; 7],
) -> Result<(), NotLoaded> {
    let format = pixel_format(kind).ok_or(NotLoaded::Failed)?;
    let (encoded, out) =
        memory::input_and_output(memory, (img_ptr, img_len), (out_ptr, out_len)).ok_or(NotLoaded::Failed)?;
    let mut resources = state.resources.try_borrow_mut().map_err(|_| NotLoaded::Failed)?;
    let decoder = &mut resources.decoder;
    let decoded =
        timed(&mut state.timings.image, Step::Image, || decoder.decode_into(encoded, width, height, format, out));
    if let Some(note) = note_field(out, (width, height), format) {
        match &decoded {
            Ok(None) => write_note(note, ""),
            Ok(Some(notice)) => write_note(note, &notice.to_string()),
            Err(error) => write_note(note, &error.reason()),
        }
    }
    decoded.map_err(|error| {
        tracing::debug!(%error, "the picture was not decoded");
        if error.is_limit() { NotLoaded::Limit } else { NotLoaded::Failed }
    })?;
    if state.keeps_picture && state.picture.is_none() {
        state.picture = Some(encoded.to_vec());
    }
    Ok(())
}

/// The numbers are those of the crate's output types on the guest's side.
fn pixel_format(kind: u32) -> Option<PixelFormat> {
    match kind {
        0 => Some(PixelFormat::Rgb8),
        1 => Some(PixelFormat::Bgr8),
        2 => Some(PixelFormat::RgbF32),
        3 => Some(PixelFormat::BgrF32),
        _ => None,
    }
}

/// Where the guest wants a note, if it does.
fn note_field(
    out: &mut [u8],
    (width, height): (u32, u32),
    format: PixelFormat,
) -> Option<&mut [u8; NOTE_BYTES]> {
    let pixels = u64::from(width) * u64::from(height);
    let start = usize::try_from(pixels.checked_mul(format.pixel_bytes() as u64)?).ok()?;
    let field = out.get_mut(start..)?.first_chunk_mut::<NOTE_BYTES>()?;
    field.starts_with(NOTE_WANTED).then_some(field)
}

/// Fills the field with `text`, cut where a character ends, and zeros, at least one.
fn write_note(field: &mut [u8; NOTE_BYTES], text: &str) {
    field.fill(0);
    // At most the text's length: what is beyond is no boundary.
    let end = (0..NOTE_BYTES).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    for (out, byte) in field.iter_mut().zip(text.bytes().take(end)) {
        *out = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_only_where_the_guest_asks_for_it_directly_behind_the_pixels() {
        let wanted = |pixels: usize, length: usize| {
            let mut out = vec![7; length];
            out[pixels..pixels + 16].copy_from_slice(NOTE_WANTED);
            out
        };
        let size = (4, 2);
        assert!(note_field(&mut wanted(24, 24 + 512), size, PixelFormat::Rgb8).is_some());
        assert!(note_field(&mut wanted(96, 96 + 600), size, PixelFormat::BgrF32).is_some());
        assert!(note_field(&mut wanted(24, 24 + 511), size, PixelFormat::Rgb8).is_none(), "too short");
        assert!(note_field(&mut wanted(25, 24 + 600), size, PixelFormat::Rgb8).is_none(), "elsewhere");
        assert!(note_field(&mut vec![7; 600], size, PixelFormat::Rgb8).is_none(), "not asked for");
        assert!(note_field(&mut [7; 600], (u32::MAX, u32::MAX), PixelFormat::RgbF32).is_none());
    }

    #[test]
    fn a_note_is_cut_at_a_character_and_ends_with_zeros() {
        let mut field = [7; NOTE_BYTES];
        write_note(&mut field, "short");
        assert!(field.starts_with(b"short\0") && field[5..].iter().all(|&byte| byte == 0));
        // Two bytes a character, and an odd number of them before the last zero.
        write_note(&mut field, &"×".repeat(300));
        assert_eq!(std::str::from_utf8(&field[..510]), Ok("×".repeat(255).as_str()));
        assert_eq!(field[510..], [0, 0]);
        write_note(&mut field, "");
        assert_eq!(field, [0; NOTE_BYTES]);
    }
}
