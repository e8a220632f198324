//! What can be set about uploads.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use thiserror::Error;
use worker::limits::{MIB, parse_duration};

use super::places::Uploads;
use crate::trigger::objects::client::Storage;
use crate::trigger::objects::output::Output;
use crate::trigger::objects::s3::UploadMethod;
use crate::trigger::objects::service::Service;

/// Where uploads go, and what they may be.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Uploads")]
pub struct UploadArgs {
    /// Let callers of POST /v1/uploads put pictures into this bucket by themselves, past the function and its limit for bodies
    #[arg(
        long,
        env = "VISION_UPLOAD_BUCKET",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub upload_bucket: String,

    /// Before the random name of an upload
    #[arg(long, env = "VISION_UPLOAD_PREFIX", value_name = "PREFIX", default_value = "uploads/")]
    pub upload_prefix: String,

    /// Size of an uploaded picture, in MiB
    #[arg(long, env = "VISION_UPLOAD_LIMIT", value_name = "MIB", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=23))]
    pub upload_limit: u32,

    /// Time in which an upload has to begin
    #[arg(long, env = "VISION_UPLOAD_TIME", value_name = "TIME", default_value = "5m", value_parser = upload_time)]
    pub upload_time: Duration,

    /// How uploads are signed: a form whose policy limits them (S3, MinIO), or a URL (storages that take no forms; COS
    /// always)
    #[arg(long, env = "VISION_UPLOAD_METHOD", value_name = "METHOD", value_enum, default_value_t = UploadMethod::Post)]
    pub upload_method: UploadMethod,
}

/// Signatures of S3 may last a week, ours an hour at most: nobody has to take them back.
const LONGEST: Duration = Duration::from_secs(60 * 60);

fn upload_time(text: &str) -> Result<Duration, String> {
    let time = parse_duration(text)?;
    if (Duration::from_secs(10)..=LONGEST).contains(&time) {
        return Ok(time);
    }
    Err(format!("found {text}, accepted are 10s to 1h"))
}

/// Why there can be no uploads as they were set up.
#[derive(Debug, Error)]
pub enum UploadError {
    /// The bucket's name.
    #[error("VISION_UPLOAD_BUCKET: {0}")]
    Bucket(String),
    /// What stands before the names of uploads.
    #[error(
        "VISION_UPLOAD_PREFIX is {0:?}, accepted are up to 512 bytes that begin with no slash and have no step up (..)"
    )]
    Prefix(String),
    /// The region of the bucket is not known.
    #[error("VISION_UPLOAD_BUCKET: {0}")]
    Region(String),
}

impl UploadArgs {
    /// Whether there are uploads.
    pub fn is_on(&self) -> bool {
        !self.upload_bucket.is_empty()
    }

    /// MiB that events need so that the largest upload fits: base64 adds a third.
    pub fn event_mib(&self) -> u32 {
        if self.is_on() { self.upload_limit + self.upload_limit.div_ceil(3) + 1 } else { 0 }
    }

    /// Bytes of the largest upload; 0 where there are none.
    pub fn object_bytes(&self) -> usize {
        if self.is_on() { self.upload_limit as usize * MIB } else { 0 }
    }

    /// Uploads into a bucket of `storage`, whose labels are where `output` says; nothing where no bucket was named.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub(in crate::trigger) fn uploads<S: Service>(
        &self,
        storage: Arc<Storage<S>>,
        output: Output,
        check_bucket: impl FnOnce(&str) -> Result<(), String>,
    ) -> Result<Option<Uploads<S>>, UploadError> {
        if !self.is_on() {
            return Ok(None);
        }
        check_bucket(&self.upload_bucket).map_err(UploadError::Bucket)?;
        let prefix = self.upload_prefix.clone();
        let climbs = prefix.split('/').any(|segment| segment == "..");
        if prefix.len() > 512 || prefix.starts_with('/') || climbs {
            return Err(UploadError::Prefix(prefix));
        }
        let region = storage.service.home_region().map_err(UploadError::Region)?;
        Ok(Some(Uploads {
            storage,
            output,
            bucket: self.upload_bucket.clone(),
            region,
            prefix,
            limit: self.object_bytes() as u64,
            valid: self.upload_time,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_has_some_time_and_not_too_much() {
        assert_eq!(upload_time("5m"), Ok(Duration::from_secs(300)));
        for text in ["1s", "2h", "soon"] {
            assert!(upload_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_largest_upload_fits_into_an_event() {
        for limit in 1..=23 {
            let arguments =
                UploadArgs { upload_bucket: "b".into(), upload_limit: limit, ..UploadArgs::default() };
            let event = crate::trigger::http_event::event_bytes(arguments.object_bytes());
            assert!(event <= arguments.event_mib() as usize * MIB, "{limit}");
            assert!(event <= contract::limits::MAX_EVENT_BYTES, "{limit}");
        }
    }
}
