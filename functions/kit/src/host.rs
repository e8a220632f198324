//! A function on its host: the event on standard input, the answer on standard output.

use std::io::{self, Read, Write};
use std::process::{ExitCode, exit};
use std::sync::OnceLock;

use contract::ErrorCode;
use contract::limits::MAX_EVENT_BYTES;

use crate::answer::{Answer, Reply};
use crate::error::FunctionError;
use crate::event::Event;
use crate::respond::{internal_error, respond_as};
use crate::setup::Setup;

/// The event, where a panic can find it: the answer must have the event's form.
static EVENT: OnceLock<Vec<u8>> = OnceLock::new();

/// Answers the event on standard input with `function`; what `main` returns.
pub fn run(function: impl FnMut(&Event<'_>) -> Result<Answer, FunctionError>) -> ExitCode {
    run_with(Setup::default(), function)
}

/// The same for a function that answers pictures or other files: in buckets they bear its `name`, as in `KEY.cutout.png`.
pub fn run_as(
    name: &'static str,
    function: impl FnMut(&Event<'_>) -> Result<Answer, FunctionError>,
) -> ExitCode {
    run_with(Setup::named(name), function)
}

fn run_with(setup: Setup, mut function: impl FnMut(&Event<'_>) -> Result<Answer, FunctionError>) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let event = EVENT.get().map_or(&[][..], Vec::as_slice);
        finish(&internal_error(event, &format!("the function failed: {panic}")));
    }));
    let event = EVENT.get_or_init(read_event);
    // Returns where it can: a host ends an instance that calls `exit` as it does one that failed, with a look at its stack.
    let setup = setup.with_arguments(std::env::args_os());
    ExitCode::from(deliver(&respond_as(&setup, event, &mut function)))
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
