//! What is asked for: `{"content_type": "image/jpeg", "size": 12345678, "lang": "zh"}`.

use contract::ErrorCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::id::Kind;
use super::refusal::Refusal;

/// A picture that is to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::trigger) struct NewUpload {
    /// Its format.
    pub(in crate::trigger) kind: Kind,
    /// Its bytes.
    pub(in crate::trigger) size: u64,
    /// The language of its labels, where another than English is wanted.
    pub(in crate::trigger) language: Option<String>,
}

/// A picture that is to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewUpload)]
pub(in crate::trigger) struct NewUploadJson {
    /// The picture's type, which has to be its own.
    #[schema(example = "image/jpeg")]
    content_type: String,
    /// The picture's size in bytes, exactly.
    #[schema(minimum = 1, example = 12_345_678)]
    size: u64,
    /// The language of the labels.
    #[serde(default)]
    #[schema(nullable = false, pattern = "^[A-Za-z0-9-]{1,16}$", example = "en")]
    lang: Option<String>,
}

/// Bytes of such a request.
pub(in crate::trigger) const MAX_REQUEST_BYTES: usize = 4 << 10;

impl NewUpload {
    /// Reads a request's body.
    ///
    /// # Errors
    /// Says what was found, and what is accepted.
    pub(in crate::trigger) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let bad = |message: String| (ErrorCode::BadRequest, message);
        if body.len() > MAX_REQUEST_BYTES {
            let message =
                format!("the request has {} bytes, accepted are up to {MAX_REQUEST_BYTES}", body.len());
            return Err((ErrorCode::TooLarge, message));
        }
        let NewUploadJson { content_type, size, lang } = serde_json::from_slice(body).map_err(|error| {
            bad(format!(r#"the body is not as expected: {error}; accepted is {{"content_type": "image/jpeg", "size": 12345678}}"#))
        })?;
        let kind = Kind::of_type(&content_type).ok_or_else(|| {
            let found: String = content_type.chars().take(60).collect();
            (
                ErrorCode::UnsupportedImage,
                format!("content_type is {found:?}, accepted are image/jpeg and image/png"),
            )
        })?;
        if size == 0 {
            return Err(bad("size is 0, accepted is the size of a picture in bytes".to_owned()));
        }
        let is_language = |text: &String| {
            (1..=16).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if lang.as_ref().is_some_and(|lang| !is_language(lang)) {
            return Err(bad("lang is no language, accepted are en and zh".to_owned()));
        }
        Ok(Self { kind, size, language: lang })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_names_type_and_size_and_perhaps_a_language() {
        let parse = |text: &str| NewUpload::parse(text.as_bytes());
        let jpeg = NewUpload { kind: Kind::Jpeg, size: 12_345_678, language: None };
        assert_eq!(parse(r#"{"content_type": "image/jpeg", "size": 12345678}"#), Ok(jpeg.clone()));
        assert_eq!(
            parse(r#"{"size": 12345678, "content_type": "Image/JPEG", "more": [1]}"#),
            Ok(jpeg.clone())
        );
        assert_eq!(
            parse(r#"{"content_type": "image/png", "size": 1, "lang": "zh"}"#),
            Ok(NewUpload { kind: Kind::Png, size: 1, language: Some("zh".into()) })
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, code, message) in [
            ("", ErrorCode::BadRequest, "accepted is"),
            ("[]", ErrorCode::BadRequest, "accepted is"),
            (r#"{"size": 1}"#, ErrorCode::BadRequest, "content_type"),
            (r#"{"content_type": "image/jpeg"}"#, ErrorCode::BadRequest, "size"),
            (r#"{"content_type": "image/jpeg", "size": -1}"#, ErrorCode::BadRequest, "size"),
            (r#"{"content_type": "image/jpeg", "size": 1.5}"#, ErrorCode::BadRequest, "1.5"),
            (r#"{"content_type": "image/jpeg", "size": 0}"#, ErrorCode::BadRequest, "size is 0"),
            (r#"{"content_type": "image/jpeg", "size": 1, "lang": "a b"}"#, ErrorCode::BadRequest, "lang"),
            (
                r#"{"content_type": "text/html", "size": 1}"#,
                ErrorCode::UnsupportedImage,
                "image/jpeg and image/png",
            ),
        ] {
            let (found, said) = NewUpload::parse(text.as_bytes()).unwrap_err();
            assert!(found == code && said.contains(message), "{text}: {found:?} {said}");
        }
        let (code, _) = NewUpload::parse(&[b' '; MAX_REQUEST_BYTES + 1]).unwrap_err();
        assert_eq!(code, ErrorCode::TooLarge);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_or_not(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(NewUpload::parse(&body));
        }

        #[test]
        fn what_is_taken_can_stand_in_a_header(
            content_type in "(image/(jpeg|png)|.{0,20})", size: u64, lang in proptest::option::of(".{0,20}")
        ) {
            let body = serde_json::json!({"content_type": content_type, "size": size, "lang": lang}).to_string();
            if let Ok(new) = NewUpload::parse(body.as_bytes()) {
                prop_assert!(new.size > 0);
                let is_plain = |text: &String| text.bytes().all(|byte| byte.is_ascii_graphic());
                prop_assert!(new.language.iter().all(is_plain));
            }
        }
    }
}
