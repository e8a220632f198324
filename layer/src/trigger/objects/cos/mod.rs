//! Tencent's object storage: its notifications and its signature.

mod credentials;
mod notification;
mod signature;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::address::{Endpoint, Location, RESERVED, Unaddressable};
use super::service::{Presigned, Record, Service, Signed, Unsigned, Upload};
pub use credentials::Credentials;
pub use notification::{BucketError, check_bucket};
use percent_encoding::utf8_percent_encode;
use signature::SignedParts;

/// Clocks may differ by a minute; nothing is asked for longer than ten.
const CLOCK_SKEW_SECONDS: u64 = 60;
const VALID: Duration = Duration::from_secs(600);

const SECURITY_TOKEN: &str = "x-cos-security-token";

/// Buckets at an address.
#[derive(Debug)]
pub struct Cos {
    endpoint: Endpoint,
}

impl Cos {
    /// Buckets at `endpoint`.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

impl Service for Cos {
    type Credentials = Credentials;

    const SCHEME: &str = "cos";
    const METADATA: &str = "x-cos-meta-";
    const VERSION: &str = "x-cos-version-id";
    // COS knows no conditions for writing; the same picture gives the same bytes.
    const CONDITIONAL: bool = false;
    const DOCUMENT: &str = "docs/deploy.md";

    fn notification(&self, event: &[u8]) -> Option<Vec<Record>> {
        notification::parse(event)
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        Credentials::from_environment().ok_or_else(|| {
            "the function has no credentials for the bucket (TENCENTCLOUD_SECRETID is not set): give it a run role, \
             see docs/deploy.md"
                .to_owned()
        })
    }

    fn sign(&self, request: &Unsigned<'_>, credentials: &Credentials) -> Result<Signed, Unaddressable> {
        let Unsigned { method, object, query, .. } = request;
        let location = self.endpoint.locate(object)?;
        let token = credentials.token.as_deref();
        let mut signed = vec![("host", location.host.as_str())];
        signed.extend(token.map(|token| (SECURITY_TOKEN, token)));
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let method = method.as_str().to_lowercase();
        let parts = SignedParts { method: &method, path: &location.path, query: &query, headers: &signed };
        let (start, end) = span(SystemTime::now(), VALID);
        let mut headers = vec![("authorization", signature::authorization(&parts, credentials, start, end))];
        headers.extend(token.map(|token| (SECURITY_TOKEN, token.to_owned())));
        Ok(Signed { url: location.url(&encoded(&query)), headers })
    }

    /// <https://cloud.tencent.com/document/product/436/7734>.
    fn listing(&self, prefix: &str, after: &str, most: usize) -> Vec<(&'static str, String)> {
        vec![
            ("encoding-type", "url".to_owned()),
            ("marker", after.to_owned()),
            ("max-keys", most.to_string()),
            ("prefix", prefix.to_owned()),
        ]
    }

    /// A URL that also binds what its headers say: the storage computes the signature from those that come, so other types and
    /// sizes are refused (<https://cloud.tencent.com/document/product/436/7778>).
    fn presign(&self, upload: &Upload<'_>, credentials: &Credentials) -> Result<Presigned, Unaddressable> {
        let location: Location = self.endpoint.locate(upload.object)?;
        let headers = upload.headers(Self::METADATA);
        let length = upload.size.to_string();
        let mut signed = vec![("host", location.host.as_str()), ("content-length", &length)];
        signed.extend(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let query: Vec<(&str, &str)> =
            credentials.token.as_deref().map(|token| (SECURITY_TOKEN, token)).into_iter().collect();
        let parts = SignedParts { method: "put", path: &location.path, query: &query, headers: &signed };
        let (start, end) = span(upload.now, upload.valid);
        let authorization = signature::authorization(&parts, credentials, start, end);
        let pairs = authorization.split('&').filter_map(|pair| pair.split_once('='));
        let query: Vec<(&str, &str)> = pairs.chain(query.iter().copied()).collect();
        Ok(Presigned::Put { url: location.url(&encoded(&query)), headers })
    }

    fn home_region(&self) -> Result<String, String> {
        let region = std::env::var("TENCENTCLOUD_REGION").ok().filter(|region| !region.is_empty());
        region.ok_or_else(|| "TENCENTCLOUD_REGION, which names the bucket's region, is not set".to_owned())
    }
}

/// From when until when a signature is valid, in seconds since 1970.
fn span(now: SystemTime, valid: Duration) -> (u64, u64) {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    (now.saturating_sub(CLOCK_SKEW_SECONDS), now + valid.as_secs())
}

/// As it stands in a URL; a name without a value stands alone.
fn encoded(query: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let pairs = query.iter().map(|(name, value)| match *value {
        "" => encode(name),
        value => format!("{}={}", encode(name), encode(value)),
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger::objects::ObjectAddress;
    use bytes::Bytes;
    use hyper::Method;

    #[test]
    fn a_request_carries_its_signature_and_the_token_of_temporary_credentials() {
        let endpoint = Endpoint::new("ENDPOINT", "https://{bucket}.cos.{region}.myqcloud.com").unwrap();
        let object = ObjectAddress {
            bucket: "vision-1250000000".into(),
            region: "ap-guangzhou".into(),
            key: "in/cat.jpg".into(),
        };
        let mut credentials =
            Credentials { secret_id: "id".into(), secret_key: "key".into(), token: Some("TOKEN".into()) };
        let sign = |credentials: &Credentials| {
            let request = Unsigned {
                method: Method::GET,
                object: &object,
                query: Vec::new(),
                headers: Vec::new(),
                body: Bytes::new(),
            };
            Cos::new(endpoint.clone()).sign(&request, credentials).unwrap().headers
        };
        let with_token = sign(&credentials);
        assert_eq!(with_token[1], (SECURITY_TOKEN, "TOKEN".to_owned()));
        assert!(with_token[0].1.contains("&q-header-list=host;x-cos-security-token&"), "{with_token:?}");
        credentials.token = None;
        let without = sign(&credentials);
        assert!(without.len() == 1 && without[0].1.contains("&q-header-list=host&"), "{without:?}");
    }
}
