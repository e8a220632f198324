//! `vision health`: whether `vision serve` answers, for images in which there is no other program that could ask.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use clap::Args;
use thiserror::Error;
use worker::limits::parse_duration;

use super::exit::{Exit, Failure, Outcome};
use crate::trigger::serve::DEFAULT_ADDRESS;

#[derive(Debug, Args)]
pub(super) struct HealthArgs {
    /// Where the service listens; the machine itself for 0.0.0.0
    #[arg(long, env = "VISION_LISTEN", value_name = "ADDRESS:PORT", default_value_t = DEFAULT_ADDRESS)]
    listen: SocketAddr,

    /// Ask whether it takes more (/readyz), not only whether it runs (/healthz)
    #[arg(long)]
    ready: bool,

    /// How long the answer may take
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = parse_duration)]
    timeout: Duration,
}

/// The service does not do well.
#[derive(Debug, Error)]
enum HealthError {
    #[error("nothing answers at http://{address}{path}: {reason}")]
    Connection { address: SocketAddr, path: &'static str, reason: io::Error },
    #[error("http://{address}{path} answers {status:?}")]
    Status { address: SocketAddr, path: &'static str, status: String },
}

/// Bytes of an answer's first line.
const STATUS_BYTES: usize = 64;

pub(super) fn run(arguments: &HealthArgs) -> Outcome {
    let HealthArgs { listen, ready, timeout } = arguments;
    let (address, path) = (reachable(*listen), if *ready { "/readyz" } else { "/healthz" });
    let status = ask(address, path, *timeout)
        .map_err(|reason| Failure::failed(HealthError::Connection { address, path, reason }))?;
    match status.split(' ').nth(1) {
        Some("200") => Ok(Exit::Answered),
        _ => Err(Failure::failed(HealthError::Status { address, path, status })),
    }
}

/// The machine itself, where the service listens at all of its addresses.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The first line of the answer.
fn ask(address: SocketAddr, path: &str, timeout: Duration) -> io::Result<String> {
    let deadline = Instant::now() + timeout;
    let mut connection = TcpStream::connect_timeout(&address, timeout)?;
    connection.set_write_timeout(Some(left(deadline)?))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let (mut start, mut part) = (Vec::new(), [0; STATUS_BYTES]);
    while start.len() < STATUS_BYTES && !start.contains(&b'\n') {
        // Each byte that comes leaves less time for the others.
        connection.set_read_timeout(Some(left(deadline)?))?;
        match connection.read(&mut part)? {
            0 => break,
            count => start.extend(part.iter().take(count)),
        }
    }
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(String::from_utf8_lossy(line).trim_end().to_owned())
}

fn left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::Error::new(io::ErrorKind::TimedOut, "it took too long")),
        left => Ok(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_at_all_addresses_is_asked_at_the_machines_own() {
        for (listen, expected) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:8080", "[::1]:8080"), ("10.0.0.1:80", "10.0.0.1:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()), expected.parse().unwrap());
        }
    }

    #[test]
    fn a_service_that_sends_byte_after_byte_has_no_more_time_than_any_other() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sending = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut sent = 0;
            while client.write_all(b"H").is_ok() && sent < 40 {
                std::thread::sleep(Duration::from_millis(50));
                sent += 1;
            }
            sent
        });
        let error = ask(address, "/healthz", Duration::from_millis(300)).unwrap_err();
        assert!(matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock), "{error}");
        // It hung up long before all was sent.
        assert!(sending.join().unwrap() < 40);
    }
}
