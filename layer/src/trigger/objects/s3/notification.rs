//! S3's notifications, and those of MinIO, which have the same records.
//!
//! Form: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>. What is read ends up
//! in the host name of a signed request, so nothing that is no bucket or region gets through.

use percent_encoding::percent_decode;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

use crate::trigger::objects::address::ObjectAddress;
use crate::trigger::objects::service::{Change, Created, Record};

/// `{"Records": [{"s3": …, "eventName": …}]}`
#[derive(Debug, Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<S3Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct S3Record {
    s3: Entity,
    #[serde(default, deserialize_with = "text_of_any")]
    event_name: String,
    #[serde(default, deserialize_with = "text_of_any")]
    aws_region: String,
}

#[derive(Debug, Deserialize)]
struct Entity {
    #[serde(default)]
    bucket: Bucket,
    #[serde(default)]
    object: Object,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Bucket {
    #[serde(deserialize_with = "text_of_any")]
    name: String,
}

/// Everything but the key may be missing, or of another kind in other people's events.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Object {
    #[serde(deserialize_with = "text_of_any")]
    key: String,
    size: Value,
    e_tag: Value,
    version_id: Value,
    sequencer: Value,
}

/// A text; of anything else nothing: one odd record must not cost the others their labels.
fn text_of_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        _ => String::new(),
    })
}

/// The records of an event; nothing if it has none of S3.
pub(super) fn parse(event: &[u8], home_region: &str) -> Option<Vec<Record>> {
    let Notification { records } = serde_json::from_slice(event).ok()?;
    Some(records.into_iter().map(|record| record.into_record(home_region)).collect())
}

impl S3Record {
    /// The same in the terms of any storage.
    fn into_record(self, home_region: &str) -> Record {
        // MinIO puts `s3:` in front.
        let event = self.event_name.strip_prefix("s3:").unwrap_or(&self.event_name);
        let change = if event.starts_with("ObjectCreated:") {
            self.created(home_region).map_or_else(Change::Unreadable, Change::Created)
        } else {
            Change::Other(self.event_name.clone())
        };
        Record { key: self.s3.object.key, change }
    }

    /// Which object it is.
    ///
    /// # Errors
    /// Says which field is missing or strange.
    fn created(&self, home_region: &str) -> Result<Created, String> {
        let Entity { bucket: Bucket { name }, object } = &self.s3;
        check_bucket(name).map_err(|error| error.to_string())?;
        // MinIO names a region only if it was told one.
        let region = if self.aws_region.is_empty() { home_region } else { &self.aws_region };
        check_region(region)?;
        let key = decoded(&object.key)
            .ok_or_else(|| format!("the key {:?} is not UTF-8 when decoded", object.key))?;
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        let text = |value: &Value| value.as_str().filter(|text| is_word(text)).map(str::to_owned);
        Ok(Created {
            address: ObjectAddress { bucket: name.clone(), region: region.to_owned(), key },
            // A bucket whose versions are suspended calls its one version so.
            version: text(&object.version_id).filter(|version| version != "null"),
            etag: text(&object.e_tag),
            size: object.size.as_u64(),
            sequencer: text(&object.sequencer)
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit())),
            may_be_encoded: false,
        })
    }
}

/// Keys are encoded as forms are: `+` is a blank.
fn decoded(key: &str) -> Option<String> {
    let blanks: Vec<u8> = key.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&blanks).decode_utf8().ok().map(|key| key.into_owned())
}

/// What goes into a header or a query.
fn is_word(text: &str) -> bool {
    (1..=1024).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
}

/// A bucket's name: lower-case letters, digits, dots and hyphens
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
///
/// # Errors
/// Says what was found and what is accepted.
pub fn check_bucket(bucket: &str) -> Result<(), BucketError> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if (3..=63).contains(&bucket.len()) && bucket.split('.').all(is_label) {
        Ok(())
    } else {
        Err(BucketError(bucket.to_owned()))
    }
}

/// What was given is no bucket's name.
#[derive(Debug, Error)]
#[error("found the bucket {0:?}, accepted is a name of 3 to 63 lower-case letters, digits, dots and hyphens")]
pub struct BucketError(String);

