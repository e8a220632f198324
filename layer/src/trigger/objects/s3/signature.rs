//! AWS's signature, version 4 (AWS4-HMAC-SHA256), as S3 uses it: of requests, of URLs, and of forms.
//!
//! Forms: <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html>; the vectors in the tests
//! are those of that document. Libraries sign URLs only, not forms (which limit the size of an upload), and shorten keys such
//! as `a/../b`.

use std::time::{Duration, SystemTime};

use base64_simd::STANDARD;
use percent_encoding::utf8_percent_encode;
use ring::{digest, hmac};

use super::credentials::Credentials;
use crate::trigger::objects::address::RESERVED;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TOKEN: &str = "x-amz-security-token";

/// Stands for the sum of a body that is not known yet.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Signs for one region, at one time.
#[derive(Debug)]
pub(super) struct Signer<'a> {
    credentials: &'a Credentials,
    region: &'a str,
    /// `20130524T000000Z`
    time: String,
}

/// A request, as far as it is signed.
#[derive(Debug)]
pub(super) struct SignedParts<'a> {
    pub(super) method: &'a str,
    /// With its leading slash, encoded as it is sent.
    pub(super) path: &'a str,
    /// In any order, not encoded.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// In any order, names in lower case; `host` among them.
    pub(super) headers: &'a [(&'a str, &'a str)],
}

impl<'a> Signer<'a> {
    pub(super) fn new(credentials: &'a Credentials, region: &'a str, now: SystemTime) -> Self {
        let time = humantime::format_rfc3339_seconds(now).to_string().replace(['-', ':'], "");
        Self { credentials, region, time }
    }

    /// The headers that sign a request with this body, among them those that are signed with it.
    pub(super) fn headers(&self, parts: &SignedParts<'_>, body: &[u8]) -> Vec<(&'static str, String)> {
        let sum = hex::encode(digest::digest(&digest::SHA256, body).as_ref());
        let mut added = vec![("x-amz-content-sha256", sum.clone()), ("x-amz-date", self.time.clone())];
        added.extend(self.credentials.token.clone().map(|token| (TOKEN, token)));
        let mut headers = parts.headers.to_vec();
        headers.extend(added.iter().map(|(name, value)| (*name, value.as_str())));
        let (names, signature) = self.signature(&SignedParts { headers: &headers, ..*parts }, &sum);
        let credential = self.credential();
        let authorization =
            format!("{ALGORITHM} Credential={credential},SignedHeaders={names},Signature={signature}");
        added.push(("authorization", authorization));
        added
    }

    /// The query, encoded, that signs a request with any body for a time.
    pub(super) fn query(&self, parts: &SignedParts<'_>, valid: Duration) -> String {
        let (names, _) = canonical_headers(parts.headers);
        let (credential, seconds) = (self.credential(), valid.as_secs().to_string());
        let mut query = vec![
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &self.time),
            ("X-Amz-Expires", &seconds),
            ("X-Amz-SignedHeaders", &names),
        ];
        query.extend(self.credentials.token.as_deref().map(|token| ("X-Amz-Security-Token", token)));
        query.extend(parts.query);
        let (_, signature) = self.signature(&SignedParts { query: &query, ..*parts }, UNSIGNED_PAYLOAD);
        format!("{}&X-Amz-Signature={signature}", canonical_query(&query))
    }

    /// The fields of a form that sign a policy, among them those that the policy has to name.
    pub(super) fn form(
        &self,
        policy: impl FnOnce(&[(&'static str, String)]) -> String,
    ) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("x-amz-algorithm", ALGORITHM.to_owned()),
            ("x-amz-credential", self.credential()),
            ("x-amz-date", self.time.clone()),
        ];
        fields.extend(self.credentials.token.clone().map(|token| (TOKEN, token)));
        let policy = STANDARD.encode_to_string(policy(&fields));
        let signature = hex::encode(hmac_sha256(self.key().as_ref(), policy.as_bytes()));
        fields.extend([("policy", policy), ("x-amz-signature", signature)]);
        fields
    }

    /// The names of the signed headers, and the signature.
    fn signature(&self, parts: &SignedParts<'_>, payload: &str) -> (String, String) {
        let SignedParts { method, path, query, headers } = parts;
        let (names, headers) = canonical_headers(headers);
        let request = format!("{method}\n{path}\n{}\n{headers}\n{names}\n{payload}", canonical_query(query));
        let sum = hex::encode(digest::digest(&digest::SHA256, request.as_bytes()).as_ref());
        let to_sign = format!("{ALGORITHM}\n{}\n{}\n{sum}", self.time, self.scope());
        (names, hex::encode(hmac_sha256(self.key().as_ref(), to_sign.as_bytes())))
    }

    fn key(&self) -> hmac::Tag {
        let secret = format!("AWS4{}", self.credentials.secret_key);
        let day = hmac_sha256(secret.as_bytes(), self.day().as_bytes());
        let region = hmac_sha256(day.as_ref(), self.region.as_bytes());
        hmac_sha256(hmac_sha256(region.as_ref(), b"s3").as_ref(), b"aws4_request")
    }

    fn credential(&self) -> String {
        format!("{}/{}", self.credentials.key_id, self.scope())
    }

    fn scope(&self) -> String {
        format!("{}/{}/s3/aws4_request", self.day(), self.region)
    }

    fn day(&self) -> &str {
        self.time.split('T').next().unwrap_or_default()
    }
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message)
}

