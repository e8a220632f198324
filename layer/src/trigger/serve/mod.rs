//! HTTP: functions behind `POST /v1/NAME`, with a page, a history and what machines ask for.
//!
//! The path of a request: `connections` reads its head within a time limit, `callers` checks where it comes from, `router`
//! finds its handler, `body` reads the body within limits of size and time, `http_event` makes an event of it, `admission`
//! lets it wait for a worker of its function or refuses it, the handler answers, and `answer` turns that into a response.

mod admission;
mod answer;
mod answer_time;
mod batch_answers;
mod body;
mod call;
mod callers;
mod cloud_event_schema;
mod cloud_events;
mod connections;
mod drain;
mod function;
mod function_routes;
mod functions;
mod history_routes;
mod metrics;
mod openapi;
mod page;
mod page_policy;
mod places;
mod problem;
mod recognize;
mod requests;
mod router;
mod service;
mod settings;
mod status;
mod unsent;
mod upload_routes;

pub(crate) use functions::{RECOGNIZE, check_function_name};
pub(crate) use places::MORE as CONNECTIONS_BEYOND;
pub(crate) use settings::DEFAULT_ADDRESS;
pub use settings::ServeSettings;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpListener;
use worker::sandbox::{Needs, Network};

use super::history_args::HistoryArgs;
use super::objects::s3::S3;
use super::objects::{ReferredObjects, Uploads};
use super::shutdown::Shutdown;
use super::{Requirements, Threads, Trigger, TriggerError};
use crate::console;
use crate::history::History;
use crate::pool::{FunctionPool, Pool, Pools};
use service::Service;

/// The address is taken, or not this machine's.
#[derive(Debug, Error)]
#[error("can't listen on {address}: {reason}")]
pub struct ListenError {
    /// The address that was asked for.
    address: SocketAddr,
    /// The system's reason.
    reason: io::Error,
}

/// `vision serve`.
#[derive(Debug)]
pub struct ServeTrigger {
    settings: ServeSettings,
    history: HistoryArgs,
}

impl ServeTrigger {
    /// With these settings.
    pub fn new(settings: ServeSettings, history: HistoryArgs) -> Self {
        Self { settings, history }
    }

    /// What is left of the network: for the database, and for the storage of uploads and of objects that events refer to.
    fn network(&self) -> Network {
        let network = self.history.network();
        Network { connect: network.connect || self.settings.uses_storage(), ..network }
    }
}

/// What the service has before its first request, which may wait at the listener already.
#[derive(Debug)]
pub struct Opened {
    history: Option<History>,
    uploads: Option<Uploads<S3>>,
    referred: Option<ReferredObjects>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Trigger for ServeTrigger {
    type Opened = Opened;

    fn requirements(&self) -> Requirements {
        Requirements {
            event_mib: self.settings.event_mib(),
            answer_mib: 0,
            makes_thumbnail: self.history.is_on(),
            network_of_events: Some(self.network()),
            threads: Threads::EachCore,
            shutdown: Some(self.settings.shutdown),
            ..Requirements::default()
        }
    }

    fn prepare(&self) -> Result<Needs, TriggerError> {
        let mut needs = self.history.prepare()?;
        metrics::prepare();
        needs.network = Network { listen: true, ..self.network() };
        if self.settings.uses_storage() {
            needs.files.extend(S3::files());
        }
        Ok(needs)
    }

    async fn open(&self, _: &Pools) -> Result<Opened, TriggerError> {
        let uploads = self.settings.uploads()?;
        let referred = self.settings.referred()?;
        let history = self.history.open().await?;
        let (listener, address) = listen(self.settings.listen).await.map_err(TriggerError::configuration)?;
        Ok(Opened { history, uploads, referred, listener, address })
    }

    async fn serve(self, opened: Opened, pools: &Pools, shutdown: &Shutdown) -> Result<(), TriggerError> {
        let Self { settings, .. } = self;
        let Opened { history, uploads, referred, listener, address } = opened;
        let starting = Service::start(&settings, (history, uploads, referred), pools);
        let Some(service) = shutdown.unless_asked(starting).await else {
            return Ok(());
        };
        let service = Arc::new(service);
        // For people and scripts; with port 0 the only way to learn the port.
        console::tell(format_args!("vision: listening on http://{address}"));
        let served = async {
            connections::serve(listener, Arc::clone(&service), &settings, shutdown).await;
            service.finish(shutdown.deadline()).await;
        };
        Ok(shutdown.bound(served).await?)
    }
}

/// The service without connections: answers requests with the `workers` of `pool` once all of them are warm. For servers
/// that bring their own connections, and for tests.
pub async fn answering(
    settings: &ServeSettings,
    workers: NonZeroUsize,
    history: Option<History>,
    pool: &Pool,
) -> axum::Router {
    metrics::prepare();
    let only = FunctionPool { name: RECOGNIZE.to_owned(), workers, pool: pool.clone() };
    let service = Service::start(settings, (history, None, None), &Pools::new(only, Vec::new())).await;
    router::router(&Arc::new(service))
}

/// Takes the address that requests come to; they wait until the service runs.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let failed = |reason| ListenError { address, reason };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
