//! Tencent SCF, custom runtime: its paths and headers, with COS as the storage.
//!
//! Protocol: <https://cloud.tencent.com/document/product/583/47274>.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use contract::{ErrorBody, ErrorCode};
use reqwest::Url;
use reqwest::header::HeaderMap;
use thiserror::Error;
use worker::limits::parse_duration;
use worker::sandbox::{Needs, Network};

use super::history_args::HistoryArgs;
use super::managed::{Invocation, ManagedLoop, Platform, Post};
use super::objects::cos::{Cos, check_bucket};
use super::objects::{Besides, Endpoint, Labeller, OBJECT_ANSWER_MIB, Output, UploadArgs, object_limit};
use super::shutdown::{Shutdown, ShutdownArgs};
use super::{Requirements, Trigger, TriggerError};
use crate::history::History;
use crate::pool::Pools;

/// Where the platform is, and what it is told.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tencent SCF")]
pub struct ScfArgs {
    /// Host of the runtime API (the platform sets the variable)
    #[arg(long, env = "SCF_RUNTIME_API", value_name = "HOST")]
    pub runtime_api: String,

    /// Port of the runtime API (the platform sets the variable)
    #[arg(long, env = "SCF_RUNTIME_API_PORT", value_name = "PORT")]
    pub runtime_api_port: u16,

    /// Time kept back from the platform's limit for an event, so that the answer still arrives
    #[arg(long, env = "VISION_TIME_MARGIN", value_name = "TIME", default_value = "500ms",
          value_parser = parse_duration)]
    pub time_margin: Duration,

    /// How long the end may take.
    #[command(flatten)]
    pub shutdown: ShutdownArgs,

    /// What becomes of pictures put into a bucket.
    #[command(flatten)]
    pub cos: CosArgs,

    /// Where pictures are put that don't come in an event.
    #[command(flatten)]
    pub uploads: UploadArgs,

    /// What is kept of pictures put into a bucket.
    #[command(flatten)]
    pub history: HistoryArgs,
}

/// Where results for pictures in buckets go.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "COS trigger")]
pub struct CosArgs {
    /// Bucket for the results, with its APPID [default: the picture's bucket]
    #[arg(long, env = "VISION_COS_OUTPUT_BUCKET", value_name = "NAME-APPID")]
    pub cos_output_bucket: Option<String>,

    /// Put before the picture's key to make the keys of its results
    #[arg(long, env = "VISION_COS_OUTPUT_PREFIX", value_name = "PREFIX", default_value = "")]
    pub cos_output_prefix: String,

    /// Word in the names of results, such as `thumb` in KEY.thumb.jpg [default: the function's own]
    #[arg(
        long,
        env = "VISION_COS_OUTPUT_NAME",
        value_name = "WORD",
        default_value = "",
        hide_default_value = true
    )]
    pub cos_output_name: String,

    /// Address of a bucket
    #[arg(
        long,
        env = "VISION_COS_ENDPOINT",
        value_name = "URL",
        default_value = "https://{bucket}.cos.{region}.myqcloud.com"
    )]
    pub cos_endpoint: String,

    /// Tag each picture with its likeliest label (vision-label), for lifecycle rules and queries
    #[arg(long, env = "VISION_COS_TAGS", num_args = 0..=1, default_value_t = false, default_missing_value = "true",
          value_parser = clap::builder::BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub cos_tags: bool,
}

impl ScfArgs {
    /// The loop that these settings describe, for events of at most `event_limit` bytes; what is recognised of objects is
    /// kept in `history`.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub fn managed(
        &self,
        event_limit: usize,
        history: Option<Arc<History>>,
    ) -> Result<ManagedLoop<Scf, Cos>, TriggerError> {
        let platform = Scf::new(&self.runtime_api, self.runtime_api_port);
        let platform = platform.map_err(TriggerError::configuration)?;
        let CosArgs {
            cos_output_bucket: bucket,
            cos_output_prefix: prefix,
            cos_output_name,
            cos_endpoint,
            cos_tags: tags,
        } = self.cos.clone();
        bucket.as_deref().map_or(Ok(()), check_bucket).map_err(TriggerError::configuration)?;
        let endpoint =
            Endpoint::new("VISION_COS_ENDPOINT", &cos_endpoint).map_err(TriggerError::configuration)?;
        // What is uploaded is to be labelled, too.
        let object_limit = object_limit(event_limit).max(self.uploads.object_bytes());
        let output = Output::new(bucket, prefix, &cos_output_name).map_err(TriggerError::configuration)?;
        let besides = Besides { tags, history };
        let check = |bucket: &str| check_bucket(bucket).map_err(|error| error.to_string());
        let labeller = Labeller::new(Cos::new(endpoint), output, besides, object_limit);
        let labeller = labeller.with_uploads(&self.uploads, check).map_err(TriggerError::configuration)?;
        ManagedLoop::new(platform, labeller, event_limit, self.time_margin).map_err(TriggerError::failed)
    }
}

/// `vision scf`.
#[derive(Debug)]
pub struct ScfTrigger {
    args: ScfArgs,
}

impl ScfTrigger {
    /// With these settings.
    pub fn new(args: ScfArgs) -> Self {
        Self { args }
    }
}

impl Trigger for ScfTrigger {
    type Opened = ManagedLoop<Scf, Cos>;

