//! The function `thumbnail`: small pictures of a picture (docs/thumbnail.md).
//!
//! ```text
//! options   what is wanted, from the event        sizes     how large each becomes, and what is cut off
//! making    one decoding → all pictures           file      pixels → JPEG or PNG, and what it is called
//! ```

mod file;
mod making;
mod options;
mod sizes;

use kit::{Answer, Event, FunctionError};

pub use options::{Fit, Options};
pub use sizes::{Plan, plan};

/// The function's name.
pub const NAME: &str = "thumbnail";

/// Answers one picture, or several files.
///
/// # Errors
/// `bad_request` for options that are none, and what the kit says of the picture.
pub fn thumbnail(event: &Event<'_>) -> Result<Answer, FunctionError> {
    let options = Options::of(event)?;
    let picture = event.picture()?;
    let described = picture.describe()?;
    let made = making::make(&picture, &described, &options)?;
    let mut files = made
        .pictures
        .iter()
        .map(|(size, raster)| file::of(*size, raster, &options))
        .collect::<Result<Vec<_>, _>>()?;
    let answer = match files.pop() {
        Some(only) if files.is_empty() => {
            Answer::bytes(only.content_type, only.bytes).with_suffix(only.suffix)
        }
        Some(last) => Answer::files({
            files.push(last);
            files
        }),
        None => return Err(FunctionError::internal("no size was wanted")),
    };
    Ok(answer.with_notice(made.notice))
}
