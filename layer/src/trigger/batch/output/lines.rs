//! JSON lines: <https://jsonlines.org>.

use std::borrow::Cow;
use std::io;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::trigger::batch::photo_name::PhotoName;
use crate::trigger::batch::row::Row;

/// How every line begins, before the name of the photo.
const START: &[u8] = b"{\"path\":\"";

/// What may follow the name: its bytes, or what became of the photo.
const BYTES: &[u8] = b",\"path_base64\":\"";
const RESULTS: [&[u8]; 3] = [b",\"model\":\"", b",\"answer\":", b",\"error\":{\"code\":\""];

/// A row with the end of its line.
pub(super) fn line(row: &Row) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&row.fields())?;
    line.push(b'\n');
    Ok(line)
}

/// Whose row a line is, and whether it tells of an error; None for what is no row, even if it names a photo.
pub(super) fn read(line: &[u8]) -> Option<(PhotoName, bool)> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line<'a> {
        #[serde(borrow)]
        path: Cow<'a, str>,
        path_base64: Option<Cow<'a, str>>,
        model: Option<Cow<'a, str>>,
        predictions: Option<Vec<IgnoredAny>>,
        #[serde(default, rename = "unsure")]
        _unsure: bool,
        #[serde(rename = "notice")]
        _notice: Option<Cow<'a, str>>,
        // An answer may be null.
        #[serde(default, deserialize_with = "present")]
        answer: bool,
        error: Option<Failure<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Failure<'a> {
        #[serde(borrow, rename = "code")]
        _code: Cow<'a, str>,
        #[serde(rename = "message")]
        _message: Cow<'a, str>,
    }
    if !may_be_start_of_row(line) {
        return None;
    }
    let row: Line<'_> = serde_json::from_slice(line).ok()?;
    let is_row = matches!(
        (&row.model, &row.predictions, row.answer, &row.error),
        (Some(_), Some(_), false, None) | (None, None, true, None) | (None, None, false, Some(_))
    );
    let name = PhotoName::written(&row.path, row.path_base64.as_deref()).ok()?;
    is_row.then_some((name, row.error.is_some()))
}

fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

/// Whether a line without an end is a row that was cut off in its middle. A whole line of something else is not.
pub(super) fn was_cut_off(line: &[u8]) -> bool {
    let is_whole = || serde_json::from_slice::<IgnoredAny>(line).is_ok();
    may_be_start_of_row(line) && (read(line).is_some() || !is_whole())
}

/// Whether a row may go on so: the fields that every row has, in their order, as far as `line` goes.
fn may_be_start_of_row(line: &[u8]) -> bool {
    let Some(name) = line.strip_prefix(START) else { return START.starts_with(line) };
    let Some(rest) = after_string(name) else { return true };
    if let Some(bytes) = rest.strip_prefix(BYTES) {
        return after_string(bytes).is_none_or(may_be_start_of_result);
    }
    BYTES.starts_with(rest) || may_be_start_of_result(rest)
}

fn may_be_start_of_result(rest: &[u8]) -> bool {
    RESULTS.iter().any(|start| start.starts_with(rest) || rest.starts_with(start))
}

/// What comes after the string that goes on in `text`; None if that does not end.
fn after_string(text: &[u8]) -> Option<&[u8]> {
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return text.get(at + 1..),
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_name_a_photo_but_are_no_rows_are_told_from_rows() {
        for row in [
            r#"{"path":"a.jpg","model":"m","predictions":[]}"#,
            r#"{"path":"a\"b.jpg","model":"m","predictions":[{"label":"x"}],"unsure":true,"notice":"n"}"#,
            r#"{"path":"�","path_base64":"/w==","answer":null}"#,
            r#"{"path":"a.jpg","answer":{"width":3}}"#,
            r#"{"path":"a.jpg","error":{"code":"timeout","message":"slow"}}"#,
        ] {
            assert!(read(row.as_bytes()).is_some(), "{row}");
            for end in 0..=row.len() {
                assert!(was_cut_off(&row.as_bytes()[..end]), "{row} until {end}");
            }
        }
        for other in [
            r#"{"path":"a.jpg"}"#,
            r#"{"path":"a.jpg","size":3}"#,
            r#"{"path":"a.jpg","label":"cat","answer":1}"#,
            r#"{"path":"a.jpg","answer":1,"size":3}"#,
            r#"{"path":"a.jpg","model":"m"}"#,
            r#"{"path":"a.jpg","model":"m","predictions":[],"answer":1}"#,
            r#"{"path":"a.jpg","error":"none"}"#,
            r#"{"path":"a.jpg","error":{"code":"timeout"}}"#,
            r#"{"path":"a.jpg","path_base64":"*","answer":1}"#,
            r#"{ "path":"a.jpg","answer":1}"#,
        ] {
            assert!(read(other.as_bytes()).is_none() && !was_cut_off(other.as_bytes()), "{other}");
        }
        assert!(
            !was_cut_off(br#"{"path":"a.jpg","size":3"#) && !was_cut_off(br#"{"path":"a.jpg","labels":["#)
        );
    }
}
