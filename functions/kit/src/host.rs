//! A function's calls of the host: streams and picture decoding.

use std::io::{self, Read, Write};
use std::process::{ExitCode, exit};
use std::sync::OnceLock;

use contract::limits::MAX_EVENT_BYTES;
use contract::{ErrorCode, note};
use wasmedge_tensorflow_interface::wasmedge_image;

use crate::answer::{Answer, Reply};
use crate::error::FunctionError;
use crate::event::Event;
use crate::formats::Format;
use crate::picture::{Picture, Pixels};
use crate::respond::{internal_error, respond};

/// The event, where a panic can find it: the answer must have the event's form.
static EVENT: OnceLock<Vec<u8>> = OnceLock::new();

/// Answers the event on standard input with `function`; what `main` returns.
pub fn run(mut function: impl FnMut(&Event<'_>) -> Result<Answer, FunctionError>) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let event = EVENT.get().map_or(&[][..], Vec::as_slice);
        finish(&internal_error(event, &format!("the function failed: {panic}")));
    }));
    let event = EVENT.get_or_init(read_event);
    // Returns where it can: a host ends an instance that calls `exit` as it does one that failed, with a look at its stack.
    ExitCode::from(deliver(&respond(event, &mut function)))
}

/// Reads no more than a byte over the limit. The space is asked for at once: memory that is not touched costs nothing
/// and a vector that grows would copy the event several times.
fn read_event() -> Vec<u8> {
    let limit = MAX_EVENT_BYTES + 1;
    let mut event = Vec::with_capacity(256 << 10);
    if let Err(error) = io::stdin().lock().take(limit as u64).read_to_end(&mut event) {
        finish(&internal_error(&[], &format!("the event can't be read: {error}")));
    }
    event
}

#[expect(
    clippy::exit,
    reason = "called where there is no way back: by the hook of a panic, and where no event was read"
)]
fn finish(reply: &Reply) -> ! {
    exit(deliver(reply).into())
}

/// Writes the answer; the exit code.
fn deliver(reply: &Reply) -> u8 {
    let written = io::stdout().write_all(&reply.stdout).and_then(|()| io::stdout().flush());
    let reported = io::stderr().write_all(reply.stderr.as_bytes());
    if written.is_ok() && reported.is_ok() { reply.exit_code } else { ErrorCode::Internal.exit_code() }
}

/// RGB, unsigned bytes (kind 0 of the ABI).
const RGB8: i32 = 0;

pub(crate) fn load_picture(picture: &Picture<'_>, width: u32, height: u32) -> Result<Pixels, FunctionError> {
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
            Ok(Pixels { rgb, notice: said })
        }
        note::TOO_LARGE => Err(too_large(format, said)),
        _ => Err(undecodable(format, said)),
    }
}

fn undecodable(format: Format, reason: Option<String>) -> FunctionError {
    let reason = reason.unwrap_or_else(|| "its data is damaged or incomplete".to_owned());
    let message = format!("the {} can't be decoded: {reason}", format.name());
    FunctionError::new(ErrorCode::UndecodableImage, message)
}

fn too_large(format: Format, reason: Option<String>) -> FunctionError {
    let reason = reason.unwrap_or_else(|| "it takes more memory than the runtime gives to one".to_owned());
    FunctionError::new(ErrorCode::TooLarge, format!("the {} is too large: {reason}", format.name()))
}
