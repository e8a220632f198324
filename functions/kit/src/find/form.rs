//! Finds the picture in a form: the first part that is one, whatever its name, file name or type, and whatever comes
//! before it.

use std::borrow::Cow;

use contract::ErrorCode;

use super::mangled;
use crate::error::FunctionError;
use crate::formats::{self, Format};
use crate::multipart::{self, Part};
use crate::picture::Picture;
use crate::picture_text::is_picture_text;
use crate::urlencoded::{self, Pair};

/// Finds the picture that the bytes of a part hold in another form; also given is the part's type.
type FindWithin<'f> = &'f dyn Fn(Vec<u8>, Option<&str>) -> Result<Picture<'static>, FunctionError>;

/// The picture in a form with `parts` in `body`.
pub(super) fn in_parts<'e>(
    body: Cow<'e, [u8]>,
    parts: &[Part],
    find_within: FindWithin<'_>,
) -> Result<Picture<'e>, FunctionError> {
    let mut search = Search::default();
    for part in parts {
        let content = body.get(part.content.clone()).unwrap_or_default();
        if let Some(format) = Format::sniff(content) {
            return Ok(Picture::new(body, part.content.clone(), format));
        }
        if let Some(picture) =
            search.within(part.name.as_deref(), content, part.content_type.as_deref(), find_within)
        {
            return Ok(picture);
        }
    }
    Err(search.error())
}

/// The fields of a form in one line: where its `content_type` says so, or where a value begins as a picture
/// does.
pub(super) fn pairs_of<'t>(text: &'t str, content_type: Option<&str>) -> Option<Vec<Pair<'t>>> {
    const FORM_TYPE: &str = "application/x-www-form-urlencoded";
    // Base64 has `=` at its end, and behind that nothing.
    let (_, behind) = text.split_once('=')?;
    let is_claimed = content_type.is_some_and(|content_type| {
        content_type.trim().get(..FORM_TYPE.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM_TYPE))
    });
    let has_picture =
        || text.split('&').filter_map(|pair| pair.split_once('=')).any(|(_, value)| is_picture_text(value));
    if behind.trim_matches('=').trim().is_empty() || !(is_claimed || has_picture()) {
        return None;
    }
    urlencoded::pairs(text)
}

/// The picture in the fields of a form in one line.
pub(super) fn in_pairs(
    pairs: &[Pair<'_>],
    find_within: FindWithin<'_>,
) -> Result<Picture<'static>, FunctionError> {
    let mut search = Search::default();
    for (name, value) in pairs {
        if Format::sniff(value).is_some() {
            return find_within(value.to_vec(), None);
        }
        if let Some(picture) = search.within(Some(name), value, None, find_within) {
            return Ok(picture);
        }
    }
    Err(search.error())
}

/// What was found so far that is no picture.
#[derive(Default)]
struct Search {
    found: Vec<String>,
    has_content: bool,
    /// Why the first part that looked like a picture is none.
    refused: Option<FunctionError>,
}

/// Parts that a message names.
const MAX_NAMED: usize = 5;

/// Characters of a name that a message has.
const MAX_NAME_CHARACTERS: usize = 40;

impl Search {
    /// The picture that a part holds in another form.
    fn within(
        &mut self,
        name: Option<&str>,
        content: &[u8],
        content_type: Option<&str>,
        find_within: FindWithin<'_>,
    ) -> Option<Picture<'static>> {
        let text = std::str::from_utf8(content).unwrap_or_default().trim_start_matches('\u{feff}').trim();
        let is_form = content_type.is_some_and(multipart::is_multipart);
        let is_likely =
            formats::is_known(content) || is_form || is_picture_text(text.trim_start_matches('"'));
        if is_likely || text.starts_with('{') {
            match find_within(content.to_vec(), content_type) {
                Ok(picture) => return Some(picture),
                Err(error) if is_likely => drop(self.refused.get_or_insert(error)),
                // Data about the picture, or about anything else.
                Err(_) => {}
            }
        } else if mangled::is_replaced(content) {
            self.refused.get_or_insert_with(mangled::error);
        }
        self.note(name, content);
        None
    }

    fn note(&mut self, name: Option<&str>, content: &[u8]) {
        let description = match content.trim_ascii() {
            [] => "empty",
            content => {
                self.has_content = true;
                formats::name(content)
            }
        };
        if self.found.len() < MAX_NAMED {
            let name: String = name.unwrap_or_default().chars().take(MAX_NAME_CHARACTERS).collect();
            self.found.push(format!("{name:?} ({description})"));
        } else if self.found.len() == MAX_NAMED {
            self.found.push("others".to_owned());
        }
    }

    fn error(self) -> FunctionError {
        if let Some(error) = self.refused {
            return error;
        }
        if self.found.is_empty() {
            return FunctionError::no_picture("the form can't be read: it has no part");
        }
        let code = if self.has_content { ErrorCode::UnsupportedImage } else { ErrorCode::BadRequest };
        let found = self.found.join(", ");
        FunctionError::new(
            code,
            format!("no part of the form is a picture: found {found}; accepted are JPEG and PNG"),
        )
    }
}
