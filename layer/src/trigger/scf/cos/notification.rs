//! Notifications of object storage: which objects an event is about.
//!
//! Form: <https://cloud.tencent.com/document/product/583/9707>. What is read ends up in the host name of a signed
//! request, so nothing that is no bucket or region gets through.

use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// `{"Records": [{"cos": …, "event": …}]}`
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(in crate::trigger::scf) struct Notification {
    #[serde(rename = "Records")]
    pub(super) records: Vec<Record>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Record {
    cos: Cos,
    #[serde(default)]
    event: EventDetails,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Cos {
    #[serde(default)]
    cos_object: Object,
    #[serde(default)]
    cos_bucket: Bucket,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct Object {
    key: String,
    url: String,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
struct Bucket {
    name: String,
    appid: String,
    cos_region: String,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
struct EventDetails {
    event_name: String,
}

/// One object: bucket with APPID, region such as `ap-guangzhou`, key without a leading slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectAddress {
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) key: String,
}

impl Notification {
    /// Nothing if the event has no records of object storage.
    pub(in crate::trigger::scf) fn parse(event: &[u8]) -> Option<Self> {
        serde_json::from_slice(event).ok().filter(|notification: &Self| !notification.records.is_empty())
    }
}

impl Record {
    /// The key as it stood in the event, for people.
    pub(super) fn key(&self) -> &str {
        &self.cos.cos_object.key
    }

    pub(super) fn event_name(&self) -> &str {
        &self.event.event_name
    }

    pub(super) fn is_creation(&self) -> bool {
        self.event.event_name.starts_with("cos:ObjectCreated:")
    }

    /// Which object it is.
    ///
    /// # Errors
    /// Says which field is missing or strange.
    pub(super) fn address(&self) -> Result<ObjectAddress, String> {
        let Bucket { name, appid, .. } = &self.cos.cos_bucket;
        let bucket = format!("{name}-{appid}");
        check_bucket(&bucket)?;
        // `key` is /<appid>/<bucket>/<key>.
        let key = self.key();
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

impl ObjectAddress {
    /// The same with the key percent-decoded, if that makes a difference.
    pub(super) fn percent_decoded(&self) -> Option<Self> {
        let key = percent_decode_str(&self.key).decode_utf8().ok()?;
        (key != self.key).then(|| Self { key: key.into_owned(), ..self.clone() })
    }
}

/// A bucket's whole name: lower-case letters, digits and hyphens, then the APPID
/// (<https://cloud.tencent.com/document/product/436/13312>).
///
/// # Errors
/// Says what was found and what is accepted.
pub(super) fn check_bucket(bucket: &str) -> Result<(), String> {
    let well_formed = bucket.rsplit_once('-').is_some_and(|(name, appid)| {
        is_label(name) && !appid.is_empty() && appid.bytes().all(|byte| byte.is_ascii_digit())
    });
    if well_formed && bucket.len() <= 63 {
        Ok(())
    } else {
        Err(format!(
            "found the bucket {bucket:?}, accepted is a name with its APPID, such as vision-1250000000"
        ))
    }
}

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

    fn record(bucket: &str, key: &str, rest: &str) -> Record {
        let event = format!(
            r#"{{"Records":[{{"cos":{{"cosObject":{{"url":"http://testpic-1253970026.cos.ap-chengdu.myqcloud.com/testfile",
                 "key":{}}},"cosBucket":{{"region":"cd","name":{},"appid":"1253970026"{rest}}}}},
                 "event":{{"eventName":"cos:ObjectCreated:Put"}}}}]}}"#,
            serde_json::json!(key),
            serde_json::json!(bucket),
        );
        Notification::parse(event.as_bytes()).unwrap().records.remove(0)
    }

    #[test]
    fn the_platforms_own_sample_is_understood() {
        let sample = include_bytes!("../../../../../tests/events/scf/cos-put.json");
        let notification = Notification::parse(sample).unwrap();
        assert!(notification.records[0].is_creation());
        assert_eq!(
            notification.records[0].address().unwrap(),
            ObjectAddress {
                bucket: "testpic-1253970026".into(),
                region: "ap-chengdu".into(),
                key: "testfile".into()
            }
        );
    }

    #[test]
    fn the_region_of_newer_events_comes_first() {
        let record = record("testpic", "/1253970026/testpic/a", r#","cosRegion":"ap-guangzhou""#);
        assert_eq!(record.address().unwrap().region, "ap-guangzhou");
    }

    #[test]
    fn keys_keep_what_they_have_of_slashes_and_letters() {
        let address = record("testpic", "/1253970026/testpic/in/番茄 1.jpg", "").address().unwrap();
        assert_eq!(address.key, "in/番茄 1.jpg");
        assert_eq!(address.percent_decoded(), None);
        let encoded = record("testpic", "/1253970026/testpic/%E7%95%AA.jpg", "").address().unwrap();
        assert_eq!(encoded.percent_decoded().unwrap().key, "番.jpg");
    }

    #[test]
    fn a_bucket_or_region_that_would_lead_to_another_host_is_refused() {
        for bucket in ["evil.example/", "evil.example#", "a@b", "", "-", "Testpic"] {
            let record = record(bucket, &format!("/1253970026/{bucket}/x"), "");
            assert!(record.address().unwrap_err().contains("accepted is"), "{bucket}");
        }
        let elsewhere = record("testpic", "/1253970026/testpic/x", r#","cosRegion":"x.evil.example/""#);
        assert!(elsewhere.address().unwrap_err().contains("is no region"));
    }

    #[test]
    fn a_key_of_another_bucket_is_refused() {
        assert!(
            record("testpic", "/1253970026/other/x", "")
                .address()
                .unwrap_err()
                .contains("does not begin with")
        );
        assert!(record("testpic", "/1253970026/testpic/", "").address().unwrap_err().contains("empty"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_not(event in proptest::collection::vec(any::<u8>(), 0..300)) {
            Notification::parse(&event);
        }

        #[test]
        fn any_names_make_an_address_or_a_reason(bucket in ".*", key in ".*") {
            drop(record(&bucket, &key, "").address());
        }
    }
}
