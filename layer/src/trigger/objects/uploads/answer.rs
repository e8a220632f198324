//! What is answered about uploads.

use std::time::Duration;

use contract::ErrorCode;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::id::UploadId;
use crate::trigger::objects::service::Presigned;
use crate::trigger::recognition::Prediction;

/// A place for a picture, for a short time.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(in crate::trigger) struct UploadTicket {
    /// The upload's name; whoever has it may ask for the answer.
    id: String,
    /// The object's key in the bucket.
    key: String,
    /// POST: `fields` and then `file` go to `url` as a form. PUT: the picture itself goes to `url` with `headers`.
    #[schema(value_type = String, example = "POST")]
    method: &'static str,
    /// Where the picture goes.
    #[schema(example = "https://photos.s3.eu-central-1.amazonaws.com/")]
    url: String,
    /// The fields of the form, in this order, before `file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    fields: Option<Pairs>,
    /// The headers that have to go with the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    headers: Option<Pairs>,
    /// Seconds in which the upload has to begin.
    #[schema(example = 300)]
    expires_in: u64,
    /// Where the answer is asked for.
    #[schema(example = "/v1/uploads/692c2620000102030405060708090a0b0c0d0e0f.jpg")]
    result: String,
}

/// Names and values, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pairs(Vec<(String, String)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl UploadTicket {
    pub(super) fn new(
        id: &UploadId,
        key: String,
        presigned: Presigned,
        valid: Duration,
        result: &str,
    ) -> Self {
        let (method, url, fields, headers) = match presigned {
            Presigned::Post { url, fields } => ("POST", url, Some(Pairs(fields)), None),
            Presigned::Put { url, headers } => ("PUT", url, None, Some(Pairs(headers))),
        };
        let result = format!("{result}/{id}");
        Self { id: id.to_string(), key, method, url, fields, headers, expires_in: valid.as_secs(), result }
    }
}

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "status")]
pub(in crate::trigger) enum UploadProgress {
    /// The picture is not there yet, or not recognised yet.
    Pending {
        /// The upload's name.
        id: String,
    },
    /// It was recognised.
    Done {
        /// The upload's name.
        id: String,
        /// The model that was asked, where it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        model: Option<String>,
        /// The likeliest labels, the likeliest first.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        predictions: Option<Vec<Prediction>>,
        /// The lines of a module that tells no numbers.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        labels: Option<Vec<String>>,
        /// Whether the picture may show none of the things that the model knows; left out where it is not so.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unsure: bool,
        /// What should be known of the picture, such as that a part of it is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        notice: Option<String>,
    },
    /// It can't be recognised.
    Failed {
        /// The upload's name.
        id: String,
        /// Why.
        error: UploadFailure,
    },
}

/// Why a picture can't be recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::trigger) struct UploadFailure {
    /// What kind of failure it is.
    pub(in crate::trigger) code: ErrorCode,
    /// What was found, and what would be accepted.
    pub(in crate::trigger) message: String,
}

impl UploadProgress {
    /// The status of an answer with this.
    pub(in crate::trigger) fn http_status(&self) -> u16 {
        if matches!(self, Self::Pending { .. }) { 202 } else { 200 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_form_keep_their_order() {
        let id: UploadId = "692c2620000102030405060708090a0b0c0d0e0f.jpg".parse().unwrap();
        let pairs = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        let post = Presigned::Post { url: "https://b/".into(), fields: pairs(&["key", "b", "a"]) };
        let ticket =
            UploadTicket::new(&id, "uploads/x.jpg".into(), post, Duration::from_secs(300), "/v1/uploads");
        let json = serde_json::to_string(&ticket).unwrap();
        assert!(json.contains(r#""fields":{"key":"x","b":"x","a":"x"},"expires_in":300,"#), "{json}");
        assert!(json.ends_with(&format!(r#""result":"/v1/uploads/{id}"}}"#)), "{json}");
        assert!(!json.contains("headers"), "{json}");
    }

    #[test]
    fn progress_is_one_word_and_what_belongs_to_it() {
        let pending = UploadProgress::Pending { id: "x".into() };
        assert_eq!(serde_json::json!(pending).to_string(), r#"{"id":"x","status":"pending"}"#);
        assert_eq!(pending.http_status(), 202);
        let error = UploadFailure { code: ErrorCode::UnsupportedImage, message: "found GIF".into() };
        let failed = UploadProgress::Failed { id: "x".into(), error };
        assert_eq!(
            serde_json::json!(failed).to_string(),
            r#"{"error":{"code":"unsupported_image","message":"found GIF"},"id":"x","status":"failed"}"#
        );
    }
}
