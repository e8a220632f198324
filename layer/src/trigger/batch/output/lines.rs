//! JSON lines: <https://jsonlines.org>.

use std::borrow::Cow;
use std::io;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::trigger::batch::photo_name::PhotoName;
use crate::trigger::batch::row::Row;

/// How every line begins.
pub(super) const START: &[u8] = b"{\"path\":\"";

/// A row with the end of its line.
pub(super) fn line(row: &Row) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&row.fields())?;
    line.push(b'\n');
    Ok(line)
}

/// Whose row a line is, and whether it tells of an error; None for what is no row.
pub(super) fn read(line: &[u8]) -> Option<(PhotoName, bool)> {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        path: Cow<'a, str>,
        path_base64: Option<Cow<'a, str>>,
        error: Option<IgnoredAny>,
    }
    if !line.starts_with(START) {
        return None;
    }
    let Line { path, path_base64, error } = serde_json::from_slice(line).ok()?;
    Some((PhotoName::written(&path, path_base64.as_deref()).ok()?, error.is_some()))
}
