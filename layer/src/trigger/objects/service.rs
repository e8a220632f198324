//! What differs between storages.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::Method;

use super::address::{ObjectAddress, Unaddressable};

/// A storage of objects that are reached by signed HTTP requests and told of by notifications.
pub trait Service: Debug + Send + Sync + 'static {
    /// How the name of an object begins where objects of several storages are kept: `s3`.
    const SCHEME: &str;

    /// How headers begin that an object keeps for its owner: `x-amz-meta-`.
    const METADATA: &str;

    /// The header with the version of an object that was written or read.
    const VERSION: &str;

    /// Whether a write can depend on what is there (`If-None-Match`, `If-Match`).
    const CONDITIONAL: bool;

    /// Where to read how the function gets its rights.
    const DOCUMENT: &str;

    /// What requests are signed with.
    type Credentials: Send + Sync;

    /// The objects that an event tells of; nothing if it isn't a notification of this storage.
    fn notification(&self, event: &[u8]) -> Option<Vec<Record>>;

    /// What requests are signed with, asked for with every event anew, because temporary credentials run out.
    ///
    /// # Errors
    /// Says what is missing, and what to do about it.
    fn credentials(&self) -> impl Future<Output = Result<Self::Credentials, String>> + Send;

    /// A signed request for an object.
    ///
    /// # Errors
    /// No URL leads to the object.
    fn sign(&self, request: &Unsigned<'_>, credentials: &Self::Credentials) -> Result<Signed, Unaddressable>;

    /// The parameters of a request for the names in a bucket that begin with `prefix`, at most `most`, from the first one after
    /// `after` on. Names are asked for percent-encoded: XML has no letters for some.
    fn listing(&self, prefix: &str, after: &str, most: usize) -> Vec<(&'static str, String)>;

    /// What lets somebody without credentials put one object, once more or less, for a short time.
    ///
    /// # Errors
    /// No URL leads to the object.
    fn presign(
        &self,
        upload: &Upload<'_>,
        credentials: &Self::Credentials,
    ) -> Result<Presigned, Unaddressable>;

    /// The region in which a bucket is that was named without one.
    ///
    /// # Errors
    /// Says which variable is missing.
    fn home_region(&self) -> Result<String, String>;
}

/// A request for an object, as far as it is signed.
#[derive(Clone, Debug)]
pub struct Unsigned<'a> {
    /// GET, HEAD or PUT.
    pub method: Method,
    /// What is asked for.
    pub object: &'a ObjectAddress,
    /// Names and values, not encoded; a name without a value has an empty one.
    pub query: Vec<(&'static str, String)>,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Bytes,
}

/// A request's address and what its signature adds.
#[derive(Debug)]
pub struct Signed {
    /// Where it goes.
    pub url: String,
    /// Names and values; secret.
    pub headers: Vec<(&'static str, String)>,
}

/// One object that somebody may put.
#[derive(Clone, Debug)]
pub struct Upload<'a> {
    /// Where it goes, and nowhere else.
    pub object: &'a ObjectAddress,
    /// Its type, and no other.
    pub content_type: &'a str,
    /// Its size in bytes, and no other.
    pub size: u64,
    /// What it keeps: names without [`Service::METADATA`], and values.
    pub metadata: &'a [(&'static str, String)],
    /// From when on.
    pub now: SystemTime,
    /// For how long.
    pub valid: Duration,
}

impl Upload<'_> {
    /// The headers that it has to come with: its type, and what is kept with the object under names that begin with `prefix`.
    pub fn headers(&self, prefix: &str) -> Vec<(String, String)> {
        let metadata = self.metadata.iter().map(|(name, value)| (format!("{prefix}{name}"), value.clone()));
        std::iter::once(("content-type".to_owned(), self.content_type.to_owned())).chain(metadata).collect()
    }
}

/// How an object is put by somebody without credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presigned {
    /// A form: these fields in this order, and then `file`.
    Post {
        /// Where it goes.
        url: String,
        /// Names and values.
        fields: Vec<(String, String)>,
    },
    /// The object itself, with these headers.
    Put {
        /// Where it goes.
        url: String,
        /// Names and values.
        headers: Vec<(String, String)>,
    },
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
    Created(Created),
    /// It was created, but the record does not say which object it is; with the reason.
    Unreadable(String),
    /// Something else; with the storage's word for it.
    Other(String),
}

/// An object that was created, and what the record says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Where it is.
    pub address: ObjectAddress,
    /// Its version, in a bucket that keeps versions.
    pub version: Option<String>,
    /// What its contents are called, without quotes.
    pub etag: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Hexadecimal digits that tell which of two events about one key came later.
    pub sequencer: Option<String>,
    /// Whether the key may stand percent-encoded in the record.
    pub may_be_encoded: bool,
}

impl Created {
    /// An object of which nothing else is known.
    pub fn at(address: ObjectAddress) -> Self {
        Self { address, version: None, etag: None, size: None, sequencer: None, may_be_encoded: false }
    }
    /// The address with its key decoded, where that may be meant.
    pub(super) fn decoded(&self) -> Option<ObjectAddress> {
        self.address.percent_decoded().filter(|_| self.may_be_encoded)
    }
}
