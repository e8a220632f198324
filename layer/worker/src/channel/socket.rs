//! A socket pair that keeps message boundaries and carries descriptors.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use engine::limits::NN_MODELS;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Bytes of the largest message: a line for the log, or a configuration.
const MESSAGE_BYTES: usize = 64 << 10;
/// Descriptors beside a message: a module with all models that have names, or the three of a compiler.
const MAX_DESCRIPTORS: usize = 1 + NN_MODELS;

/// Why a message did not come.
#[derive(Debug, Error)]
pub enum ChannelError {
    /// The other side is gone.
    #[error("the other side is gone")]
    Closed,
    /// Nothing is there yet, of a socket that does not wait.
    #[error("nothing is there yet")]
    Empty,
    /// What came is no message.
    #[error("what came is no message: {0}")]
    Nonsense(String),
    /// The system's reason.
    #[error(transparent)]
    System(io::Error),
}

impl From<rustix::io::Errno> for ChannelError {
    fn from(error: rustix::io::Errno) -> Self {
        match error {
            rustix::io::Errno::AGAIN => Self::Empty,
            rustix::io::Errno::CONNRESET | rustix::io::Errno::PIPE => Self::Closed,
            other => Self::System(other.into()),
        }
    }
}

/// One end of the pair.
#[derive(Debug)]
pub struct Socket(OwnedFd);

impl Socket {
    /// Both ends.
    ///
    /// # Errors
    /// The system's reason.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self(one), Self(other)))
    }

    /// Sends a message with descriptors.
    ///
    /// # Errors
    /// [`ChannelError::Closed`], or the system's reason.
    pub fn send(&self, message: &impl Serialize, descriptors: &[BorrowedFd<'_>]) -> Result<(), ChannelError> {
        send(self.as_fd(), message, descriptors)
    }

    /// Receives a message, and the descriptors that came with it.
    ///
    /// # Errors
    /// See [`ChannelError`].
    pub fn receive<M: DeserializeOwned>(&self) -> Result<(M, Vec<OwnedFd>), ChannelError> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let message = receive_into(self.as_fd(), &mut beside)?;
        let descriptors = beside
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten()
            .collect();
        Ok((message, descriptors))
    }

    /// Receives a message from a side that is not trusted: descriptors that it sends are not taken.
    ///
    /// # Errors
    /// See [`ChannelError`].
    pub fn receive_only<M: DeserializeOwned>(&self) -> Result<M, ChannelError> {
        receive_only(self.as_fd())
    }
}

/// [`Socket::send`] over a socket that somebody else keeps.
pub fn send(
    socket: BorrowedFd<'_>,
    message: &impl Serialize,
    descriptors: &[BorrowedFd<'_>],
) -> Result<(), ChannelError> {
    let bytes = serde_json::to_vec(message).map_err(|error| ChannelError::Nonsense(error.to_string()))?;
    if bytes.len() > MESSAGE_BYTES {
        let reason = format!("it has {} bytes, at most {MESSAGE_BYTES} pass", bytes.len());
        return Err(ChannelError::Nonsense(reason));
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(ChannelError::Nonsense("too many descriptors".to_owned()));
    }
    sendmsg(socket, &[IoSlice::new(&bytes)], &mut beside, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// [`Socket::receive_only`] over a socket that somebody else keeps.
pub fn receive_only<M: DeserializeOwned>(socket: BorrowedFd<'_>) -> Result<M, ChannelError> {
    receive_into(socket, &mut RecvAncillaryBuffer::default())
}

fn receive_into<M: DeserializeOwned>(
    socket: BorrowedFd<'_>,
    beside: &mut RecvAncillaryBuffer<'_>,
) -> Result<M, ChannelError> {
    let mut bytes = vec![0; MESSAGE_BYTES];
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], beside, RecvFlags::CMSG_CLOEXEC)?;
    if received.bytes == 0 {
        return Err(ChannelError::Closed);
    }
    if received.flags.contains(ReturnFlags::TRUNC) {
        return Err(ChannelError::Nonsense("it is too long".to_owned()));
    }
    let message = bytes.get(..received.bytes).unwrap_or_default();
    serde_json::from_slice(message).map_err(|error| ChannelError::Nonsense(error.to_string()))
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl From<Socket> for OwnedFd {
    fn from(socket: Socket) -> Self {
        socket.0
    }
}

impl From<OwnedFd> for Socket {
    fn from(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_borders_and_bring_their_descriptors() {
        let (one, other) = Socket::pair().unwrap();
        let file = tempfile::tempfile().unwrap();
        one.send(&"first", &[file.as_fd()]).unwrap();
        one.send(&"second", &[]).unwrap();
        let (message, descriptors) = other.receive::<String>().unwrap();
        assert_eq!((message.as_str(), descriptors.len()), ("first", 1));
        let (message, descriptors) = other.receive::<String>().unwrap();
        assert_eq!((message.as_str(), descriptors.len()), ("second", 0));
    }

    #[test]
    fn descriptors_of_a_side_that_is_not_trusted_are_not_taken() {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let (one, other) = Socket::pair().unwrap();
        let file = tempfile::tempfile().unwrap();
        one.send(&1, &[file.as_fd()]).unwrap();
        let before = open();
        assert_eq!(other.receive_only::<i32>().unwrap(), 1);
        // Other tests open and close files meanwhile, but seldom exactly one more.
        assert!(open() <= before + 8);
    }

    #[test]
    fn what_is_no_message_and_an_end_are_told_apart() {
        let (one, other) = Socket::pair().unwrap();
        rustix::io::ioctl_fionbio(&other, true).unwrap();
        assert!(matches!(other.receive_only::<u8>(), Err(ChannelError::Empty)));
        one.send(&"text", &[]).unwrap();
        assert!(matches!(other.receive_only::<u8>(), Err(ChannelError::Nonsense(_))));
        assert!(matches!(one.send(&"x".repeat(MESSAGE_BYTES), &[]), Err(ChannelError::Nonsense(_))));
        drop(one);
        assert!(matches!(other.receive_only::<u8>(), Err(ChannelError::Closed)));
        assert!(matches!(other.send(&1, &[]), Err(ChannelError::Closed)));
    }
}
