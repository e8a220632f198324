//! AWS Lambda, custom runtime, with S3 as the storage: its settings, and the trigger that they describe.

mod envelope;
mod extension;
#[cfg(fuzzing)]
#[expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a fuzz target fails by panicking"
)]
pub mod fuzzing;
mod platform;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use worker::EngineConfig;
use worker::limits::{MIB, parse_duration};
use worker::sandbox::{Needs, Network};

use super::history_args::HistoryArgs;
use super::managed::{self, ManagedLoop, Platform as _};
use super::objects::s3::{S3, S3Args, check_bucket};
use super::objects::{Besides, Labeller, OBJECT_ANSWER_MIB, UploadArgs};
use super::shutdown::{Shutdown, ShutdownArgs};
use super::{Requirements, Trigger, TriggerError};
use crate::history::History;
use crate::pool::Pools;
use extension::Extension;
pub use platform::{AddressError, Lambda};

/// Where the platform is, and what it is told.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "AWS Lambda")]
pub struct LambdaArgs {
    /// Address of the runtime API (the platform sets the variable)
    #[arg(long, env = RUNTIME_API, value_name = "HOST:PORT")]
    pub runtime_api: String,

    /// Events that are asked for at the same time; managed instances set the variable
    #[arg(long, env = "AWS_LAMBDA_MAX_CONCURRENCY", value_name = "N", default_value = "1", value_parser = parse_polls)]
    pub max_concurrency: NonZeroUsize,

    /// Time kept back from the platform's limit for an event, so that the answer still arrives
    #[arg(long, env = "VISION_TIME_MARGIN", value_name = "TIME", default_value = "500ms",
          value_parser = parse_duration)]
    pub time_margin: Duration,

    /// How long the end may take.
    #[command(flatten)]
    pub shutdown: ShutdownArgs,

    /// What becomes of pictures put into a bucket.
    #[command(flatten)]
    pub s3: S3Args,

    /// Size of an object that is labelled, in MiB
    #[arg(long, env = "VISION_OBJECT_LIMIT", value_name = "MIB", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=23), help_heading = "S3")]
    pub object_limit: u32,

    /// Where pictures are put that don't come in an event.
    #[command(flatten)]
    pub uploads: UploadArgs,

    /// What is kept of pictures put into a bucket.
    #[command(flatten)]
    pub history: HistoryArgs,
}

/// The variable with the address of the runtime API.
pub const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// Connections that wait for events: far more than the platform gives an instance.
const MAX_POLLS: usize = 1024;

fn parse_polls(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.trim().parse::<NonZeroUsize>().ok().filter(|count| count.get() <= MAX_POLLS);
    count.ok_or_else(|| format!("found {text:?}, accepted are 1 to {MAX_POLLS}"))
}

impl LambdaArgs {
    /// The loop that these settings describe, for events of at most `event_limit` bytes; what is recognised of objects is
    /// kept in `history`.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub fn managed(
        &self,
        event_limit: usize,
        history: Option<Arc<History>>,
    ) -> Result<ManagedLoop<Lambda, S3>, TriggerError> {
        let platform = self.platform().map_err(TriggerError::configuration)?;
        let storage = S3::new(&self.s3, self.uploads.upload_method).map_err(TriggerError::configuration)?;
        let output = self.s3.output().map_err(TriggerError::configuration)?;
        let tags = self.s3.s3_tags;
        let object_limit = (self.object_limit as usize * MIB).max(self.uploads.object_bytes());
        let labeller = Labeller::new(storage, output, Besides { tags, history }, object_limit);
        let check = |bucket: &str| check_bucket(bucket).map_err(|error| error.to_string());
        let labeller = labeller.with_uploads(&self.uploads, check).map_err(TriggerError::configuration)?;
        ManagedLoop::new(platform, labeller, event_limit, self.time_margin).map_err(TriggerError::failed)
    }

    /// MiB of the event that the largest object becomes: base64 adds a third.
    fn event_mib(&self) -> u32 {
        let of_objects = self.object_limit + self.object_limit.div_ceil(3) + 1;
        of_objects.max(self.uploads.event_mib())
    }

    fn platform(&self) -> Result<Lambda, AddressError> {
        Lambda::new(&self.runtime_api, self.max_concurrency)
    }
}

/// `vision lambda`.
#[derive(Debug)]
pub struct LambdaTrigger {
    args: LambdaArgs,
}

impl LambdaTrigger {
    /// With these settings.
    pub fn new(args: LambdaArgs) -> Self {
        Self { args }
    }
}

/// Tells the runtime API at `address` that no events can be taken, for the reason in `message`.
pub async fn failed_start(address: &str, message: &str) {
    if let Ok(platform) = Lambda::new(address, NonZeroUsize::MIN) {
        managed::failed_start(platform, message).await;
    }
}

impl Trigger for LambdaTrigger {
    type Opened = (ManagedLoop<Lambda, S3>, Option<Extension>);

    fn requirements(&self) -> Requirements {
        // More workers than cores would only be in each other's way: what is asked for beyond them waits in the queue.
        let cores = EngineConfig::default().inference_threads;
        Requirements {
            workers: self.args.max_concurrency.min(cores),
            event_mib: self.args.event_mib(),
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
        needs.files.extend(S3::files());
        Ok(needs)
    }

    async fn open(&self, pools: &Pools) -> Result<Self::Opened, TriggerError> {
        let history = self.args.history.open().await?.map(Arc::new);
        let managed = self.args.managed(pools.first().limits().event_bytes(), history)?;
        let platform = self.args.platform().map_err(TriggerError::configuration)?;
        Ok((managed, Extension::register(platform.address()).await))
    }

    async fn failed_start(&self, message: &str) {
        failed_start(&self.args.runtime_api, message).await;
    }

    async fn serve(
        self,
        (managed, extension): Self::Opened,
        pools: &Pools,
        shutdown: &Shutdown,
    ) -> Result<(), TriggerError> {
        tokio::select! {
            biased;
            served = managed.serve(pools.first(), shutdown) => served,
            never = extension::stay(extension) => match never {},
        }
    }
}