/// Encoded, in the order of the encoded names.
pub(super) fn canonical_query(query: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let mut pairs: Vec<(String, String)> =
        query.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The names, and the lines `name:value`, by name.
fn canonical_headers(headers: &[(&str, &str)]) -> (String, String) {
    let mut sorted = headers.to_vec();
    sorted.sort_unstable();
    let names: Vec<&str> = sorted.iter().map(|(name, _)| *name).collect();
    let words = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = sorted.iter().map(|(name, value)| format!("{name}:{}\n", words(value))).collect();
    (names.join(";"), lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: None,
        }
    }

    fn time() -> SystemTime {
        humantime::parse_rfc3339("2013-05-24T00:00:00Z").unwrap()
    }

    const HOST: (&str, &str) = ("host", "examplebucket.s3.amazonaws.com");

    fn signature(parts: &SignedParts<'_>, body: &[u8]) -> String {
        let credentials = credentials();
        let headers = Signer::new(&credentials, "us-east-1", time()).headers(parts, body);
        let (name, authorization) = headers.last().unwrap();
        assert_eq!(*name, "authorization");
        authorization.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn requests_are_signed_as_in_the_document() {
        let get = SignedParts {
            method: "GET",
            path: "/test.txt",
            query: &[],
            headers: &[HOST, ("range", "bytes=0-9")],
        };
        assert_eq!(signature(&get, b""), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
        let put = SignedParts {
            method: "PUT",
            path: "/test%24file.text",
            query: &[],
            headers: &[
                HOST,
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ],
        };
        assert_eq!(
            signature(&put, b"Welcome to Amazon S3."),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
        let lifecycle =
            SignedParts { method: "GET", path: "/", query: &[("lifecycle", "")], headers: &[HOST] };
        assert_eq!(
            signature(&lifecycle, b""),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
        let list = SignedParts {
            method: "GET",
            path: "/",
            query: &[("prefix", "J"), ("max-keys", "2")],
            headers: &[HOST],
        };
        assert_eq!(signature(&list, b""), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    }

    #[test]
    fn urls_are_signed_as_in_the_document() {
        let credentials = credentials();
        let parts = SignedParts { method: "GET", path: "/test.txt", query: &[], headers: &[HOST] };
        let query = Signer::new(&credentials, "us-east-1", time()).query(&parts, Duration::from_secs(86_400));
        assert_eq!(
            query,
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3\
             %2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[test]
    fn the_token_of_temporary_credentials_is_signed_with_the_request() {
        let credentials = Credentials { token: Some("TOKEN".into()), ..credentials() };
        let signer = Signer::new(&credentials, "us-east-1", time());
        let parts = SignedParts { method: "GET", path: "/", query: &[], headers: &[HOST] };
        let headers = signer.headers(&parts, b"");
        assert!(headers.contains(&("x-amz-security-token", "TOKEN".to_owned())));
        let (_, authorization) = headers.last().unwrap();
        assert!(
            authorization
                .contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"),
            "{authorization}"
        );
        assert!(signer.query(&parts, Duration::from_secs(1)).contains("&X-Amz-Security-Token=TOKEN&"));
        let form = signer.form(|fields| format!("{fields:?}"));
        assert!(form.contains(&("x-amz-security-token", "TOKEN".to_owned())));
    }
}
