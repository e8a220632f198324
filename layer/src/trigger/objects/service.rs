//! What differs between storages.

use super::address::{ObjectAddress, Unaddressable};
use reqwest::{Method, Url};

/// A storage of objects that are reached by signed HTTP requests and told of by notifications.
pub trait Service {
    /// What requests are signed with.
    type Credentials;

    /// The objects that an event tells of; nothing if it isn't a notification of this storage.
    fn notification(&self, event: &[u8]) -> Option<Vec<Record>>;

    /// What requests are signed with, read for every event anew, because temporary credentials run out.
    ///
    /// # Errors
    /// Says what is missing, and what to do about it.
    fn credentials(&self) -> Result<Self::Credentials, String>;

    /// A signed request for an object.
    ///
    /// # Errors
    /// No URL leads to the object.
    fn sign(
        &self,
        method: &Method,
        object: &ObjectAddress,
        credentials: &Self::Credentials,
    ) -> Result<Signed, Unaddressable>;
}

/// A request's address and what its signature adds.
#[derive(Debug)]
pub struct Signed {
    /// Where it goes.
    pub url: Url,
    /// Names and values; secret.
    pub headers: Vec<(&'static str, String)>,
}

/// One object of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The key as it stood in the event, for people.
    pub key: String,
    /// What happened to it.
    pub change: Change,
}

/// What happened to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was created, or written again.
    Created(ObjectAddress),
    /// It was created, but the record does not say which object it is; with the reason.
    Unreadable(String),
    /// Something else; with the storage's word for it.
    Other(String),
}
