//! What became of one object that a notification told of.

use serde::Serialize;

/// What became of one object. These all end an invocation well: sending it again would change nothing.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(super) enum Outcome {
    /// The labels were written.
    Labelled { output: String },
    /// They were there already, for the same version of the picture.
    AlreadyLabelled { output: String },
    /// Files were made of it.
    Made { outputs: Vec<String> },
    /// They were there already, for the same version of the picture.
    AlreadyMade { outputs: Vec<String> },
    /// The module has no labels for this object; the reason was written where the labels would be.
    Refused { output: String, reason: String },
    /// The object is larger than an event can carry; said so where the labels would be.
    TooLarge { output: String, reason: String },
    /// Another picture is under this key by now, of which another event tells.
    Superseded,
    /// The object was deleted or renamed before we came.
    Gone,
    /// It is what a bucket's console makes for a folder: an empty object whose key ends in a slash.
    Folder,
    /// It is our own output.
    OwnOutput,
    /// The event tells of something else than a new object.
    NotACreation { event: String },
    /// The record does not say which object it is about, or of one that nothing can be written beside.
    Unreadable { reason: String },
}
