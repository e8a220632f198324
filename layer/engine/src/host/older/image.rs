//! `ssvm_image`, and the older names in `wasmedge_image`: one function for each format of pixels.
//!
//! A guest gives no length of the buffer: it has room for so many pixels as it wants. It ignores the result.

use crate::host::function::{HostFunction, SharedState, older_function};
use crate::host::image::{self, LoadErrno};
use crate::host::state::HostState;
use crate::image::PixelFormat;

pub(in crate::host) const SSVM_MODULE: &str = "ssvm_image";

/// The functions under the names that begin with `$of`.
macro_rules! functions {
    ($of:literal) => {
        [
            older_function!(concat!($of, "_load_jpg_to_rgb8"), [I32, I32, I32, I32, I32] -> [I32] or 1, rgb8),
            older_function!(concat!($of, "_load_jpg_to_bgr8"), [I32, I32, I32, I32, I32] -> [I32] or 1, bgr8),
            older_function!(concat!($of, "_load_jpg_to_rgb32f"), [I32, I32, I32, I32, I32] -> [I32] or 1, rgb32f),
            older_function!(concat!($of, "_load_jpg_to_bgr32f"), [I32, I32, I32, I32, I32] -> [I32] or 1, bgr32f),
            older_function!(concat!($of, "_load_png_to_rgb8"), [I32, I32, I32, I32, I32] -> [I32] or 1, rgb8),
            older_function!(concat!($of, "_load_png_to_bgr8"), [I32, I32, I32, I32, I32] -> [I32] or 1, bgr8),
            older_function!(concat!($of, "_load_png_to_rgb32f"), [I32, I32, I32, I32, I32] -> [I32] or 1, rgb32f),
            older_function!(concat!($of, "_load_png_to_bgr32f"), [I32, I32, I32, I32, I32] -> [I32] or 1, bgr32f),
        ]
    };
}

pub(in crate::host) const SSVM: [HostFunction<SharedState>; 8] = functions!("ssvm_image");
pub(in crate::host) const WASMEDGE: [HostFunction<SharedState>; 8] = functions!("wasmedge_image");

fn rgb8(state: &mut HostState, memory: &mut [u8], arguments: [u64; 5]) -> Option<u64> {
    load(state, memory, arguments, PixelFormat::Rgb8)
}

fn bgr8(state: &mut HostState, memory: &mut [u8], arguments: [u64; 5]) -> Option<u64> {
    load(state, memory, arguments, PixelFormat::Bgr8)
}

fn rgb32f(state: &mut HostState, memory: &mut [u8], arguments: [u64; 5]) -> Option<u64> {
    load(state, memory, arguments, PixelFormat::RgbF32)
}

fn bgr32f(state: &mut HostState, memory: &mut [u8], arguments: [u64; 5]) -> Option<u64> {
    load(state, memory, arguments, PixelFormat::BgrF32)
}

fn load(state: &mut HostState, memory: &mut [u8], arguments: [u64; 5], format: PixelFormat) -> Option<u64> {
    let [img_ptr, img_len, width, height, out_ptr] = arguments.map(|argument| argument as u32);
    let pixel_bytes = u32::try_from(format.pixel_bytes()).ok()?;
    let length = width.checked_mul(height)?.checked_mul(pixel_bytes)?;
    match image::decode(state, memory, (img_ptr, img_len), (width, height), format, (out_ptr, length)) {
        Ok(()) => Some(0),
        Err(LoadErrno::Failed | LoadErrno::Limit | LoadErrno::Unknown) => None,
    }
}
