//! What can be set about the service: bounds on everything that comes from outside.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use worker::limits::{MIB, parse_duration};

use super::body::BodyReader;
use super::drain::{DrainArgs, DrainTooLong};
use crate::trigger::TriggerError;
use crate::trigger::objects::s3::{S3, S3Args, check_bucket};
use crate::trigger::objects::{ReferredArgs, ReferredObjects, Storage, UploadArgs, Uploads};
use crate::trigger::shutdown::ShutdownArgs;

/// Where the service listens and what a client may take of it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Service")]
pub struct ServeSettings {
    /// Where to listen; 0.0.0.0:9000 serves other machines, too
    #[arg(long, env = "VISION_LISTEN", value_name = "ADDRESS:PORT", default_value_t = DEFAULT_ADDRESS)]
    pub listen: SocketAddr,

    /// Size of a request's body, in MiB (our function takes pictures of up to 23)
    #[arg(long = "body-limit", env = "VISION_BODY_LIMIT", value_name = "MIB", default_value_t = 6,
          value_parser = clap::value_parser!(u32).range(1..=64))]
    pub body_mib: u32,

    /// Memory for all bodies and the events they become together, in MiB, for each function, and as much for large answers that
    /// clients have not taken yet; requests beyond it are told to come again (one of the largest always has its place)
    #[arg(long = "bodies-limit", env = "VISION_BODIES_LIMIT", value_name = "MIB", default_value_t = 128,
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub bodies_mib: u32,

    /// Requests that may wait for a worker, of each function; more are told to come again
    #[arg(long = "queue-limit", env = "VISION_QUEUE_LIMIT", value_name = "N", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(0..=4096))]
    pub queue: u16,

    /// Connections at the same time; for more, idle ones are closed, or they are told to come again
    #[arg(long = "connection-limit", env = "VISION_CONNECTION_LIMIT", value_name = "N", default_value_t = 512,
          value_parser = clap::value_parser!(u16).range(1..))]
    pub connections: u16,

    /// Time for the head of a request, and for the next request of a connection
    #[arg(long = "header-time", env = "VISION_HEADER_TIME", value_name = "TIME", default_value = "10s",
          value_parser = parse_duration)]
    pub header_time: Duration,

    /// Time for the body of a request, and for a client to take all of an answer
    #[arg(long = "body-time", env = "VISION_BODY_TIME", value_name = "TIME", default_value = "30s",
          value_parser = parse_duration)]
    pub body_time: Duration,

    /// How many may wait for a function, where it has a number of its own.
    #[arg(skip)]
    pub queues: BTreeMap<String, u16>,

    /// How long the end may take.
    #[command(flatten)]
    pub shutdown: ShutdownArgs,

    /// How much of that is for those who come late.
    #[command(flatten)]
    pub drain: DrainArgs,

    /// Answer to this name, beside localhost and IP addresses (* for any name); may be repeated
    #[arg(long = "host", env = "VISION_HOST", value_name = "NAME", value_delimiter = ',', value_parser = host)]
    pub hosts: Vec<String>,

    /// Let pages of this origin use the service (* for any); may be repeated
    #[arg(long = "cors-origin", env = "VISION_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',',
          value_parser = origin)]
    pub cors_origins: Vec<String>,

    /// Where pictures are put that don't come in a body.
    #[command(flatten)]
    pub uploads: UploadArgs,

    /// Where events may tell of pictures.
    #[command(flatten)]
    pub referred: ReferredArgs,

    /// The storage that they are put into.
    #[command(flatten)]
    pub s3: S3Args,
}

/// This machine only: whoever serves others says so.
pub(crate) const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9000);

impl ServeSettings {
    /// Checks what no option can check for itself.
    ///
    /// # Errors
    /// What does not go together.
    pub fn check(&self) -> Result<(), DrainTooLong> {
        self.drain.check(self.shutdown.shutdown_time)
    }

    /// Bytes that a body may have.
    pub fn body_bytes(&self) -> usize {
        self.body_mib as usize * MIB
    }

    /// What reads the bodies of requests for one function.
    pub(super) fn bodies(&self) -> BodyReader {
        BodyReader::new(self.body_bytes(), self.body_time, self.memory_mib())
    }

    /// Requests that may wait for this function.
    pub(super) fn queue_of(&self, function: &str) -> usize {
        self.queues.get(function).copied().unwrap_or(self.queue).into()
    }

    /// MiB for all bodies and their events: at least for the largest body and its event.
    pub fn memory_mib(&self) -> u32 {
        self.bodies_mib.max(self.body_mib + self.event_mib())
    }

    /// Uploads, if there is a bucket for them.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub(super) fn uploads(&self) -> Result<Option<Uploads<S3>>, TriggerError> {
        let s3 = S3::new(&self.s3, self.uploads.upload_method).map_err(TriggerError::configuration)?;
        let output = self.s3.output().map_err(TriggerError::configuration)?;
        let check = |bucket: &str| check_bucket(bucket).map_err(|error| error.to_string());
        let uploads = self.uploads.uploads(Arc::new(Storage::new(s3)), output, check);
        uploads.map_err(TriggerError::configuration)
    }

    /// Objects that events may refer to, if there is a bucket for them.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub(super) fn referred(&self) -> Result<Option<ReferredObjects>, TriggerError> {
        if self.referred.event_buckets.is_empty() {
            return Ok(None);
        }
        let s3 = S3::new(&self.s3, self.uploads.upload_method).map_err(TriggerError::configuration)?;
        Ok(ReferredObjects::new(s3, self.referred.event_buckets.clone()))
    }

    /// Whether anything is asked of a storage.
    pub(super) fn uses_storage(&self) -> bool {
        self.uploads.is_on() || !self.referred.event_buckets.is_empty()
    }

    /// MiB that an event needs so that the largest body fits: base64 adds a third, the rest is for headers.
    pub fn event_mib(&self) -> u32 {
        self.body_mib + self.body_mib.div_ceil(3) + 1
    }
}

fn origin(text: &str) -> Result<String, String> {
    let is_origin = text.starts_with("http://") || text.starts_with("https://");
    let has_path = text.splitn(4, '/').count() > 3;
    if text == "*" || (is_origin && !has_path && text.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Ok(text.to_owned());
    }
    Err(format!("found {text:?}, accepted are * and origins such as https://example.org"))
}

fn host(text: &str) -> Result<String, String> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if text == "*" || (!text.is_empty() && text.bytes().all(is_name)) {
        return Ok(text.to_owned());
    }
    Err(format!("found {text:?}, accepted are * and names without a port such as pictures.example.org"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_without_a_port_or_a_star() {
        for text in ["*", "pictures.example.org", "vision"] {
            assert_eq!(host(text).as_deref(), Ok(text));
        }
        for text in ["", "example.org:80", "https://example.org", "*.example.org", "a b"] {
            assert!(host(text).unwrap_err().contains("accepted are"), "{text}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_with_a_host_or_a_star() {
        for text in ["*", "https://example.org", "http://localhost:3000"] {
            assert_eq!(origin(text).as_deref(), Ok(text));
        }
        for text in ["", "example.org", "https://example.org/", "https://example.org/page", "https://a b"] {
            assert!(origin(text).unwrap_err().contains("accepted are"), "{text}");
        }
    }
}
