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
pub use engine::memory_file::{map_sealed, memory_file, seal};
pub use event_file::EventReader;
pub use message::{Asked, LogLine, Mechanism, Printed, Reply, Report, Request};
pub use socket::{ChannelError, Socket, receive_only, send};
