//! The contract between functions and the runtime (docs/architecture.md, "Contract"). Both use these definitions, so that
//! neither has a copy.
//!
//! ```text
//! code       error codes: name, HTTP status, exit code               error_body   {"error": {"code", "message"}}
//! http       is this an HTTP event, in which form; its answer        notice       remarks that go with an answer
//! outcome    exit code, standard output and error → their meaning    note         the host's remark beside pixels
//! limits     limits that both sides know                             utf16        events encoded as UTF-16
//! unsure     the line of an answer that may be wrong                 file         answers that are files, such as pictures
//! settings   what a function is started with                        about        what a function says of itself
//! pictures   requests of what our host does with pictures
//! ```

pub mod about;
mod code;
mod error_body;
pub mod file;
pub mod http;
pub mod limits;
pub mod note;
pub mod notice;
mod outcome;
pub mod pictures;
pub mod settings;
pub mod unsure;
pub mod utf16;

pub use code::ErrorCode;
pub use error_body::ErrorBody;
pub use http::{HttpAnswer, HttpForm};
pub use outcome::{Outcome, outcome};
