//! `wasmedge_image`: decode a picture and stretch it. Result 0 success, 1 failure, 2 too little memory.

use super::function::{Failure, HostFunction, SharedState, host_function};
use super::memory;
use super::state::{HostState, timed};
use crate::answer::Step;
use crate::image::{ImageError, PixelFormat};

pub(super) const MODULE: &str = "wasmedge_image";

/// As in WasmEdge's own plug-in, either function takes either format.
pub(super) const FUNCTIONS: [HostFunction<SharedState>; 2] =
    [host_function!("load_jpg", 7, load), host_function!("load_png", 7, load)];

/// WasmEdge's own plug-in knows one failure; guests that know no other take the second for the same.
#[derive(Clone, Copy)]
enum NotLoaded {
    Failed = 1,
    /// Decoding takes more memory than the host gives to a picture.
    TooMuchMemory = 2,
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
    timed(&mut state.timings.image, Step::Image, || decoder.decode_into(encoded, width, height, format, out))
        .map_err(|error| {
            tracing::debug!(%error, "the picture was not decoded");
            match error {
                ImageError::TooMuchMemory { .. } => NotLoaded::TooMuchMemory,
                _ => NotLoaded::Failed,
            }
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
