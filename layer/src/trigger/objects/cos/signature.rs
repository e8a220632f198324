//! The signature of object storage, version "sha1".
//!
//! Form: <https://cloud.tencent.com/document/product/436/7778>; the vectors in the tests come from Tencent's own
//! cos-nodejs-sdk-v5 2.15.4. Signed are the method, the path, the query and the given headers.

use percent_encoding::utf8_percent_encode;
use ring::{digest, hmac};

use super::credentials::Credentials;
use crate::trigger::objects::address::RESERVED;

/// A request, as far as it is signed.
#[derive(Debug)]
pub(super) struct SignedParts<'a> {
    /// `get` or `put`.
    pub(super) method: &'a str,
    /// From the host on, with the leading slash, not encoded.
    pub(super) path: &'a str,
    /// Query parameters, in any order.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// Headers, in any order, names in lower case.
    pub(super) headers: &'a [(&'a str, &'a str)],
}

/// The `Authorization` header for a request that is valid from `start` to `end`, in seconds since 1970.
pub(super) fn authorization(
    parts: &SignedParts<'_>,
    credentials: &Credentials,
    start: u64,
    end: u64,
) -> String {
    let key_time = format!("{start};{end}");
    let (query_names, query) = canonical(parts.query);
    let (header_names, headers) = canonical(parts.headers);
    let request = format!("{}\n{}\n{query}\n{headers}\n", parts.method, parts.path);
    let request_hash =
        hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, request.as_bytes()).as_ref());
    let sign_key = hmac_sha1(credentials.secret_key.as_bytes(), key_time.as_bytes());
    let signature = hmac_sha1(sign_key.as_bytes(), format!("sha1\n{key_time}\n{request_hash}\n").as_bytes());
    format!(
        "q-sign-algorithm=sha1&q-ak={}&q-sign-time={key_time}&q-key-time={key_time}\
         &q-header-list={header_names}&q-url-param-list={query_names}&q-signature={signature}",
        credentials.secret_id
    )
}

/// The names, and the pairs, each sorted.
fn canonical(pairs: &[(&str, &str)]) -> (String, String) {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let mut encoded: Vec<(String, String)> =
        pairs.iter().map(|(name, value)| (encode(name).to_lowercase(), encode(value))).collect();
    encoded.sort();
    let names: Vec<&str> = encoded.iter().map(|(name, _)| name.as_str()).collect();
    let joined: Vec<String> = encoded.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (names.join(";"), joined.join("&"))
}

fn hmac_sha1(key: &[u8], message: &[u8]) -> String {
    hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: (&str, &str) = ("host", "vision-1250000000.cos.ap-guangzhou.myqcloud.com");

    fn sign(parts: &SignedParts<'_>) -> String {
        let credentials =
            Credentials { secret_id: "AKIDEXAMPLE".into(), secret_key: "SECRETEXAMPLE".into(), token: None };
        authorization(parts, &credentials, 1_700_000_000, 1_700_003_600)
    }

    #[test]
    fn a_download_is_signed_as_tencents_sdk_does() {
        let parts = SignedParts { method: "get", path: "/in/cat dog.jpg", query: &[], headers: &[HOST] };
        assert_eq!(
            sign(&parts),
            "q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE&q-sign-time=1700000000;1700003600\
             &q-key-time=1700000000;1700003600&q-header-list=host&q-url-param-list=\
             &q-signature=df699a72515ecbda1828c163be10165b6444c4bd"
        );
    }

    #[test]
    fn query_and_token_are_signed_in_whatever_order_they_come() {
        let token = ("x-cos-security-token", "TOKEN");
        for headers in [[HOST, token], [token, HOST]] {
            let parts =
                SignedParts { method: "put", path: "/out/r.json", query: &[("acl", "")], headers: &headers };
            let signed = sign(&parts);
            assert!(
                signed.contains("&q-header-list=host;x-cos-security-token&q-url-param-list=acl&"),
                "{signed}"
            );
            assert!(signed.ends_with("&q-signature=aceb92eb0f695d12df2032d399cec8867161f08c"), "{signed}");
        }
    }
}
