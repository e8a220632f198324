//! Amazon's object storage, and others that speak its language (MinIO): notifications and signature.

mod credentials;
mod form;
mod notification;
mod signature;

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use thiserror::Error;

use super::address::{Endpoint, EndpointError, Location, ObjectAddress, Unaddressable};
use super::output::{NameError, Output};
use super::service::{Presigned, Record, Service, Signed, Unsigned, Upload};
use credentials::CredentialSource;
pub use credentials::Credentials;
pub use notification::{BucketError, check_bucket};
use signature::{SignedParts, Signer};

/// Where S3 is, and what else is done there.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "S3")]
pub struct S3Args {
    /// Bucket for the results [default: the picture's bucket]
    #[arg(long, env = "VISION_S3_OUTPUT_BUCKET", value_name = "NAME")]
    pub s3_output_bucket: Option<String>,

    /// Put before the picture's key to make the keys of its results
    #[arg(long, env = "VISION_S3_OUTPUT_PREFIX", value_name = "PREFIX", default_value = "")]
    pub s3_output_prefix: String,

    /// Word in the names of results, such as `thumb` in KEY.thumb.jpg [default: the function's own]
    #[arg(
        long,
        env = "VISION_S3_OUTPUT_NAME",
        value_name = "WORD",
        default_value = "",
        hide_default_value = true
    )]
    pub s3_output_name: String,

    /// Address of another storage than Amazon's, such as http://minio:9000, or with {bucket} (and {region}) in it
    #[arg(long, env = "VISION_S3_ENDPOINT", value_name = "URL", default_value = "", hide_env_values = true)]
    pub s3_endpoint: String,

    /// Tag each picture with its likeliest label (vision-label), for lifecycle rules and queries
    #[arg(long, env = "VISION_S3_TAGS", num_args = 0..=1, default_value_t = false, default_missing_value = "true",
          value_parser = clap::builder::BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub s3_tags: bool,
}

impl S3Args {
    /// Where results go.
    ///
    /// # Errors
    /// A name that can't be in a key.
    pub fn output(&self) -> Result<Output, NameError> {
        Output::new(self.s3_output_bucket.clone(), self.s3_output_prefix.clone(), &self.s3_output_name)
    }
}

/// How an upload is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum UploadMethod {
    /// A form with a policy
    #[default]
    Post,
    /// A URL and headers, for storages that take no forms
    Put,
}

/// Why S3 can't be used as it was set up.
#[derive(Debug, Error)]
pub enum S3Error {
    /// The address of another storage.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The bucket for the labels.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The region.
    #[error("AWS_REGION: {0}")]
    Region(String),
}

/// Buckets at Amazon, or at an address.
#[derive(Debug)]
pub struct S3 {
    /// None at Amazon.
    endpoint: Option<Endpoint>,
    region: String,
    credentials: CredentialSource,
    uploads: UploadMethod,
}

/// The region of storages that have none.
const ANY_REGION: &str = "us-east-1";

impl S3 {
    /// Buckets where `arguments` and the platform's environment say.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub fn new(arguments: &S3Args, uploads: UploadMethod) -> Result<Self, S3Error> {
        arguments.s3_output_bucket.as_deref().map_or(Ok(()), check_bucket)?;
        let template = match arguments.s3_endpoint.trim_end_matches('/') {
            "" => None,
            template if template.contains("{bucket}") => Some(template.to_owned()),
            // As other tools take it: the bucket is the first part of the path.
            address => Some(format!("{address}/{{bucket}}")),
        };
        let endpoint = template.map(|template| Endpoint::new("VISION_S3_ENDPOINT", &template)).transpose()?;
        let named =
            ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
        let region = named.filter(|region| !region.is_empty()).unwrap_or_else(|| ANY_REGION.to_owned());
        notification::check_region(&region).map_err(S3Error::Region)?;
        Ok(Self { endpoint, region, credentials: CredentialSource::of_environment(), uploads })
    }

    /// Files that are read while the process is confined.
    pub fn files() -> Vec<PathBuf> {
        credentials::token_file().into_iter().collect()
    }

    fn locate(&self, object: &ObjectAddress) -> Result<Location, Unaddressable> {
        match &self.endpoint {
            Some(endpoint) => endpoint.locate(object),
            None => amazon(&object.bucket, &object.region).ok_or(Unaddressable)?.locate(object),
        }
    }
}

/// The address of a bucket at Amazon. A name with dots is no single part of a host's name, as certificates have it.
fn amazon(bucket: &str, region: &str) -> Option<Endpoint> {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let template = if bucket.contains('.') {
        format!("https://s3.{{region}}.{domain}/{{bucket}}")
    } else {
        format!("https://{{bucket}}.s3.{{region}}.{domain}")
    };
    Endpoint::new("VISION_S3_ENDPOINT", &template).ok()
}

impl S3 {
    /// Scheme and host of a bucket's address, to which a page must be allowed to go.
    pub(in crate::trigger) fn origin(&self, bucket: &str, region: &str) -> Result<String, Unaddressable> {
        let object =
            ObjectAddress { bucket: bucket.to_owned(), region: region.to_owned(), key: String::new() };
        let Location { scheme, host, .. } = self.locate(&object)?;
        Ok(format!("{scheme}://{host}"))
    }
}

impl Service for S3 {
    type Credentials = Credentials;

    const SCHEME: &str = "s3";
    const METADATA: &str = "x-amz-meta-";
    const VERSION: &str = "x-amz-version-id";
    const CONDITIONAL: bool = true;
    const DOCUMENT: &str = "docs/aws.md";

    fn notification(&self, event: &[u8]) -> Option<Vec<Record>> {
        notification::parse(event, &self.region)
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        self.credentials.now().await
    }

