//! Connections: how many, how slow they may be, and how they end.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{timeout, timeout_at};

use super::answer_time::TimedAnswers;
use super::places::{Busy, Leave, Place, Places};
use super::problem::Problem;
use super::router::router;
use super::service::Service;
use super::settings::ServeSettings;
use crate::trigger::shutdown::Shutdown;

/// Bytes and lines that the head of a request may have.
const HEAD_BYTES: usize = 32 << 10;
const HEAD_LINES: usize = 100;

/// A pause after the system gave no connection, as when all file descriptors are in use.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a connection that has to make room for others is given to take the rest of its last answer.
const LAST_ANSWER: Duration = Duration::from_millis(500);

/// Accepts connections until the end is asked for and the time for draining is over, then finishes those that are there.
pub(super) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    settings: &ServeSettings,
    shutdown: &Shutdown,
) {
    let server = Server {
        router: router(&service),
        service,
        places: Places::new(settings.connections.into()),
        header_time: settings.header_time,
        answer_time: settings.body_time,
    };
    {
        let mut asked = pin!(shutdown.asked());
        server.accept_until(&listener, &mut asked).await;
    }
    server.service.begin_to_end();
    let mut drained = pin!(tokio::time::sleep_until(settings.drain.until(shutdown)));
    server.accept_until(&listener, &mut drained).await;
    server.accept_waiting(&listener).await;
    drop(listener);
    if timeout_at(shutdown.deadline_of_clients(), server.places.end()).await.is_err() {
        tracing::warn!("some requests were not finished in the time for the end");
    }
}

struct Server {
    router: Router,
    service: Arc<Service>,
    places: Arc<Places>,
    header_time: Duration,
    answer_time: Duration,
}

impl Server {
    async fn accept_until(&self, listener: &TcpListener, end: &mut (impl Future<Output = ()> + Unpin)) {
        let mut fails = false;
        loop {
            let accepted = async {
                let (stream, _) = listener.accept().await?;
                Ok::<_, std::io::Error>((stream, self.places.take().await))
            };
            tokio::select! {
                () = &mut *end => return,
                accepted = accepted => match accepted {
                    Ok((stream, place)) => {
                        fails = false;
                        self.start(stream, place);
                    }
                    Err(error) => {
                        // Once: it is tried again many times a second.
                        if !std::mem::replace(&mut fails, true) {
                            tracing::warn!(%error, "no more connections can be accepted, idle ones make room");
                        }
                        if is_out_of_files(&error) {
                            self.places.make_room();
                        }
                        tokio::time::sleep(PAUSE).await;
                    }
                },
            }
        }
    }

    /// Takes the connections that the system has accepted for us already.
    async fn accept_waiting(&self, listener: &TcpListener) {
        while let Ok(Ok((stream, _))) = timeout(Duration::ZERO, listener.accept()).await {
            let Some(place) = self.places.try_take() else { return };
            self.start(stream, place);
        }
    }

    fn start(&self, stream: TcpStream, place: Place) {
        // Answers are small and written at once; where the option can't be set they only come later.
        drop(stream.set_nodelay(true));
        let stream = TimedAnswers::new(stream, self.answer_time);
        let place = Arc::new(place);
        let router = TowerToHyperService::new(self.router.clone());
        let answer = {
            let (place, service) = (Arc::clone(&place), Arc::clone(&self.service));
            service_fn(move |request: Request<Incoming>| {
                let begun = place.begin(request.uri().path()).map(|busy| (router.call(request), busy));
                let service = Arc::clone(&service);
                async move {
                    match begun {
                        Ok((answer, busy)) => answer.await.map(|answer| while_sent(answer, busy)),
                        Err(problem) => Ok::<_, Infallible>(refused(&service, problem)),
                    }
                }
            })
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // A client that has sent all may say so and still wait for its answer.
            .half_close(true)
            .header_read_timeout(self.header_time)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEAD_LINES)
            .serve_connection(TokioIo::new(stream), answer);
        let open = self.service.metrics.connections.clone();
        tokio::spawn(async move {
            open.inc();
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                why = place.has_to_leave() => {
                    connection.as_mut().graceful_shutdown();
                    leave(connection, &place, why).await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
            open.dec();
        });
    }
}

/// Whether connections that are there are in the way: this process, or all of the machine, has no more files or memory for them.
fn is_out_of_files(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let found = Errno::from_io_error(error);
    found.is_some_and(|error| [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM].contains(&error))
}

/// Lets a connection end after its answer; one that makes room has no time for more.
async fn leave(
    mut connection: Pin<&mut impl Future<Output = hyper::Result<()>>>,
    place: &Place,
    why: Leave,
) -> hyper::Result<()> {
    loop {
        match timeout(LAST_ANSWER, connection.as_mut()).await {
            Ok(ended) => return ended,
            Err(_) if why == Leave::MakeRoom && place.is_idle() => return Ok(()),
            Err(_) => {}
        }
    }
}

/// The answer to a request for which there is no place.
fn refused(service: &Service, problem: Problem) -> Response<Body> {
    let mut answer = problem.into_response();
    service.metrics.count("other", answer.status().as_u16());
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// The answer, which keeps its connection busy until it is sent.
fn while_sent(answer: Response<Body>, busy: Busy) -> Response<Body> {
    answer.map(|body| Body::new(BusyBody { body, _busy: busy }))
}

struct BusyBody {
    body: Body,
    _busy: Busy,
}

impl HttpBody for BusyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
