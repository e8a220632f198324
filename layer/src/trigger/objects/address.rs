//! Where an object is.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Url;
use thiserror::Error;

/// What must not stand bare in names and values: all but RFC 3986's unreserved characters.
pub(super) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path keeps its slashes.
const PATH: &AsciiSet = &RESERVED.remove(b'/');

/// One object: its bucket's whole name, the region, and the key without a leading slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectAddress {
    /// As it stands in the bucket's address.
    pub bucket: String,
    /// As it stands in the bucket's address.
    pub region: String,
    /// Not encoded.
    pub key: String,
}

impl ObjectAddress {
    /// The same with the key percent-decoded, if that makes a difference.
    pub(super) fn percent_decoded(&self) -> Option<Self> {
        let key = percent_decode_str(&self.key).decode_utf8().ok()?;
        (key != self.key).then(|| Self { key: key.into_owned(), ..self.clone() })
    }
}

/// The address of buckets: a URL with `{bucket}`, and `{region}` where the storage has regions.
#[derive(Clone, Debug)]
pub struct Endpoint(String);

/// What was given is no address of buckets.
#[derive(Debug, Error)]
#[error("{option} is {found:?}, accepted is a URL with {{bucket}} (and {{region}}) in it")]
pub struct EndpointError {
    option: &'static str,
    found: String,
}

/// No URL leads to an object.
#[derive(Debug, PartialEq, Eq)]
pub struct Unaddressable;

/// How an object is asked for.
#[derive(Clone, Debug)]
pub struct Location {
    /// Its URL.
    pub url: Url,
    /// Host, and port where it isn't the usual one.
    pub host: String,
    /// From the host on, with the leading slash, not encoded.
    pub path: String,
}

impl Endpoint {
    /// Reads what `option` was set to.
    ///
    /// # Errors
    /// It has no `{bucket}`, or is no URL of HTTP.
    pub fn new(option: &'static str, template: &str) -> Result<Self, EndpointError> {
        let example = template.replace("{bucket}", "b-1").replace("{region}", "r");
        let address = Url::parse(&example).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if !template.contains("{bucket}") || address.is_none() {
            return Err(EndpointError { option, found: template.to_owned() });
        }
        Ok(Self(template.trim_end_matches('/').to_owned()))
    }

    /// Where `object` is.
    ///
    /// # Errors
    /// The key has a segment that a URL would shorten.
    pub fn locate(&self, object: &ObjectAddress) -> Result<Location, Unaddressable> {
        let ObjectAddress { bucket, region, key } = object;
        let base = self.0.replace("{bucket}", bucket).replace("{region}", region);
        let mut url = Url::parse(&base).map_err(|_| Unaddressable)?;
        let before = url.path().trim_end_matches('/').to_owned();
        let encoded = format!("{before}/{}", utf8_percent_encode(key, PATH));
        url.set_path(&encoded);
        if url.path() != encoded {
            return Err(Unaddressable);
        }
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        Ok(Location { url, host, path: format!("{before}/{key}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(key: &str) -> Result<Location, Unaddressable> {
        let object = ObjectAddress {
            bucket: "vision-1250000000".into(),
            region: "ap-guangzhou".into(),
            key: key.to_owned(),
        };
        Endpoint::new("ENDPOINT", "https://{bucket}.cos.{region}.myqcloud.com").unwrap().locate(&object)
    }

    #[test]
    fn keys_are_encoded_but_for_their_slashes() {
        assert_eq!(
            locate("in/番 茄?#%.jpg").unwrap().url.as_str(),
            "https://vision-1250000000.cos.ap-guangzhou.myqcloud.com/in/%E7%95%AA%20%E8%8C%84%3F%23%25.jpg"
        );
    }

    #[test]
    fn keys_that_a_url_would_shorten_are_refused() {
        for key in ["../x", "a/../b", "a/./b", "."] {
            assert_eq!(locate(key).unwrap_err(), Unaddressable, "{key}");
        }
    }

    #[test]
    fn an_endpoint_without_a_bucket_is_refused() {
        for endpoint in ["https://cos.example", "{bucket}", "ftp://{bucket}.example", ""] {
            let error = Endpoint::new("ENDPOINT", endpoint).unwrap_err().to_string();
            assert!(error.contains("accepted is a URL with {bucket}"), "{error}");
        }
    }
}
