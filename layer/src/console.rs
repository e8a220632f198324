//! What the program says to the people who started it. Either stream may be a pipe that nobody reads any more, as behind
//! `| head -1`: that is no failure, and no reason to panic, as `println!` and `eprintln!` do.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::ops::ControlFlow;
use std::os::fd::AsFd as _;

use thiserror::Error;

use worker::closed_output;
use worker::printable::{in_one_line, printable};

/// Standard output takes no more, such as on a full disk.
#[derive(Debug, Error)]
#[error("can't print the result: {0}")]
pub(crate) struct PrintError(io::Error);

/// Prints `text`, of one or more lines, and the end of the line on standard output; [`ControlFlow::Break`] where nobody reads
/// it any more.
///
/// # Errors
/// [`PrintError`] with the system's reason.
pub(crate) fn print(text: impl Display) -> Result<ControlFlow<()>, PrintError> {
    // As one piece: what reads it line by line never sees half of one.
    let text = text.to_string();
    let text = text.split('\n').map(printable).collect::<Vec<_>>().join("\n") + "\n";
    match write(text.as_bytes()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(PrintError(error)),
    }
}

/// Writes `bytes` to standard output as they are.
///
/// # Errors
/// The system's reason; Rust's own handle takes an output that is closed, or only open to be read, for one that has written.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    if closed_output::was_closed() {
        return Err(rustix::io::Errno::BADF.into());
    }
    File::from(io::stdout().as_fd().try_clone_to_owned()?).write_all(bytes)
}

/// Tells `text`, a line, on standard error, if anybody reads it: there is no other place to say that nobody does. It may
/// quote strangers.
pub(crate) fn tell(text: impl Display) {
    let line = in_one_line(&text.to_string()) + "\n";
    drop(io::stderr().lock().write_all(line.as_bytes()));
}
