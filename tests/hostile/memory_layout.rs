//! What lies where in the module's memory: addresses and sizes, in bytes.

pub(crate) const MEMORY_PAGES: u32 = 192;
pub(crate) const MEMORY_BYTES: u32 = MEMORY_PAGES << 16;

pub(crate) const IMAGE_NAME: u32 = 64; // "image"
pub(crate) const OUTPUT_NAME: u32 = 80; // "probabilities"
pub(crate) const PATH: u32 = 96; // "etc/passwd"
pub(crate) const LIST: u32 = 128; // one buffer of 16 bytes
pub(crate) const SUBSCRIPTION: u32 = 256; // to a clock, for no time
pub(crate) const BUILDER: u32 = 320; // the model, as WASI-NN takes it
pub(crate) const TENSOR: u32 = 336; // pixels, as WASI-NN takes them
pub(crate) const DIMENSIONS: u32 = 368; // theirs, 32 bits each
pub(crate) const LONG_DIMENSIONS: u32 = 384; // theirs, 64 bits each
pub(crate) const OUT: u32 = 512;
pub(crate) const PIXELS: u32 = 1 << 20;
pub(crate) const PIXELS_BYTES: u32 = 32 * 32 * 3;
/// Where the event goes.
pub(crate) const EVENT: u32 = 2 << 20;
pub(crate) const EVENT_BYTES: u32 = 8 << 20;
pub(crate) const HEADER_BYTES: u32 = 16;
/// A call: its function's number, and up to nine arguments.
pub(crate) const CALL_BYTES: u32 = 8 + 9 * 8;
pub(crate) const MAX_CALLS: u32 = 4_096;
/// The picture and the model follow the calls, at places of their own.
pub(crate) const PICTURE: u32 = EVENT + HEADER_BYTES + MAX_CALLS * CALL_BYTES;
pub(crate) const PICTURE_BYTES: u32 = 632;
pub(crate) const MODEL: u32 = PICTURE + 1024;
pub(crate) const MODEL_BYTES: u32 = 2_802_160;

/// Where the first argument of the call with this number is.
pub(crate) fn argument_of_call(call: u32, place: u32) -> u32 {
    EVENT + HEADER_BYTES + call * CALL_BYTES + 8 + 8 * place
}
