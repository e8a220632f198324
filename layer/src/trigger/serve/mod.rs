//! HTTP: the module behind `POST /v1/recognize`, with a page, a history and what machines ask for.
//!
//! The path of a request: `connections` reads its head within a time limit, `callers` checks where it comes from, `router`
//! finds its handler, `body` reads the body within limits of size and time, `forms` makes an event of it, `admission` lets
//! it wait for a worker or refuses it, the handler answers, and `answer` turns that into a response.

mod admission;
mod answer;
mod body;
mod callers;
mod connections;
mod forms;
mod history_routes;
mod metrics;
mod openapi;
mod page;
mod places;
mod problem;
mod recognize;
mod requests;
mod router;
mod service;
mod settings;
mod workers;

pub use settings::ServeSettings;
pub use workers::Workers;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpListener;

use crate::console;
use crate::history::History;
use crate::limits::Limits;
use crate::pool::Handler;
use crate::trigger::shutdown::{Shutdown, Unfinished};
use service::Service;

/// Why the service does not run.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address is taken, or not this machine's.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The end was cut short.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
}

/// Opens what the metrics read of the system; to be called before the process gives up its files.
pub fn open_metrics() {
    metrics::prepare();
}

/// Takes the address that requests come to; they wait until the service runs.
///
/// # Errors
/// [`ServeError::Listen`].
pub async fn listen(settings: &ServeSettings) -> Result<TcpListener, ServeError> {
    let address = settings.listen;
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

/// Answers requests with `handler` until the end is asked for, then finishes what was taken.
///
/// `workers` are those that `handler` has; `limits` are the ones it applies.
///
/// # Errors
/// [`ServeError::Listen`] before the first request, [`ServeError::Unfinished`] at the end.
pub async fn run(
    listener: TcpListener,
    settings: &ServeSettings,
    workers: Workers,
    limits: Limits,
    history: Option<History>,
    handler: impl Handler,
    shutdown: &Shutdown,
) -> Result<(), ServeError> {
    let address = settings.listen;
    let address = listener.local_addr().map_err(|source| ServeError::Listen { address, source })?;
    let starting = Service::start(settings, workers, limits, history, handler);
    let Some(service) = shutdown.unless_asked(starting).await else {
        return Ok(());
    };
    let service = Arc::new(service);
    // For people and scripts; with port 0 the only way to learn the port.
    console::tell(format_args!("vision: listening on http://{address}"));
    let served = async {
        connections::serve(listener, Arc::clone(&service), settings, shutdown).await;
        service.finish(shutdown.deadline()).await;
    };
    Ok(shutdown.bound(served).await?)
}
