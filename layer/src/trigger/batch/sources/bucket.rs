//! The objects of a bucket whose names begin alike.

use std::ffi::OsStr;
use std::sync::Arc;

use bytes::Bytes;
use contract::ErrorCode;
use futures_util::{Stream, StreamExt as _, stream};

use super::{Sight, after_scheme};
use crate::trigger::batch::photo_name::PhotoName;
use crate::trigger::batch::row::{NOT_FOUND, Problem, UNREADABLE};
use crate::trigger::batch::settings::BatchArgs;
use crate::trigger::objects::cos::{self, Cos};
use crate::trigger::objects::s3::{self, S3, S3Args, UploadMethod};
use crate::trigger::objects::{BucketReader, Endpoint, Page, StorageError};

/// Part of a bucket.
#[derive(Debug)]
pub(in crate::trigger::batch) struct Bucket {
    reader: Reader,
    prefix: String,
    every_file: bool,
}

#[derive(Debug)]
enum Reader {
    S3(Box<BucketReader<S3>>),
    Cos(Box<BucketReader<Cos>>),
}

impl Bucket {
    /// What `s3://BUCKET/PREFIX` or `cos://BUCKET-APPID/PREFIX` names; None for everything else.
    ///
    /// # Errors
    /// The name of the bucket, or what the environment does not say.
    pub(super) fn at(named: &OsStr, arguments: &BatchArgs) -> Result<Option<Self>, String> {
        let split = |rest: &str| {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            (bucket.to_owned(), prefix.to_owned())
        };
        let (reader, prefix) = if let Some(rest) = after_scheme(named, "s3") {
            let (bucket, prefix) = split(rest);
            s3::check_bucket(&bucket).map_err(|error| error.to_string())?;
            let settings = S3Args { s3_endpoint: arguments.s3_endpoint.clone(), ..S3Args::default() };
            let s3 = S3::new(&settings, UploadMethod::Put).map_err(|error| error.to_string())?;
            (Reader::S3(Box::new(BucketReader::new(s3, bucket)?)), prefix)
        } else if let Some(rest) = after_scheme(named, "cos") {
            let (bucket, prefix) = split(rest);
            cos::check_bucket(&bucket).map_err(|error| error.to_string())?;
            let endpoint = Endpoint::new("VISION_COS_ENDPOINT", &arguments.cos_endpoint);
            let cos = Cos::new(endpoint.map_err(|error| error.to_string())?);
            (Reader::Cos(Box::new(BucketReader::new(cos, bucket)?)), prefix)
        } else {
            return Ok(None);
        };
        Ok(Some(Self { reader, prefix, every_file: arguments.every_file }))
    }

    /// Everything in it, in the order of the names.
    pub(super) fn sights(self: Arc<Self>) -> impl Stream<Item = Sight> {
        let pages = stream::unfold(Some(String::new()), move |next| {
            let bucket = Arc::clone(&self);
            async move {
                let (sights, next) = bucket.sights_after(&next?).await;
                Some((stream::iter(sights), next))
            }
        });
        pages.flatten()
    }

    /// What the storage names after `after`, a page of it, and after what the next page begins; None where there is none.
    async fn sights_after(&self, after: &str) -> (Vec<Sight>, Option<String>) {
        let page = match self.page(after).await {
            Ok(page) => page,
            Err(reason) => return (vec![Sight::Unseen(reason)], None),
        };
        let next = page.has_more.then(|| page.keys.last().cloned()).flatten();
        // What a bucket's console makes for a folder ends with a slash.
        let names = page.keys.into_iter().filter(|key| !key.ends_with('/')).map(PhotoName::new);
        let photos = names.filter(|name| self.every_file || name.looks_like_a_photo());
        (photos.map(Sight::Photo).collect(), next)
    }

    async fn page(&self, after: &str) -> Result<Page, String> {
        match &self.reader {
            Reader::S3(reader) => reader.page(&self.prefix, after).await,
            Reader::Cos(reader) => reader.page(&self.prefix, after).await,
        }
    }

    /// An object of at most `limit` bytes.
    ///
    /// # Errors
    /// What the photo's row says then.
    pub(super) async fn object(&self, name: &PhotoName, limit: usize) -> Result<Bytes, Problem> {
        let key = name.text();
        let object = match &self.reader {
            Reader::S3(reader) => reader.object(&key, limit).await,
            Reader::Cos(reader) => reader.object(&key, limit).await,
        };
        object.map_err(|error| match error {
            Ok(error @ StorageError::NotFound) => Problem::new(NOT_FOUND, error.to_string()),
            Ok(error @ StorageError::TooLarge { .. }) => {
                Problem::new(ErrorCode::TooLarge.name(), error.to_string())
            }
            Ok(error) => Problem::new(UNREADABLE, error.to_string()),
            Err(reason) => Problem::new(UNREADABLE, reason),
        })
    }
}
