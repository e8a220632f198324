//! A channel's end in the front, which must never wait for the other side.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::Interest;
use tokio::net::UnixStream;

use worker::channel::{self, ChannelError, Socket};

/// The front's end of a channel. The type is tokio's for sockets of this family; borders of messages are the socket's own.
#[derive(Debug)]
pub(super) struct AsyncSocket(UnixStream);

impl AsyncSocket {
    /// To be called within a tokio runtime.
    pub(super) fn new(socket: Socket) -> io::Result<Self> {
        let socket = StdStream::from(OwnedFd::from(socket));
        socket.set_nonblocking(true)?;
        Ok(Self(UnixStream::from_std(socket)?))
    }

    /// Receives a message; descriptors that come with it are not taken.
    pub(super) async fn receive<M: DeserializeOwned>(&self) -> Result<M, ChannelError> {
        loop {
            self.0.readable().await.map_err(ChannelError::System)?;
            match self.attempt(Interest::READABLE, || channel::receive_only(self.0.as_fd())) {
                Err(ChannelError::Empty) => {}
                result => return result,
            }
        }
    }

    /// Sends a message with descriptors.
    pub(super) async fn send(
        &self,
        message: &impl Serialize,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(), ChannelError> {
        loop {
            self.0.writable().await.map_err(ChannelError::System)?;
            let send = || channel::send(self.0.as_fd(), message, descriptors);
            match self.attempt(Interest::WRITABLE, send) {
                Err(ChannelError::Empty) => {}
                result => return result,
            }
        }
    }

    /// Tries something that tells by [`ChannelError::Empty`] that the socket is not ready after all.
    fn attempt<T>(
        &self,
        interest: Interest,
        work: impl FnOnce() -> Result<T, ChannelError>,
    ) -> Result<T, ChannelError> {
        let mut failed = None;
        let tried = self.0.try_io(interest, || {
            work().map_err(|error| match error {
                ChannelError::Empty => io::ErrorKind::WouldBlock.into(),
                error => {
                    failed = Some(error);
                    io::ErrorKind::Other.into()
                }
            })
        });
        tried.map_err(|_| failed.unwrap_or(ChannelError::Empty))
    }
}
