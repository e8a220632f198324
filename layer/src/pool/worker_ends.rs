//! What a worker and its front are connected by.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use worker::channel::{AnswerFile, Socket};
use worker::limits::Limits;

/// Both ends of a worker's channel, and its file for answers.
#[derive(Debug)]
pub(super) struct WorkerEnds {
    channel: Socket,
    other: Socket,
    answers: AnswerFile,
}

impl WorkerEnds {
    /// For a worker whose answers are within `limits`.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn new(limits: Limits) -> io::Result<Self> {
        let (channel, other) = Socket::pair()?;
        Ok(Self { channel, other, answers: AnswerFile::new(limits)? })
    }

    /// What the front keeps.
    pub(super) fn into_own(self) -> (Socket, AnswerFile) {
        (self.channel, self.answers)
    }

    /// What the worker gets.
    pub(super) fn others(&self) -> [BorrowedFd<'_>; 2] {
        [self.other.as_fd(), self.answers.as_fd()]
    }
}
