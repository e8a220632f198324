//! The runtime API of Tencent SCF as a server that sends the same event again and again, as fast as it is asked.
//!
//! `platform EVENT-FILE COUNT` prints its port. After COUNT answers it prints a line of JSON: the seconds from the first
//! `next` to the last answer, and how many of the answers were errors.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

struct Platform {
    event: Vec<u8>,
    count: usize,
    sent: AtomicUsize,
    answered: AtomicUsize,
    failed: AtomicUsize,
    start: OnceLock<Instant>,
}

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
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut writer = stream;
        loop {
            let mut request = String::new();
            if reader.read_line(&mut request)? == 0 {
                return Ok(());
            }
            read_body(&mut reader)?;
            if request.contains("/invocation/next") {
                self.start.get_or_init(Instant::now);
                let number = self.sent.fetch_add(1, Ordering::Relaxed);
                if number >= self.count {
                    // Held, as the platform does while there is no event.
                    std::thread::park();
                }
                let head = format!(
                    "HTTP/1.1 200 OK\r\nRequest_Id: event-{number}\r\nMemory_Limit_In_Mb: 512\r\n\
                     Time_Limit_In_Ms: 30000\r\nContent-Length: {}\r\n\r\n",
                    self.event.len()
                );
                writer.write_all(&[head.as_bytes(), &self.event].concat())?;
            } else {
                writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
                self.note(&request);
            }
        }
    }

    fn note(&self, request: &str) {
        if request.contains("/init/ready") {
            return;
        }
        if request.contains("/invocation/error") {
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

fn read_body(reader: &mut BufReader<TcpStream>) -> Result<(), Box<dyn Error>> {
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let read = std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
    if read == length { Ok(()) } else { Err("the connection ended".into()) }
}
