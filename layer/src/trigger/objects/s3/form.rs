//! The form with which somebody without credentials puts one object.
//!
//! Form: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>.

use serde_json::json;

use super::signature::Signer;
use crate::trigger::objects::service::{Service as _, Upload};

/// The fields, in the order in which they are sent before `file`. The policy names each of them with its only value, and the
/// size of the file.
pub(super) fn fields(upload: &Upload<'_>, signer: &Signer<'_>) -> Vec<(String, String)> {
    let mut fields = vec![
        ("key".to_owned(), upload.object.key.clone()),
        ("Content-Type".to_owned(), upload.content_type.to_owned()),
        // Pages read the answer by its status.
        ("success_action_status".to_owned(), "201".to_owned()),
    ];
    let metadata = upload.metadata.iter();
    fields.extend(metadata.map(|(name, value)| (format!("{}{name}", super::S3::METADATA), value.clone())));
    let signed = signer.form(|signers| {
        let named = fields.iter().map(|(name, value)| (name.as_str(), value));
        let named = named.chain(signers.iter().map(|(name, value)| (*name, value)));
        let mut conditions: Vec<_> = named.map(|(name, value)| json!({name: value})).collect();
        conditions.push(json!({"bucket": upload.object.bucket}));
        conditions.push(json!(["content-length-range", upload.size, upload.size]));
        let expiration = humantime::format_rfc3339_millis(upload.now + upload.valid).to_string();
        json!({"expiration": expiration, "conditions": conditions}).to_string()
    });
    fields.extend(signed.into_iter().map(|(name, value)| (name.to_owned(), value)));
    fields
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64_simd::STANDARD;
    use serde_json::Value;

    use super::*;
    use crate::trigger::objects::ObjectAddress;
    use crate::trigger::objects::s3::credentials::Credentials;

    #[test]
    fn the_policy_leaves_nothing_open() {
        let object = ObjectAddress {
            bucket: "photos".into(),
            region: "eu-central-1".into(),
            key: "uploads/x.jpg".into(),
        };
        let credentials =
            Credentials { key_id: "id".into(), secret_key: "key".into(), token: Some("TOKEN".into()) };
        let now = humantime::parse_rfc3339("2026-11-30T08:00:00Z").unwrap();
        let upload = Upload {
            object: &object,
            content_type: "image/jpeg",
            size: 1234,
            metadata: &[("vision-lang", "zh".to_owned())],
            now,
            valid: Duration::from_secs(300),
        };
        let fields = fields(&upload, &Signer::new(&credentials, "eu-central-1", now));
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "key",
                "Content-Type",
                "success_action_status",
                "x-amz-meta-vision-lang",
                "x-amz-algorithm",
                "x-amz-credential",
                "x-amz-date",
                "x-amz-security-token",
                "policy",
                "x-amz-signature"
            ]
        );
        let policy = &fields.iter().find(|(name, _)| name == "policy").unwrap().1;
        let policy: Value = serde_json::from_slice(&STANDARD.decode_to_vec(policy).unwrap()).unwrap();
        assert_eq!(policy["expiration"], "2026-11-30T08:05:00.000Z");
        let conditions = policy["conditions"].as_array().unwrap();
        // Every field but the policy and its signature is named, then the bucket and the size.
        for (name, value) in fields.iter().take(8) {
            assert!(conditions.contains(&json!({name: value})), "{name}");
        }
        assert!(conditions.contains(&json!({"bucket": "photos"})));
        assert!(conditions.contains(&json!(["content-length-range", 1234, 1234])));
        assert_eq!(conditions.len(), 10);
    }
}
