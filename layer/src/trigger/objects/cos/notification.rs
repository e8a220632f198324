//! COS's notifications: which objects an event is about.
//!
//! Form: <https://cloud.tencent.com/document/product/583/9707>. What is read ends up in the host name of a signed
//! request, so nothing that is no bucket or region gets through.

use serde::Deserialize;
use thiserror::Error;

use crate::trigger::objects::address::ObjectAddress;
use crate::trigger::objects::service::{Change, Created, Record};

/// `{"Records": [{"cos": …, "event": …}]}`
#[derive(Debug, Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<CosRecord>,
}

#[derive(Debug, Deserialize)]
struct CosRecord {
    cos: Cos,
    #[serde(default)]
    event: EventDetails,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cos {
    #[serde(default)]
    cos_object: Object,
    #[serde(default)]
    cos_bucket: Bucket,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Object {
    key: String,
    url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Bucket {
    name: String,
    appid: String,
    cos_region: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EventDetails {
    event_name: String,
}

/// The records of an event; nothing if it has none of COS.
pub(super) fn parse(event: &[u8]) -> Option<Vec<Record>> {
    let Notification { records } = serde_json::from_slice(event).ok()?;
    Some(records.into_iter().map(CosRecord::into_record).collect())
}

impl CosRecord {
    /// The same in the terms of any storage.
    fn into_record(self) -> Record {
        let change = if self.event.event_name.starts_with("cos:ObjectCreated:") {
            // It is not documented whether keys come percent-encoded.
            let created = |address| Change::Created(Created { may_be_encoded: true, ..Created::at(address) });
            self.address().map_or_else(Change::Unreadable, created)
        } else {
            Change::Other(self.event.event_name)
        };
        Record { key: self.cos.cos_object.key, change }
    }

    /// Which object it is.
    ///
    /// # Errors
    /// Says which field is missing or strange.
    fn address(&self) -> Result<ObjectAddress, String> {
        let Bucket { name, appid, .. } = &self.cos.cos_bucket;
        let bucket = format!("{name}-{appid}");
        check_bucket(&bucket).map_err(|error| error.to_string())?;
        // `key` is /<appid>/<bucket>/<key>.
        let key = &self.cos.cos_object.key;
        let key = key
            .strip_prefix(&format!("/{appid}/{name}/"))
            .ok_or_else(|| format!("the key {key:?} does not begin with /{appid}/{name}/"))?;
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        Ok(ObjectAddress { bucket, region: self.region()?, key: key.to_owned() })
    }

    /// `cosBucket.region` is an abbreviation (`gz`) that no host name is made of.
    fn region(&self) -> Result<String, String> {
        let from_url = || {
            let (_, rest) = self.cos.cos_object.url.split_once(".cos.")?;
            Some(rest.split_once(".myqcloud.com")?.0.to_owned())
        };
        let region = Some(self.cos.cos_bucket.cos_region.clone())
            .filter(|region| !region.is_empty())
            .or_else(from_url)
            .or_else(|| std::env::var("TENCENTCLOUD_REGION").ok())
            .ok_or("neither cosRegion nor the object's url nor TENCENTCLOUD_REGION names the region")?;
        if is_label(&region) { Ok(region) } else { Err(format!("{region:?} is no region")) }
    }
}

/// A bucket's whole name: lower-case letters, digits and hyphens, then the APPID
/// (<https://cloud.tencent.com/document/product/436/13312>).
///
/// # Errors
/// Says what was found and what is accepted.
pub fn check_bucket(bucket: &str) -> Result<(), BucketError> {
    let well_formed = bucket.rsplit_once('-').is_some_and(|(name, appid)| {
        is_label(name) && !appid.is_empty() && appid.bytes().all(|byte| byte.is_ascii_digit())
    });
    if well_formed && bucket.len() <= 63 { Ok(()) } else { Err(BucketError(bucket.to_owned())) }
}

/// What was given is no bucket's whole name.
#[derive(Debug, Error)]
#[error("found the bucket {0:?}, accepted is a name with its APPID, such as vision-1250000000")]
pub struct BucketError(String);

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where an object is, by a record with this bucket and key.
    fn address(bucket: &str, key: &str, rest: &str) -> Result<ObjectAddress, String> {
        let event = format!(
            r#"{{"Records":[{{"cos":{{"cosObject":{{"url":"http://testpic-1253970026.cos.ap-chengdu.myqcloud.com/testfile",
                 "key":{}}},"cosBucket":{{"region":"cd","name":{},"appid":"1253970026"{rest}}}}},
                 "event":{{"eventName":"cos:ObjectCreated:Put"}}}}]}}"#,
            serde_json::json!(key),
            serde_json::json!(bucket),
        );
        created(event.as_bytes())
    }

    fn created(event: &[u8]) -> Result<ObjectAddress, String> {
        match parse(event).unwrap().remove(0).change {
            Change::Created(created) => Ok(created.address),
            Change::Unreadable(reason) => Err(reason),
            Change::Other(event) => panic!("{event}"),
        }
    }

    #[test]
    fn the_platforms_own_sample_is_understood() {
        let sample = include_bytes!("../../../../../tests/events/scf/cos-put.json");
        assert_eq!(
            created(sample).unwrap(),
            ObjectAddress {
                bucket: "testpic-1253970026".into(),
                region: "ap-chengdu".into(),
                key: "testfile".into()
            }
        );
    }

    #[test]
    fn the_region_of_newer_events_comes_first() {
        let address = address("testpic", "/1253970026/testpic/a", r#","cosRegion":"ap-guangzhou""#);
        assert_eq!(address.unwrap().region, "ap-guangzhou");
    }

    #[test]
    fn keys_keep_what_they_have_of_slashes_and_letters() {
        let plain = address("testpic", "/1253970026/testpic/in/番茄 1.jpg", "").unwrap();
        assert_eq!(plain.key, "in/番茄 1.jpg");
        assert_eq!(plain.percent_decoded(), None);
        let encoded = address("testpic", "/1253970026/testpic/%E7%95%AA.jpg", "").unwrap();
        assert_eq!(encoded.percent_decoded().unwrap().key, "番.jpg");
    }

    #[test]
    fn a_bucket_or_region_that_would_lead_to_another_host_is_refused() {
        for bucket in ["evil.example/", "evil.example#", "a@b", "", "-", "Testpic"] {
            let address = address(bucket, &format!("/1253970026/{bucket}/x"), "");
            assert!(address.unwrap_err().contains("accepted is"), "{bucket}");
        }
        let elsewhere = address("testpic", "/1253970026/testpic/x", r#","cosRegion":"x.evil.example/""#);
        assert!(elsewhere.unwrap_err().contains("is no region"));
    }

    #[test]
    fn a_key_of_another_bucket_is_refused() {
        assert!(address("testpic", "/1253970026/other/x", "").unwrap_err().contains("does not begin with"));
        assert!(address("testpic", "/1253970026/testpic/", "").unwrap_err().contains("empty"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_not(event in proptest::collection::vec(any::<u8>(), 0..300)) {
            parse(&event);
        }

        #[test]
        fn any_names_make_an_address_or_a_reason(bucket in ".*", key in ".*") {
            drop(address(&bucket, &key, ""));
        }
    }
}
