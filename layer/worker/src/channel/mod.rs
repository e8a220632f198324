//! Communication between the two halves of the runtime: the front process, which talks to the world, and its workers.
//!
//! Messages are small and go over socket pairs that keep message boundaries (`Socket`). Events and answers lie in files in
//! memory ([`EventFile`], `AnswerFile`), which are handed over as descriptors. The front does not trust what a worker says:
//! it checks lengths against the size of the file, and uses nothing from a message as an address or a descriptor.

mod answer_file;
mod event_file;
mod message;
mod socket;

pub use event_file::EventFile;

pub use answer_file::{AnswerFile, Lengths, PAGE_OF_STEPS};
pub use event_file::EventReader;
pub use message::{Asked, LogLine, Mechanism, Printed, Reply, Report, Request};
pub use socket::{ChannelError, Socket, receive_only, send};

use std::fs::File;
use std::io;

use rustix::fs::{MemfdFlags, memfd_create};

/// A file in memory; on kernels before 3.17, which have none, one without a name in the folder for temporary files.
///
/// # Errors
/// The system's reason.
pub fn memory_file(name: &str) -> io::Result<File> {
    match memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING) {
        Ok(file) => Ok(file.into()),
        Err(rustix::io::Errno::NOSYS) => tempfile::tempfile(),
        Err(error) => Err(error.into()),
    }
}
