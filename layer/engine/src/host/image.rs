//! `wasmedge_image`: decode a picture and stretch it. Result 0 success, 1 failure, 2 a limit was met.
//!
//! A guest that leaves room after the pixels and marks it gets a sentence there: why there are no pixels, or what is wrong
//! with the picture (docs/pictures.md).

use contract::note;

use super::function::{Failure, HostFunction, SharedState, host_function};
use super::state::{HostState, timed};
use super::{memory, pictures};
use crate::answer::Step;
use crate::config::HostFunctions;
use crate::image::PixelFormat;

pub(super) const MODULE: &str = "wasmedge_image";

/// As in WasmEdge's own plug-in, either function takes either format.
pub(super) const FUNCTIONS: [HostFunction<SharedState>; 2] =
    [host_function!("load_jpg", 7, load), host_function!("load_png", 7, load)];

/// WasmEdge's own plug-in knows one failure; guests that know no other take the second for the same.
#[derive(Clone, Copy)]
pub(super) enum LoadErrno {
    Failed = 1,
    /// The picture has more pixels, takes more memory or more work than the host gives to one.
    Limit = 2,
    /// A request that this version does not know (`contract::pictures`).
    Unknown = contract::pictures::UNKNOWN as isize,
}

impl Failure for LoadErrno {
    const UNUSABLE: Self = Self::Failed;

    fn number(self) -> u32 {
        self as u32
    }
}

fn load(
    state: &mut HostState,
    memory: &mut [u8],
    [img_ptr, img_len, width, height, pixel_type, out_ptr, out_len]: [u32; 7],
) -> Result<(), LoadErrno> {
    if state.host_functions == HostFunctions::All && pictures::is_request(memory, img_ptr, img_len) {
        return pictures::answer(state, memory, (img_ptr, img_len), (out_ptr, out_len));
    }
    let format = pixel_format(pixel_type).ok_or(LoadErrno::Failed)?;
    decode(state, memory, (img_ptr, img_len), (width, height), format, (out_ptr, out_len))
}

/// Decodes a picture into pixels, both at a pointer and of a length.
pub(super) fn decode(
    state: &mut HostState,
    memory: &mut [u8],
    picture: (u32, u32),
    (width, height): (u32, u32),
    format: PixelFormat,
    pixels: (u32, u32),
) -> Result<(), LoadErrno> {
    let (encoded, out) = memory::input_and_output(memory, picture, pixels).ok_or(LoadErrno::Failed)?;
    let mut resources = state.resources.try_borrow_mut().map_err(|_| LoadErrno::Failed)?;
    let decoder = &mut resources.decoder;
    let decoded = timed(&mut state.timings.image, Step::Image, || match state.host_functions {
        HostFunctions::All => decoder.decode_into(encoded, width, height, format, out),
        HostFunctions::Wasmedge => decoder.decode_as_stored_into(encoded, width, height, format, out),
    });
    if state.host_functions == HostFunctions::All
        && let Some(field) = note_field(out, (width, height), format)
    {
        match &decoded {
            Ok(None) => note::write(field, ""),
            Ok(Some(notice)) => note::write(field, &notice.to_string()),
            Err(error) => note::write(field, &error.reason()),
        }
    }
    decoded.map_err(|error| {
        tracing::debug!(%error, "the picture was not decoded");
        if error.is_limit() { LoadErrno::Limit } else { LoadErrno::Failed }
    })?;
    if state.keeps_picture && state.picture.is_none() {
        state.picture = Some(encoded.to_vec());
    }
    Ok(())
}

/// The numbers are those of the crate's output types on the guest's side.
fn pixel_format(pixel_type: u32) -> Option<PixelFormat> {
    match pixel_type {
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
) -> Option<&mut [u8; note::BYTES]> {
    let pixels = u64::from(width) * u64::from(height);
    let start = usize::try_from(pixels.checked_mul(format.pixel_bytes() as u64)?).ok()?;
    let field = out.get_mut(start..)?.first_chunk_mut::<{ note::BYTES }>()?;
    field.starts_with(note::MAGIC).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_only_where_the_guest_asks_for_it_directly_behind_the_pixels() {
        let wanted = |pixels: usize, length: usize| {
            let mut out = vec![7; length];
            out[pixels..pixels + 16].copy_from_slice(note::MAGIC);
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
}