pub(super) fn check_region(region: &str) -> Result<(), String> {
    let is_region = (1..=32).contains(&region.len())
        && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_region { Ok(()) } else { Err(format!("{region:?} is no region")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;
    use serde_json::json;

    /// The record of an object, in S3's form.
    fn event(bucket: &str, key: &str) -> Value {
        json!({"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1",
            "eventTime": "2026-11-30T08:00:00.000Z", "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": "labels",
                "bucket": {"name": bucket, "arn": format!("arn:aws:s3:::{bucket}")},
                "object": {"key": key, "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                           "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko", "sequencer": "0055AED6DCD90281E5"}
            }
        }]})
    }

    fn change(event: &Value) -> Change {
        parse(event.to_string().as_bytes(), "us-east-1").unwrap().remove(0).change
    }

    fn created(event: &Value) -> Result<Created, String> {
        match change(event) {
            Change::Created(created) => Ok(created),
            Change::Unreadable(reason) => Err(reason),
            Change::Other(name) => panic!("{name}"),
        }
    }

    #[test]
    fn an_odd_field_costs_its_own_record_only() {
        let sound = r#"{"eventName":"ObjectCreated:Put","awsRegion":"eu-west-1","s3":{"bucket":{"name":"photos"},"object":{"key":"a"}}}"#;
        for (field, odd, is_created) in [
            (r#""eu-west-1""#, "null", true),
            (r#""eu-west-1""#, "3", true),
            (r#""photos""#, "null", false),
            (r#""photos""#, r#"["photos"]"#, false),
            (r#""a""#, "{}", false),
        ] {
            let event = format!(r#"{{"Records":[{},{sound}]}}"#, sound.replace(field, odd));
            let records = parse(event.as_bytes(), "us-east-1").unwrap();
            let created: Vec<bool> =
                records.iter().map(|record| matches!(record.change, Change::Created(_))).collect();
            assert_eq!(created, [is_created, true], "{odd} for {field}");
        }
    }

    #[test]
    fn a_record_says_which_version_of_an_object_it_is_about() {
        let created = created(&event("photos", "in/cat.jpg")).unwrap();
        assert_eq!(
            created,
            Created {
                address: ObjectAddress {
                    bucket: "photos".into(),
                    region: "eu-central-1".into(),
                    key: "in/cat.jpg".into()
                },
                version: Some("096fKKXTRTtl3on89fVO.nfljtsv6qko".into()),
                etag: Some("d41d8cd98f00b204e9800998ecf8427e".into()),
                size: Some(1024),
                sequencer: Some("0055AED6DCD90281E5".into()),
                may_be_encoded: false,
            }
        );
    }

    #[test]
    fn keys_are_decoded_as_forms_are() {
        for (encoded, key) in [
            ("in/a+b%2Bc%25.jpg", "in/a b+c%.jpg"),
            ("in%2F%E7%95%AA%E8%8C%84.jpg", "in/番茄.jpg"),
            ("番茄//./../x%20y", "番茄//./../x y"),
            ("100%25%2541", "100%%41"),
        ] {
            assert_eq!(created(&event("photos", encoded)).unwrap().address.key, key);
        }
        assert!(created(&event("photos", "%FF")).unwrap_err().contains("not UTF-8"));
        assert!(created(&event("photos", "")).unwrap_err().contains("empty"));
    }

    #[test]
    fn events_of_minio_have_another_name_and_perhaps_no_region() {
        let mut minio = event("photos", "in%2Fcat.jpg");
        let record = &mut minio["Records"][0];
        record["eventName"] = json!("s3:ObjectCreated:Put");
        record["eventSource"] = json!("minio:s3");
        record["awsRegion"] = json!("");
        record["s3"]["object"]["versionId"] = json!("null");
        minio["EventName"] = json!("s3:ObjectCreated:Put");
        minio["Key"] = json!("photos/in/cat.jpg");
        let created = created(&minio).unwrap();
        assert_eq!((created.address.region.as_str(), created.version), ("us-east-1", None));
    }

    #[test]
    fn what_is_not_about_a_new_object_is_left_alone() {
        for name in ["ObjectRemoved:Delete", "ObjectTagging:Put", "s3:ObjectAccessed:Get", "s3:TestEvent", ""]
        {
            let mut event = event("photos", "in/cat.jpg");
            event["Records"][0]["eventName"] = json!(name);
            assert_eq!(change(&event), Change::Other(name.to_owned()));
        }
    }

    #[test]
    fn fields_of_another_kind_are_as_if_they_were_missing() {
        let mut event = event("photos", "in/cat.jpg");
        for (field, value) in [
            ("size", json!("many")),
            ("eTag", json!(7)),
            ("versionId", json!("a b")),
            ("sequencer", json!("xyz")),
        ] {
            event["Records"][0]["s3"]["object"][field] = value;
        }
        let address = ObjectAddress {
            bucket: "photos".into(),
            region: "eu-central-1".into(),
            key: "in/cat.jpg".into(),
        };
        assert_eq!(created(&event).unwrap(), Created::at(address));
    }

    #[test]
    fn a_bucket_or_region_that_would_lead_to_another_host_is_refused() {
        for bucket in [
            "evil.example/",
            "evil.example#",
            "a@b.c",
            "",
            "ab",
            "-ab",
            "Photos",
            "a..b",
            "a.-b",
            &"a".repeat(64),
        ] {
            assert!(created(&event(bucket, "x")).unwrap_err().contains("accepted is"), "{bucket}");
        }
        let mut elsewhere = event("photos", "x");
        elsewhere["Records"][0]["awsRegion"] = json!("x.evil.example/");
        assert!(created(&elsewhere).unwrap_err().contains("is no region"));
    }

    #[test]
    fn records_of_other_services_are_not_of_s3() {
        for event in
            [r#"{"Records":[{"Sns":{}}]}"#, r#"{"Records":[{"s3":"x"}]}"#, r#"{"Records":{}}"#, "[]", ""]
        {
            assert_eq!(parse(event.as_bytes(), "us-east-1"), None, "{event}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_not(event in proptest::collection::vec(any::<u8>(), 0..300)) {
            parse(&event, "us-east-1");
        }

        #[test]
        fn any_names_make_an_object_or_a_reason(bucket in ".*", key in ".*") {
            drop(created(&event(&bucket, &key)));
        }

        #[test]
        fn any_key_survives_however_much_of_it_was_encoded(key in "[ -~é番茄/+%.]{1,40}", blanks_as_plus: bool) {
            let mut encoded = utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string();
            if blanks_as_plus {
                encoded = encoded.replace("%20", "+");
            }
            prop_assert_eq!(created(&event("photos", &encoded)).unwrap().address.key, key);
        }
    }
}
