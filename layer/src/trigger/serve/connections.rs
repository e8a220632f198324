//! Connections: how many, how slow they may be, and how they end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;

use super::router::router;
use super::service::Service;
use super::settings::ServeSettings;
use crate::trigger::shutdown::Shutdown;

/// Bytes and lines that the head of a request may have.
const HEAD_BYTES: usize = 32 << 10;
const HEAD_LINES: usize = 100;

/// After SIGTERM answers say `connection: close` for this long before idle connections are closed: a client that is
/// just sending its next request still gets an answer.
const FAREWELL: Duration = Duration::from_millis(500);

/// A pause after the system gave no connection, as when all file descriptors are in use.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until the end is asked for, then finishes those that are there.
pub(super) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    settings: &ServeSettings,
    shutdown: &Shutdown,
) {
    let server = Server {
        router: router(&service),
        service,
        places: Arc::new(Semaphore::new(settings.connections.into())),
        header_time: settings.header_time,
        write_time: settings.body_time,
    };
    let open = GracefulShutdown::new();
    {
        let mut asked = pin!(shutdown.asked());
        server.accept_until(&listener, &open, &mut asked).await;
    }
    server.service.begin_to_end();
    let deadline = shutdown.deadline_of_clients();
    let farewell = FAREWELL.min(deadline.saturating_duration_since(Instant::now()) / 2);
    let mut farewell = pin!(tokio::time::sleep(farewell));
    server.accept_until(&listener, &open, &mut farewell).await;
    server.accept_waiting(&listener, &open).await;
    drop(listener);
    if tokio::time::timeout_at(deadline, open.shutdown()).await.is_err() {
        tracing::warn!("some requests were not finished in the time for the end");
    }
}

struct Server {
    router: Router,
    service: Arc<Service>,
    places: Arc<Semaphore>,
    header_time: Duration,
    write_time: Duration,
}

impl Server {
    async fn accept_until(
        &self,
        listener: &TcpListener,
        open: &GracefulShutdown,
        end: &mut (impl Future<Output = ()> + Unpin),
    ) {
        loop {
            let accepted = async {
                let place = Arc::clone(&self.places).acquire_owned().await;
                (listener.accept().await, place)
            };
            tokio::select! {
                () = &mut *end => return,
                (accepted, place) = accepted => match (accepted, place) {
                    (Ok((stream, _)), Ok(place)) => self.start(stream, place, open.watcher()),
                    (Err(error), _) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(PAUSE).await;
                    }
                    // Nobody closes the semaphore.
                    (Ok(_), Err(_)) => return,
                },
            }
        }
    }

    /// Takes the connections that the system has accepted for us already.
    async fn accept_waiting(&self, listener: &TcpListener, open: &GracefulShutdown) {
        while let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            let now = tokio::time::timeout(Duration::ZERO, listener.accept());
            let Ok(Ok((stream, _))) = now.await else {
                return;
            };
            self.start(stream, place, open.watcher());
        }
    }

    fn start(&self, stream: TcpStream, place: OwnedSemaphorePermit, watcher: Watcher) {
        // Answers are small and written at once; where the option can't be set they only come later.
        drop(stream.set_nodelay(true));
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.write_time));
        let service = TowerToHyperService::new(self.router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // A client that has sent all may say so and still wait for its answer.
            .half_close(true)
            .header_read_timeout(self.header_time)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEAD_LINES)
            .serve_connection(TokioIo::new(Box::pin(stream)), service);
        let connection = watcher.watch(connection);
        let open = self.service.metrics.connections.clone();
        tokio::spawn(async move {
            open.inc();
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            open.dec();
            drop(place);
        });
    }
}
