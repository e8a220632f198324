//! The operations of our host (`contract::pictures`). None where the host has none.

use std::sync::OnceLock;

use contract::pictures::{Answer, Operation, Request, VERSION, most_encoded_bytes};
use contract::{ErrorCode, note};
use wasmedge_tensorflow_interface::wasmedge_image;

use super::raster::{Effort, Layout, Raster};
use super::upright::{Described, Upright};
use crate::decode::{too_large, undecodable};
use crate::error::FunctionError;
use crate::picture::Picture;

/// RGB, unsigned bytes (kind 0 of the ABI); so that a host without operations looks at the request as at a picture.
const RGB8: i32 = 0;

/// The version of the host's operations, 0 where it has none.
pub(super) fn version() -> u32 {
    static FOUND: OnceLock<u32> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let called = call(Operation::Version, &[], [0; 8], &mut Vec::new());
        called.map_or(0, |called| called.results[0])
    })
}

pub(super) fn describe(picture: &Picture<'_>) -> Result<Option<Described>, FunctionError> {
    let Some(called) = ask(Operation::Describe, picture.bytes(), [0; 8], &mut Vec::new())? else {
        return Ok(None);
    };
    let [width, height, has_alpha, ..] = called.of(picture)?.results;
    Ok(Some(Described { width, height, has_alpha: has_alpha != 0 }))
}

pub(super) fn decode(
    picture: &Picture<'_>,
    width: u32,
    height: u32,
    layout: Layout,
) -> Result<Option<Upright>, FunctionError> {
    let bytes = layout.bytes(width, height);
    let mut pixels = buffer(bytes)?;
    let parameters = [width, height, layout.channels(), 0, 0, 0, 0, 0];
    let Some(called) = ask(Operation::Decode, picture.bytes(), parameters, &mut pixels)? else {
        return Ok(None);
    };
    let called = called.of(picture)?;
    fill(&mut pixels, bytes);
    let raster = Raster::new(width, height, layout, pixels);
    let raster = raster.ok_or_else(|| FunctionError::internal("the host gave other pixels"))?;
    Ok(Some(Upright { raster, notice: (!called.note.is_empty()).then_some(called.note) }))
}

pub(super) fn resize(raster: &Raster, width: u32, height: u32) -> Result<Option<Vec<u8>>, FunctionError> {
    let channels = raster.layout().channels();
    let bytes = raster.layout().bytes(width, height);
    let mut pixels = buffer(bytes)?;
    let parameters = [width, height, channels, raster.width(), raster.height(), 0, 0, 0];
    let Some(called) = ask(Operation::Resize, raster.pixels(), parameters, &mut pixels)? else {
        return Ok(None);
    };
    called.of_own()?;
    fill(&mut pixels, bytes);
    Ok(Some(pixels))
}

pub(super) fn encode_jpeg(raster: &Raster, quality: u8) -> Result<Option<Vec<u8>>, FunctionError> {
    encode(Operation::EncodeJpeg, raster, quality.into())
}

pub(super) fn encode_png(raster: &Raster, effort: Effort) -> Result<Option<Vec<u8>>, FunctionError> {
    let effort = match effort {
        Effort::Fast => 0,
        Effort::Small => 1,
    };
    encode(Operation::EncodePng, raster, effort)
}

fn encode(operation: Operation, raster: &Raster, option: u32) -> Result<Option<Vec<u8>>, FunctionError> {
    let (width, height, channels) = (raster.width(), raster.height(), raster.layout().channels());
    let mut encoded = buffer(most_encoded_bytes(width, height, channels))?;
    let parameters = [width, height, channels, option, 0, 0, 0, 0];
    let Some(called) = ask(operation, raster.pixels(), parameters, &mut encoded)? else {
        return Ok(None);
    };
    let length = called.of_own()?.results[0] as usize;
    if length > encoded.capacity() {
        return Err(FunctionError::internal("the host wrote more than there is place for"));
    }
    // SAFETY: the host has written so many bytes from the start on, which is within the capacity.
    unsafe { encoded.set_len(length) };
    Ok(Some(encoded))
}

/// An empty buffer with place for `bytes`; memory that is not touched costs nothing.
fn buffer(bytes: u64) -> Result<Vec<u8>, FunctionError> {
    let mut buffer = Vec::new();
    let reserved = usize::try_from(bytes).ok().and_then(|bytes| buffer.try_reserve_exact(bytes).ok());
    reserved.ok_or_else(|| {
        let message =
            format!("the picture is too large: {bytes} bytes of pixels are more than there is memory");
        FunctionError::new(ErrorCode::TooLarge, message)
    })?;
    Ok(buffer)
}

/// Makes a buffer with place for `bytes` as long as that, once the host has said that it has written them all.
fn fill(buffer: &mut Vec<u8>, bytes: u64) {
    // Not cut off: there is place for them.
    let bytes = (bytes as usize).min(buffer.capacity());
    // SAFETY: within the capacity, and written.
    unsafe { buffer.set_len(bytes) }
}

/// What became of a request that the host knows.
struct Called {
    code: i32,
    results: [u32; 8],
    note: String,
}

impl Called {
    /// The results, or why the picture of an event could not be read.
    fn of(self, picture: &Picture<'_>) -> Result<Self, FunctionError> {
        let reason = (!self.note.is_empty()).then(|| self.note.clone());
        match self.code {
            note::LOADED => Ok(self),
            note::TOO_LARGE => Err(too_large(picture.format(), reason)),
            _ => Err(undecodable(picture.format(), reason)),
        }
    }

    /// The results, or why the function's own pixels could not be worked on.
    fn of_own(self) -> Result<Self, FunctionError> {
        match self.code {
            note::LOADED => Ok(self),
            _ => Err(FunctionError::internal(self.note)),
        }
    }
}

/// Asks a host that has operations.
fn ask(
    operation: Operation,
    input: &[u8],
    parameters: [u32; 8],
    out: &mut Vec<u8>,
) -> Result<Option<Called>, FunctionError> {
    if version() < VERSION {
        return Ok(None);
    }
    let called = call(operation, input, parameters, out);
    called
        .map(Some)
        .ok_or_else(|| FunctionError::internal(format!("the host knows no {operation:?} of pictures")))
}

/// None where the host did not answer.
fn call(operation: Operation, input: &[u8], parameters: [u32; 8], out: &mut Vec<u8>) -> Option<Called> {
    let request = Request {
        operation,
        input_pointer: input.as_ptr() as u32,
        input_length: input.len() as u32,
        parameters,
    };
    let mut request = request.to_bytes();
    // SAFETY: all three are alive during the call and lie apart, and the lengths are theirs; the host writes to the request
    // and to `out`, and reads the input.
    let code = unsafe {
        wasmedge_image::load_png(
            request.as_mut_ptr() as i32,
            request.len() as i32,
            1,
            1,
            RGB8,
            out.as_mut_ptr() as i32,
            out.capacity() as i32,
        )
    };
    // The compiler does not know that the host writes there.
    let request = std::hint::black_box(request);
    let answer = Answer::read(&request)?;
    Some(Called { code, results: answer.results, note: answer.note.to_owned() })
}
