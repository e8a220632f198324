//! The runtime API of Tencent SCF as a server that sends the same event again and again, as fast as it is asked.
//!
//! `platform EVENT-FILE COUNT` prints its port. After COUNT answers it prints a line of JSON: the seconds from the first
//! `next` to the last answer, and how many of the answers were errors.

use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use support::http::{Connection, Response};
use support::scf::{Call, Endpoint, Event};

struct Platform {
    event: Vec<u8>,
    count: usize,
    sent: AtomicUsize,
    answered: AtomicUsize,
    failed: AtomicUsize,
    start: OnceLock<Instant>,
}

/// For each event.
const TIME_LIMIT: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [event, count] = arguments.as_slice() else {
        return Err("platform EVENT-FILE COUNT".into());
    };
    let platform = Arc::new(Platform {
        event: std::fs::read(event)?,
        count: count.parse()?,
        sent: AtomicUsize::new(0),
        answered: AtomicUsize::new(0),
        failed: AtomicUsize::new(0),
        start: OnceLock::new(),
    });
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let (platform, stream) = (Arc::clone(&platform), stream?);
        std::thread::spawn(move || {
            // A client that goes away is nothing to tell.
            drop(platform.serve(stream));
        });
    }
    Ok(())
}

impl Platform {
    fn serve(&self, stream: TcpStream) -> Result<(), Box<dyn Error>> {
        let mut connection = Connection::new(stream);
        while let Some(request) = connection.read()? {
            let response = match Call::of(&request)? {
                Call::Next => self.next(),
                Call::Ready | Call::Result(_) => Response::status(200),
            };
            connection.write(&response, usize::MAX)?;
            if let Call::Result(endpoint) = Call::of(&request)? {
                self.note(endpoint);
            }
        }
        Ok(())
    }

    fn next(&self) -> Response {
        self.start.get_or_init(Instant::now);
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        if number >= self.count {
            // Held, as the platform does while there is no event.
            std::thread::park();
        }
        Event::new(self.event.clone()).id(format!("event-{number}")).time_limit(TIME_LIMIT).response()
    }

    fn note(&self, endpoint: Endpoint) {
        if endpoint == Endpoint::Error {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        if self.answered.fetch_add(1, Ordering::Relaxed) + 1 == self.count {
            let seconds = self.start.get().map_or(0.0, |start| start.elapsed().as_secs_f64());
            println!(
                "{}",
                serde_json::json!({"seconds": seconds, "failed": self.failed.load(Ordering::Relaxed)})
            );
        }
    }
}
