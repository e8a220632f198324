//! The call of the host that decodes a picture.

use contract::{ErrorCode, note};
use wasmedge_tensorflow_interface::wasmedge_image;

use crate::error::FunctionError;
use crate::formats::Format;
use crate::picture::Picture;

/// RGB, unsigned bytes (kind 0 of the ABI).
const RGB8: i32 = 0;

/// Red, green and blue of the pixels, and what the host has to say of the picture.
pub(crate) fn decode(
    picture: &Picture<'_>,
    width: u32,
    height: u32,
) -> Result<(Vec<u8>, Option<String>), FunctionError> {
    let (encoded, format) = (picture.bytes(), picture.format());
    let length = width as usize * height as usize * 3;
    let mut rgb = Vec::with_capacity(length + note::BYTES);
    rgb.resize(length, 0);
    rgb.extend_from_slice(&note::blank());
    // The crate's own wrappers know no buffer of another length.
    let load = match format {
        Format::Jpeg => wasmedge_image::load_jpg,
        Format::Png => wasmedge_image::load_png,
    };
    // SAFETY: both slices are alive during the call, and the lengths are theirs.
    let result = unsafe {
        load(
            encoded.as_ptr() as i32,
            encoded.len() as i32,
            width as i32,
            height as i32,
            RGB8,
            rgb.as_mut_ptr() as i32,
            rgb.len() as i32,
        )
    };
    let said = rgb.get(length..).and_then(note::read).map(str::to_owned);
    match result {
        note::LOADED => {
            rgb.truncate(length);
            Ok((rgb, said))
        }
        note::TOO_LARGE => Err(too_large(format, said)),
        _ => Err(undecodable(format, said)),
    }
}

pub(crate) fn undecodable(format: Format, reason: Option<String>) -> FunctionError {
    let reason = reason.unwrap_or_else(|| "its data is damaged or incomplete".to_owned());
    let message = format!("the {} can't be decoded: {reason}", format.name());
    FunctionError::new(ErrorCode::UndecodableImage, message)
}

pub(crate) fn too_large(format: Format, reason: Option<String>) -> FunctionError {
    let reason = reason.unwrap_or_else(|| "it takes more memory than the runtime gives to one".to_owned());
    FunctionError::new(ErrorCode::TooLarge, format!("the {} is too large: {reason}", format.name()))
}
