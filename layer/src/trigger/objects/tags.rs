//! The likeliest label as a tag of the picture, beside the tags that it has.
//!
//! Form: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>; COS has the same.

use std::fmt::Write as _;
use std::time::Instant;

use base64_simd::STANDARD;
use md5::{Digest as _, Md5};
use thiserror::Error;

use super::client::{Ask, Storage, StorageError};
use super::service::{Created, Service};

/// The tag's name.
const NAME: &str = "vision-label";

/// Tags that an object may have.
const MAX_TAGS: usize = 10;

/// Letters of a tag's value.
const MAX_LETTERS: usize = 128;

/// Bytes of an object's list of tags: ten of them, with all that escapes may add.
const TAGS_BYTES: usize = 64 << 10;

/// Names and values.
pub(super) type Tags = Vec<(String, String)>;

/// Why a picture could not be tagged.
#[derive(Debug, Error)]
pub(super) enum TagError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the tags of {key}: {reason}")]
    Unreadable { key: String, reason: String },
}

/// Tags a picture with `label`, unless it was deleted meanwhile.
///
/// # Errors
/// The storage's, and a list of tags that can't be read.
pub(super) async fn add<S: Service>(
    storage: &Storage<S>,
    picture: &Created,
    label: &str,
    credentials: &S::Credentials,
    deadline: Instant,
) -> Result<(), TagError> {
    let (object, version) = (&picture.address, picture.version.as_deref());
    let ask = Ask::read(object, TAGS_BYTES).to("read the tags of");
    let found = match storage.ask(&of_tags(ask, version), credentials, deadline).await {
        Err(StorageError::NotFound) => return Ok(()),
        found => found?,
    };
    let found =
        read(&found.body).map_err(|reason| TagError::Unreadable { key: object.key.clone(), reason })?;
    let Some(tagged) = with_label(found, label) else { return Ok(()) };
    let (xml, sum) = written(&tagged);
    let ask = Ask::write(object, "application/xml", xml.into()).to("tag").header("content-md5", sum);
    storage.ask(&of_tags(ask, version), credentials, deadline).await?;
    Ok(())
}

/// The same request for an object's tags instead of the object.
fn of_tags<'a>(ask: Ask<'a>, version: Option<&str>) -> Ask<'a> {
    ask.query("tagging", Some("")).query("versionId", version)
}

/// The tags in a storage's answer.
///
/// # Errors
/// It is no list of tags.
pub(super) fn read(xml: &[u8]) -> Result<Tags, String> {
    let text = std::str::from_utf8(xml).map_err(|error| error.to_string())?;
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let text_of = |tag: roxmltree::Node<'_, '_>, name: &str| {
        let child = tag.children().find(|child| child.tag_name().name() == name)?;
        Some(child.text().unwrap_or_default().to_owned())
    };
    let tags = document.descendants().filter(|node| node.tag_name().name() == "Tag");
    tags.map(|tag| Some((text_of(tag, "Key")?, text_of(tag, "Value")?)))
        .collect::<Option<_>>()
        .ok_or_else(|| "a tag has no key or no value".to_owned())
}

/// The tags with this label among them; nothing where they have it already, or where there is no room.
pub(super) fn with_label(mut tags: Tags, label: &str) -> Option<Tags> {
    let value = value(label);
    let is_full = tags.len() >= MAX_TAGS;
    match tags.iter_mut().find(|(name, _)| name == NAME) {
        Some((_, old)) if *old == value => return None,
        Some((_, old)) => *old = value,
        None if is_full => {
            tracing::warn!("the picture has {MAX_TAGS} tags already, so it gets none with its label");
            return None;
        }
        None => tags.push((NAME.to_owned(), value)),
    }
    Some(tags)
}

/// The document that a storage takes, and its sum, without which it doesn't.
pub(super) fn written(tags: &Tags) -> (String, String) {
    let mut xml = String::from("<Tagging><TagSet>");
    for (name, value) in tags {
        // Writing to a String can't fail.
        let _ = write!(xml, "<Tag><Key>{}</Key><Value>{}</Value></Tag>", escaped(name), escaped(value));
    }
    xml.push_str("</TagSet></Tagging>");
    let sum = STANDARD.encode_to_string(Md5::digest(xml.as_bytes()));
    (xml, sum)
}

/// A label in the letters that a tag may have.
fn value(label: &str) -> String {
    let taken = |letter: char| {
        let is_taken = letter.is_alphanumeric() || letter == ' ' || "+-=._:/@".contains(letter);
        if is_taken { letter } else { '_' }
    };
    label.chars().map(taken).take(MAX_LETTERS).collect::<String>().trim().to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_tags_that_a_picture_has_stay() {
        let answer = br#"<?xml version="1.0" encoding="UTF-8"?>
            <Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>
              <Tag><Key>project</Key><Value>a &amp; b</Value></Tag><Tag><Key>empty</Key><Value/></Tag>
            </TagSet></Tagging>"#;
        let read = read(answer).unwrap();
        assert_eq!(read, tags(&[("project", "a & b"), ("empty", "")]));
        let with = with_label(read, "Vine tomato").unwrap();
        assert_eq!(with.last().unwrap(), &("vision-label".to_owned(), "Vine tomato".to_owned()));
        assert_eq!(super::read(written(&with).0.as_bytes()).unwrap(), with);
        assert_eq!(with_label(with.clone(), "Vine tomato"), None);
        assert_eq!(with_label(with, "Lemon").unwrap().len(), 3);
    }

    #[test]
    fn a_picture_with_ten_tags_keeps_them() {
        let ten: Tags = (0..10).map(|number| (number.to_string(), String::new())).collect();
        assert_eq!(with_label(ten, "Lemon"), None);
    }

    #[test]
    fn a_label_is_written_in_the_letters_of_tags() {
        assert_eq!(value("Café, 100% (番茄)"), "Café_ 100_ _番茄_");
        assert_eq!(value(&"x".repeat(500)).len(), MAX_LETTERS);
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for xml in ["", "<a", "<Tagging><TagSet><Tag><Key>x</Key></Tag></TagSet></Tagging>"] {
            assert!(read(xml.as_bytes()).is_err(), "{xml}");
        }
        assert_eq!(read(b"<Tagging><TagSet/></Tagging>").unwrap(), tags(&[]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(xml in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(read(&xml));
        }

        #[test]
        fn what_is_written_is_read_again(name in "[ -~é番]{1,20}", value in "[ -~é番]{0,20}") {
            let tags = vec![(name, value)];
            prop_assert_eq!(read(written(&tags).0.as_bytes()).unwrap(), tags);
        }
    }
}
