//! What functions and the runtime both hold to (docs/architecture.md, "Contract"). Neither side has any of it a second
//! time.
//!
//! ```text
//! code       the kinds of failure: name, HTTP status, exit code      error_body   {"error": {"code", "message"}}
//! http       is this an HTTP event, and of which form; the answer     notice       what an answer says beside itself
//! outcome    exit code, standard output and error → what they mean    note         the host's word beside pixels
//! limits     bounds that both sides know                               utf16        events that came as UTF-16
//! ```

mod code;
mod error_body;
pub mod http;
pub mod limits;
pub mod note;
pub mod notice;
mod outcome;
pub mod utf16;

pub use code::ErrorCode;
pub use error_body::ErrorBody;
pub use http::{HttpAnswer, HttpForm};
pub use outcome::{Outcome, outcome};