    fn requirements(&self) -> Requirements {
        // The platform gives an instance one event at a time.
        Requirements {
            event_mib: self.args.uploads.event_mib(),
            answer_mib: OBJECT_ANSWER_MIB,
            makes_thumbnail: self.args.history.is_on(),
            shutdown: Some(self.args.shutdown),
            ..Requirements::default()
        }
    }

    fn prepare(&self) -> Result<Needs, TriggerError> {
        // The runtime API and the storage.
        let mut needs = self.args.history.prepare()?;
        needs.network = Network { connect: true, ..needs.network };
        Ok(needs)
    }

    async fn open(&self, pools: &Pools) -> Result<Self::Opened, TriggerError> {
        let history = self.args.history.open().await?.map(Arc::new);
        self.args.managed(pools.first().limits().event_bytes(), history)
    }

    async fn serve(
        self,
        opened: Self::Opened,
        pools: &Pools,
        shutdown: &Shutdown,
    ) -> Result<(), TriggerError> {
        opened.serve(pools.first(), shutdown).await
    }
}

/// The platform.
#[derive(Debug)]
pub struct Scf {
    address: String,
}

/// No host is at what the platform's variable names.
#[derive(Debug, Error)]
#[error("SCF_RUNTIME_API is {0:?}, accepted is a host name or an IP address")]
pub struct AddressError(String);

impl Scf {
    fn new(host: &str, port: u16) -> Result<Self, AddressError> {
        let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
        let address = if is_bare_ipv6 { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let is_url = Url::parse(&format!("http://{address}/")).is_ok();
        if host.is_empty() || host.contains(['/', '@', '?', '#']) || !is_url {
            return Err(AddressError(host.to_owned()));
        }
        Ok(Self { address })
    }
}

impl Platform for Scf {
    const ROOT: &str = "runtime";

    // 6 MB, <https://cloud.tencent.com/document/product/583/11637>.
    const ANSWER_BYTES: usize = 6 << 20;

    // Nothing says that they are.
    const IDS_ARE_UNIQUE: bool = false;

    fn address(&self) -> &str {
        &self.address
    }

    fn ready(&self) -> Option<Post> {
        // The platform's own sample sends one blank.
        Some(Post::new("init/ready", " "))
    }

    fn next_path(&self) -> &str {
        "invocation/next"
    }

    /// The platform's documents spell the headers `Request_Id` and `request_id`; names of HTTP headers have no case, and
    /// the underscores are theirs.
    fn invocation(&self, headers: &HeaderMap, received: Instant) -> Invocation {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        Invocation {
            request_id: text("request_id").filter(|id| !id.is_empty()).map(str::to_owned),
            time_limit: text("time_limit_in_ms")
                .and_then(|limit| limit.parse().ok())
                .filter(|limit| *limit > 0)
                .map(Duration::from_millis),
            received,
        }
    }

    fn answer(&self, _: &Invocation, answer: Bytes) -> Post {
        Post::new("invocation/response", answer).header("content-type", "text/plain; charset=utf-8")
    }

    fn failure(&self, _: &Invocation, code: ErrorCode, message: &str) -> Post {
        let body = ErrorBody::new(code, message).to_json();
        Post::new("invocation/error", body).header("content-type", "application/json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn scf() -> Scf {
        Scf::new("127.0.0.1", 9001).unwrap()
    }

    fn invocation(headers: &[(&str, &str)]) -> Invocation {
        let map = headers.iter().map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        scf().invocation(&map.collect(), Instant::now())
    }

    #[test]
    fn headers_are_read_in_any_case() {
        for (id, limit) in [
            ("Request_Id", "Time_Limit_In_Ms"),
            ("request_id", "time_limit_in_ms"),
            ("REQUEST_ID", "TIME_LIMIT_IN_MS"),
        ] {
            let read = invocation(&[(id, "c6af9ac6"), (limit, "3000")]);
            assert_eq!(read.request_id.as_deref(), Some("c6af9ac6"));
            assert_eq!(read.time_limit, Some(Duration::from_secs(3)));
        }
    }

    #[test]
    fn headers_that_are_missing_or_make_no_sense_are_no_limit() {
        for headers in [&[][..], &[("Time_Limit_In_Ms", "soon")], &[("Time_Limit_In_Ms", "0")]] {
            assert_eq!(invocation(headers).time_limit, None);
        }
    }

    #[test]
    fn a_failure_is_told_as_json_with_its_code_and_message() {
        let message = "found GIF, accepted are JPEG and PNG";
        let post = scf().failure(&invocation(&[]), ErrorCode::UnsupportedImage, message);
        assert_eq!(post.path, "invocation/error");
        assert_eq!(
            post.body,
            r#"{"error":{"code":"unsupported_image","message":"found GIF, accepted are JPEG and PNG"}}"#
        );
    }

    #[test]
    fn an_address_of_version_6_gets_its_brackets() {
        for (host, address) in
            [("::1", "[::1]:9001"), ("[::1]", "[::1]:9001"), ("localhost", "localhost:9001")]
        {
            assert_eq!(Scf::new(host, 9001).unwrap().address(), address);
        }
        for host in ["", "127.0.0.1/x", "a@b", "::x::"] {
            assert!(Scf::new(host, 9001).is_err(), "{host}");
        }
    }
}
