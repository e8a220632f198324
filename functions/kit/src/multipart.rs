//! Forms with parts (`multipart/form-data`, also `/related` and `/mixed`; RFC 2046, 5.1 and RFC 7578), as they come from
//! browsers, phones and scripts: with either line end, with boundaries in quotes or without one, and cut off.
//!
//! This module only finds where the parts are; others find out what they contain.

use std::ops::Range;

use memchr::memmem;

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its name in the form; names that are not UTF-8 have U+FFFD in them.
    pub(crate) name: Option<String>,
    /// Its content type.
    pub(crate) content_type: Option<String>,
    /// Where its content stands in the body.
    pub(crate) content: Range<usize>,
}

/// A boundary is shorter than that (RFC 2046: 70), and so is a line that could be one.
const MAX_BOUNDARY_BYTES: usize = 200;

/// The headers of a part are shorter than that.
const MAX_HEADER_BYTES: usize = 16 << 10;

/// Parts that are looked at.
const MAX_PARTS: usize = 1000;

/// The parts of a form; None where `body` is none, neither by `content_type` nor by how it starts.
pub(crate) fn parts(body: &[u8], content_type: Option<&str>) -> Option<Vec<Part>> {
    let claims = content_type.is_some_and(is_multipart);
    let named = content_type.filter(|_| claims).and_then(|content_type| parameter(content_type, "boundary"));
    let boundary = named
        .map(String::into_bytes)
        .filter(|boundary| !boundary.is_empty() && next_line(body, boundary, 0).is_some())
        .or_else(|| first_line_boundary(body, claims));
    match boundary {
        Some(boundary) => Some(between(body, &boundary)),
        None => claims.then(Vec::new),
    }
}

pub(crate) fn is_multipart(content_type: &str) -> bool {
    content_type.trim_start().get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/"))
}

/// The boundary that the first line of `body` is made of, if a header of a part follows it; where the body is known to
/// be a form, the line is enough.
fn first_line_boundary(body: &[u8], is_form: bool) -> Option<Vec<u8>> {
    let start = body.iter().take(4).take_while(|byte| byte.is_ascii_whitespace()).count();
    let body = body.get(start..)?;
    let end = body.iter().take(MAX_BOUNDARY_BYTES).position(|&byte| byte == b'\n')?;
    let boundary = body.get(..end)?.trim_ascii_end().strip_prefix(b"--")?;
    let behind = body.get(end + 1..)?;
    let has_header = behind.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
    (!boundary.is_empty() && (is_form || has_header)).then(|| boundary.to_vec())
}

/// A line that parts two parts.
struct Line {
    /// Where the content before it ends: its line end belongs to this line.
    before: usize,
    /// Where what comes behind it starts.
    behind: usize,
    /// Whether it is the last one.
    is_last: bool,
}

/// The first line of the boundary at or behind `from`.
fn next_line(body: &[u8], boundary: &[u8], from: usize) -> Option<Line> {
    let dashed = [b"--", boundary].concat();
    let rest = body.get(from..)?;
    memmem::find_iter(rest, &dashed).find_map(|found| line_at(body, from + found, dashed.len()))
}

/// The line at `start`, if it is one: what begins with a boundary need not be one.
fn line_at(body: &[u8], start: usize, length: usize) -> Option<Line> {
    let head = body.get(..start)?;
    let before = match head {
        [.., b'\r', b'\n'] => start - 2,
        [.., b'\n'] => start - 1,
        [] => 0,
        _ => return None,
    };
    let end = start + length;
    let tail = body.get(end..)?;
    if tail.starts_with(b"--") {
        return Some(Line { before, behind: end + 2, is_last: true });
    }
    let blanks = tail.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    match tail.get(blanks..)? {
        [b'\r', b'\n', ..] => Some(Line { before, behind: end + blanks + 2, is_last: false }),
        [b'\n', ..] => Some(Line { before, behind: end + blanks + 1, is_last: false }),
        [] => Some(Line { before, behind: end + blanks, is_last: true }),
        _ => None,
    }
}

/// The parts between the lines of a boundary; a form that was cut off ends with its last part.
fn between(body: &[u8], boundary: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut line = next_line(body, boundary, 0);
    while let Some(Line { behind, is_last: false, .. }) = line {
        if parts.len() == MAX_PARTS {
            break;
        }
        let next = next_line(body, boundary, behind);
        let end = next.as_ref().map_or(body.len(), |next| next.before.max(behind));
        parts.push(part(body, behind..end));
        line = next;
    }
    parts
}

/// A part by its headers, which end with an empty line.
fn part(body: &[u8], range: Range<usize>) -> Part {
    let mut part = Part { name: None, content_type: None, content: range.end..range.end };
    let bytes = body.get(range.clone()).unwrap_or_default();
    let mut at = 0;
    while at < MAX_HEADER_BYTES {
        let Some(length) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) else {
            break;
        };
        let line = bytes.get(at..at + length).unwrap_or_default().trim_ascii_end();
        at += length + 1;
        if line.is_empty() {
            part.content = range.start + at..range.end;
            break;
        }
        let line = String::from_utf8_lossy(line);
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-disposition") {
            part.name = parameter(value, "name");
        } else if name.eq_ignore_ascii_case("content-type") {
            part.content_type = Some(value.trim().to_owned());
        }
    }
    part
}

/// A parameter of a header such as `form-data; name="a;b"; filename=c`.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, behind) = rest.split_once('=')?;
        // Where a parameter has no value, its name ends before the next one.
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        let (value, behind) = value(behind.trim_start());
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = behind;
    }
}

/// A value, in quotes or not, and what stands behind it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            // Only a quote is escaped: names such as C:\a.jpg come with single backslashes.
            '\\' if quoted[at + 1..].starts_with('"') => {
                value.push('"');
                characters.next();
            }
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests;
