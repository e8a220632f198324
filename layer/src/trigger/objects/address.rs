//! Where an object is.

use hyper::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// `http` or `https`.
    pub scheme: String,
    /// Host, and port where it isn't the usual one.
    pub host: String,
    /// From the host on, with the leading slash, not encoded.
    pub path: String,
    /// The same as it stands in a URL.
    pub encoded: String,
}

impl Location {
    /// The URL, with this query (encoded, without the question mark).
    pub fn url(&self, query: &str) -> String {
        let Self { scheme, host, encoded, .. } = self;
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{scheme}://{host}{encoded}{mark}{query}")
    }
}

impl Endpoint {
    /// Reads what `option` was set to.
    ///
    /// # Errors
    /// It has no `{bucket}`, or is no URL of HTTP.
    pub fn new(option: &'static str, template: &str) -> Result<Self, EndpointError> {
        let example: Option<Uri> = template.replace("{bucket}", "b-1").replace("{region}", "r").parse().ok();
        let is_http = |uri: &Uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some_and(|host| !host.as_str().contains('@'))
                && uri.query().is_none()
        };
        if !template.contains("{bucket}") || !example.as_ref().is_some_and(is_http) {
            return Err(EndpointError { option, found: template.to_owned() });
        }
        Ok(Self(template.trim_end_matches('/').to_owned()))
    }

    /// Where `object` is. Nothing of the key is made shorter: `//`, `.` and `..` stay, as they do in a storage, for which they
    /// are letters like others.
    ///
    /// # Errors
    /// The key would climb out of its bucket for whoever takes it for a path (S3 has no such keys), or the bucket's name
    /// makes no URL.
    pub fn locate(&self, object: &ObjectAddress) -> Result<Location, Unaddressable> {
        let ObjectAddress { bucket, region, key } = object;
        if climbs_out(key) {
            return Err(Unaddressable);
        }
        let base = self.0.replace("{bucket}", bucket).replace("{region}", region);
        let uri: Uri = base.parse().map_err(|_| Unaddressable)?;
        let before = uri.path().trim_end_matches('/');
        Ok(Location {
            scheme: uri.scheme_str().ok_or(Unaddressable)?.to_owned(),
            host: host(&uri).ok_or(Unaddressable)?,
            path: format!("{before}/{key}"),
            encoded: format!("{before}/{}", utf8_percent_encode(key, PATH)),
        })
    }
}

/// The header `Host`, which leaves out the scheme's own port.
fn host(uri: &Uri) -> Option<String> {
    let host = uri.authority()?.as_str();
    let own = if uri.scheme_str()? == "https" { ":443" } else { ":80" };
    Some(host.strip_suffix(own).unwrap_or(host).to_owned())
}

/// Whether there are more steps up than names before them, or as many in the end: `a/..` would be the bucket itself.
fn climbs_out(key: &str) -> bool {
    let (mut depth, mut least) = (0_i64, 0);
    for segment in key.split('/') {
        match segment {
            ".." => depth -= 1,
            "" | "." => {}
            _ => depth += 1,
        }
        least = depth.min(least);
    }
    least < 0 || (depth == 0 && key.split('/').any(|segment| segment == ".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            locate("in/番 茄?#%+.jpg").unwrap().url(""),
            "https://vision-1250000000.cos.ap-guangzhou.myqcloud.com/in/%E7%95%AA%20%E8%8C%84%3F%23%25%2B.jpg"
        );
    }

    #[test]
    fn keys_that_a_browser_would_shorten_stay_as_they_are() {
        for key in ["a/../b", "a/./b", ".", "/a", "a//b", "a/", "...", "a/b/../../c"] {
            let url = locate(key).unwrap().url("versionId=1");
            assert_eq!(
                url,
                format!("https://vision-1250000000.cos.ap-guangzhou.myqcloud.com/{key}?versionId=1")
            );
        }
    }

    #[test]
    fn keys_that_climb_out_of_their_bucket_are_refused() {
        for key in ["../x", "..", "a/../../b", "./../x", "/../x", "a/..", "a/../", "a/b/../..", "a/../."] {
            assert_eq!(locate(key).unwrap_err(), Unaddressable, "{key}");
        }
    }

    #[test]
    fn an_endpoint_without_a_bucket_is_refused() {
        for endpoint in [
            "https://cos.example",
            "{bucket}",
            "ftp://{bucket}.example",
            "",
            "http://user@{bucket}.example",
            "http://{bucket}.example/?x",
        ] {
            let error = Endpoint::new("ENDPOINT", endpoint).unwrap_err().to_string();
            assert!(error.contains("accepted is a URL with {bucket}"), "{error}");
        }
    }

    #[test]
    fn a_host_is_named_as_the_client_names_it() {
        let object = ObjectAddress { bucket: "b".into(), region: "r".into(), key: "k".into() };
        for (endpoint, host) in [
            ("https://{bucket}.example:443", "b.example"),
            ("http://{bucket}.example:80", "b.example"),
            ("http://127.0.0.1:9000/{bucket}", "127.0.0.1:9000"),
            ("https://[::1]:80/{bucket}/", "[::1]:80"),
        ] {
            assert_eq!(Endpoint::new("ENDPOINT", endpoint).unwrap().locate(&object).unwrap().host, host);
        }
    }

    proptest! {
        #[test]
        fn the_path_of_a_url_decodes_to_the_key(key in "[ -~é番/.+%]{1,30}") {
            if let Ok(location) = locate(&key) {
                let uri: Uri = location.url("").parse().unwrap();
                let decoded = percent_decode_str(uri.path()).decode_utf8().unwrap();
                prop_assert_eq!(decoded, format!("/{key}"));
            }
        }
    }
}
