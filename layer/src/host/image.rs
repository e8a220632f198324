//! `wasmedge_image`: decode a picture and stretch it. Result 0 success, 1 failure.

use super::function::{self, Failure, ImportError, ImportModule, SharedState};
use super::memory;
use super::state::{HostState, timed};
use crate::image::PixelFormat;

pub(super) const MODULE: &str = "wasmedge_image";
pub(super) const NAMES: [&str; 2] = ["load_jpg", "load_png"];

/// The one failure that this module's ABI knows.
#[derive(Clone, Copy)]
struct NotLoaded;

impl Failure for NotLoaded {
    const UNUSABLE: Self = Self;

    fn number(self) -> u32 {
        1
    }
}

pub(super) fn import_module(state: &SharedState) -> Result<ImportModule, ImportError> {
    let mut module = function::module(MODULE)?;
    // As in WasmEdge's own plug-in, either function takes either format.
    for name in NAMES {
        function::add(&mut module, name, state, load)?;
    }
    Ok(module)
}

fn load(
    state: &mut HostState,
    memory: &mut [u8],
    [img_ptr, img_len, width, height, kind, out_ptr, out_len]: [u32; 7],
) -> Result<(), NotLoaded> {
    let format = pixel_format(kind).ok_or(NotLoaded)?;
    let (encoded, out) =
        memory::input_and_output(memory, (img_ptr, img_len), (out_ptr, out_len)).ok_or(NotLoaded)?;
    let mut resources = state.resources.try_borrow_mut().map_err(|_| NotLoaded)?;
    let decoder = &mut resources.decoder;
    timed(&mut state.timings.image, || decoder.decode_into(encoded, width, height, format, out)).map_err(
        |error| {
            tracing::debug!(%error, "the picture was not decoded");
            NotLoaded
        },
    )
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
