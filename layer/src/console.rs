//! What the program says to the people who started it. Either stream may be a pipe that nobody reads any more, as behind
//! `| head -1`: that is no failure, and no reason to panic, as `println!` and `eprintln!` do.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::ops::ControlFlow;

use thiserror::Error;

/// Standard output takes no more, such as on a full disk.
#[derive(Debug, Error)]
#[error("can't print the result: {0}")]
pub(crate) struct PrintError(io::Error);

/// Prints `text` and the end of the line on standard output; [`ControlFlow::Break`] where nobody reads it any more.
///
/// # Errors
/// [`PrintError`] with the system's reason.
pub(crate) fn print(text: impl Display) -> Result<ControlFlow<()>, PrintError> {
    // As one piece: what reads it line by line never sees half of one.
    let text = format!("{text}\n");
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(PrintError(error)),
    }
}

/// Tells `text`, a line, on standard error, if anybody reads it: there is no other place to say that nobody does.
pub(crate) fn tell(text: impl Display) {
    drop(io::stderr().lock().write_all(format!("{text}\n").as_bytes()));
}