    fn sign(&self, request: &Unsigned<'_>, credentials: &Credentials) -> Result<Signed, Unaddressable> {
        let Unsigned { method, object, query, headers, body } = request;
        let location = self.locate(object)?;
        let mut signed = vec![("host", location.host.as_str())];
        signed.extend(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let parts =
            SignedParts { method: method.as_str(), path: &location.encoded, query: &query, headers: &signed };
        let headers = Signer::new(credentials, &object.region, SystemTime::now()).headers(&parts, body);
        Ok(Signed { url: location.url(&signature::canonical_query(&query)), headers })
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>. Going on after a name instead of by a token
    /// needs nothing of the answer before.
    fn listing(&self, prefix: &str, after: &str, most: usize) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("list-type", "2".to_owned()),
            ("encoding-type", "url".to_owned()),
            ("max-keys", most.to_string()),
            ("prefix", prefix.to_owned()),
        ];
        query.extend((!after.is_empty()).then(|| ("start-after", after.to_owned())));
        query
    }

    fn presign(&self, upload: &Upload<'_>, credentials: &Credentials) -> Result<Presigned, Unaddressable> {
        let signer = Signer::new(credentials, &upload.object.region, upload.now);
        Ok(match self.uploads {
            UploadMethod::Post => {
                let bucket = ObjectAddress { key: String::new(), ..upload.object.clone() };
                Presigned::Post { url: self.locate(&bucket)?.url(""), fields: form::fields(upload, &signer) }
            }
            UploadMethod::Put => self.presigned_put(upload, &signer)?,
        })
    }

    fn home_region(&self) -> Result<String, String> {
        Ok(self.region.clone())
    }
}

impl S3 {
    /// The storage computes the signature from the headers that come, so other types and sizes are refused.
    fn presigned_put(&self, upload: &Upload<'_>, signer: &Signer<'_>) -> Result<Presigned, Unaddressable> {
        let location = self.locate(upload.object)?;
        let headers = upload.headers(Self::METADATA);
        let length = upload.size.to_string();
        let mut signed = vec![("host", location.host.as_str()), ("content-length", &length)];
        signed.extend(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let parts = SignedParts { method: "PUT", path: &location.encoded, query: &[], headers: &signed };
        Ok(Presigned::Put { url: location.url(&signer.query(&parts, upload.valid)), headers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use hyper::Method;

    fn s3(endpoint: &str) -> S3 {
        S3::new(&S3Args { s3_endpoint: endpoint.to_owned(), ..S3Args::default() }, UploadMethod::Put).unwrap()
    }

    fn credentials() -> Credentials {
        Credentials { key_id: "id".into(), secret_key: "key".into(), token: None }
    }

    fn url(endpoint: &str, bucket: &str, region: &str) -> String {
        let object =
            ObjectAddress { bucket: bucket.into(), region: region.into(), key: "a b/../c+d.jpg".into() };
        let request = Unsigned {
            method: Method::GET,
            object: &object,
            query: vec![("versionId", "1/2".to_owned())],
            headers: Vec::new(),
            body: Bytes::new(),
        };
        s3(endpoint).sign(&request, &credentials()).unwrap().url
    }

    #[test]
    fn buckets_are_parts_of_the_host_at_amazon_and_of_the_path_elsewhere() {
        let key = "a%20b/../c%2Bd.jpg?versionId=1%2F2";
        for (endpoint, bucket, region, place) in [
            ("", "photos", "eu-central-1", "https://photos.s3.eu-central-1.amazonaws.com"),
            ("", "my.photos", "eu-central-1", "https://s3.eu-central-1.amazonaws.com/my.photos"),
            ("", "photos", "cn-north-1", "https://photos.s3.cn-north-1.amazonaws.com.cn"),
            ("http://minio:9000", "photos", "us-east-1", "http://minio:9000/photos"),
            ("http://minio:9000/", "photos", "us-east-1", "http://minio:9000/photos"),
            (
                "https://{bucket}.cos.{region}.myqcloud.com",
                "p-1",
                "ap-x",
                "https://p-1.cos.ap-x.myqcloud.com",
            ),
        ] {
            assert_eq!(url(endpoint, bucket, region), format!("{place}/{key}"));
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_named() {
        let told = |arguments: S3Args| S3::new(&arguments, UploadMethod::Post).unwrap_err().to_string();
        let endpoint = told(S3Args { s3_endpoint: "minio:9000".into(), ..S3Args::default() });
        assert!(endpoint.contains("VISION_S3_ENDPOINT is"), "{endpoint}");
        let bucket = told(S3Args { s3_output_bucket: Some("No Bucket".into()), ..S3Args::default() });
        assert!(bucket.contains("accepted is a name"), "{bucket}");
    }

    #[test]
    fn a_url_for_an_upload_binds_type_and_size() {
        let object = ObjectAddress {
            bucket: "photos".into(),
            region: "eu-central-1".into(),
            key: "uploads/x.jpg".into(),
        };
        let upload = Upload {
            object: &object,
            content_type: "image/jpeg",
            size: 1234,
            metadata: &[("vision-lang", "zh".to_owned())],
            now: SystemTime::now(),
            valid: std::time::Duration::from_secs(300),
        };
        let Presigned::Put { url, headers } = s3("").presign(&upload, &credentials()).unwrap() else {
            panic!()
        };
        assert!(
            url.contains(
                "&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bx-amz-meta-vision-lang&"
            ),
            "{url}"
        );
        assert!(url.contains("&X-Amz-Expires=300&"), "{url}");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(headers, [("content-type", "image/jpeg"), ("x-amz-meta-vision-lang", "zh")]);
    }
}
