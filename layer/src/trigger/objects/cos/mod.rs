//! Tencent's object storage: its notifications and its signature.

mod credentials;
mod notification;
mod signature;

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;

use super::address::{Endpoint, Location, ObjectAddress, Unaddressable};
use super::service::{Record, Service, Signed};
pub use credentials::Credentials;
pub use notification::{BucketError, check_bucket};
use signature::SignedParts;

/// Clocks may differ by a minute; nothing is asked for longer than ten.
const CLOCK_SKEW_SECONDS: u64 = 60;
const VALID_SECONDS: u64 = 600;

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

    fn notification(&self, event: &[u8]) -> Option<Vec<Record>> {
        notification::parse(event)
    }

    fn credentials(&self) -> Result<Credentials, String> {
        Credentials::from_environment().ok_or_else(|| {
            "the function has no credentials for the bucket (TENCENTCLOUD_SECRETID is not set): give it a run role, \
             see docs/deploy.md"
                .to_owned()
        })
    }

    fn sign(
        &self,
        method: &Method,
        object: &ObjectAddress,
        credentials: &Credentials,
    ) -> Result<Signed, Unaddressable> {
        let Location { url, host, path } = self.endpoint.locate(object)?;
        let token = credentials.token.as_deref();
        let mut signed = vec![("host", host.as_str())];
        signed.extend(token.map(|token| (SECURITY_TOKEN, token)));
        let method = method.as_str().to_lowercase();
        let parts = SignedParts { method: &method, path: &path, query: &[], headers: &signed };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (start, end) = (now.saturating_sub(CLOCK_SKEW_SECONDS), now + VALID_SECONDS);
        let mut headers = vec![("authorization", signature::authorization(&parts, credentials, start, end))];
        headers.extend(token.map(|token| (SECURITY_TOKEN, token.to_owned())));
        Ok(Signed { url, headers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            Cos::new(endpoint.clone()).sign(&Method::GET, &object, credentials).unwrap().headers
        };
        let with_token = sign(&credentials);
        assert_eq!(with_token[1], (SECURITY_TOKEN, "TOKEN".to_owned()));
        assert!(with_token[0].1.contains("&q-header-list=host;x-cos-security-token&"), "{with_token:?}");
        credentials.token = None;
        let without = sign(&credentials);
        assert!(without.len() == 1 && without[0].1.contains("&q-header-list=host&"), "{without:?}");
    }
}
