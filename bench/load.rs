//! Calls a running `vision serve` over many connections at once.
//!
//! `load URL PICTURE CONNECTIONS SECONDS [RATE]` prints a line of JSON. Without a rate each connection sends its next
//! request when it has its answer; with one, requests are due at that many a second, and a request's time runs from when
//! it was due, so that waiting for a free connection counts.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// What one connection saw.
#[derive(Default)]
struct Seen {
    milliseconds: Vec<f64>,
    statuses: BTreeMap<u16, u64>,
    /// No connection: the service takes none any more.
    refused: u64,
    /// A request that was sent and got no answer.
    broken: u64,
}

struct Load {
    url: String,
    picture: Bytes,
    end: Instant,
    start: Instant,
    rate: Option<f64>,
    sent: AtomicU64,
}

impl Load {
    async fn one_connection(&self) -> Seen {
        let client =
            reqwest::Client::builder().no_proxy().pool_max_idle_per_host(1).build().unwrap_or_default();
        let mut seen = Seen::default();
        while let Some(due) = self.next_due().await {
            let request =
                client.post(&self.url).header("content-type", "image/jpeg").body(self.picture.clone());
            match request.send().await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    match response.bytes().await {
                        Ok(_) => *seen.statuses.entry(status).or_default() += 1,
                        Err(_) => seen.broken += 1,
                    }
                    seen.milliseconds.push(due.elapsed().as_secs_f64() * 1000.0);
                }
                Err(error) if error.is_connect() => {
                    seen.refused += 1;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(_) => seen.broken += 1,
            }
        }
        seen
    }

    /// When the next request is due, once that time has come; nothing at the end.
    async fn next_due(&self) -> Option<Instant> {
        let due = match self.rate {
            None => Instant::now(),
            Some(rate) => {
                let number = self.sent.fetch_add(1, Ordering::Relaxed);
                let due = self.start + Duration::from_secs_f64(number as f64 / rate);
                tokio::time::sleep_until(due.min(self.end)).await;
                due
            }
        };
        (due < self.end).then_some(due)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, picture, connections, seconds, rate @ ..] = arguments.as_slice() else {
        return Err("load URL PICTURE CONNECTIONS SECONDS [RATE]".into());
    };
    let seconds: f64 = seconds.parse()?;
    let start = Instant::now();
    let load = Arc::new(Load {
        url: url.clone(),
        picture: std::fs::read(picture)?.into(),
        start,
        end: start + Duration::from_secs_f64(seconds),
        rate: rate.first().map(|rate| rate.parse()).transpose()?,
        sent: AtomicU64::new(0),
    });
    let tasks: Vec<_> = (0..connections.parse::<usize>()?)
        .map(|_| {
            tokio::spawn({
                let load = Arc::clone(&load);
                async move { load.one_connection().await }
            })
        })
        .collect();
    let mut all = Seen::default();
    for task in tasks {
        let seen = task.await?;
        all.milliseconds.extend(seen.milliseconds);
        all.refused += seen.refused;
        all.broken += seen.broken;
        for (status, count) in seen.statuses {
            *all.statuses.entry(status).or_default() += count;
        }
    }
    let elapsed = start.elapsed().as_secs_f64();
    all.milliseconds.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let index = (all.milliseconds.len() as f64 * share).ceil() as usize;
        all.milliseconds.get(index.saturating_sub(1)).copied()
    };
    let summary = serde_json::json!({
        "statuses": all.statuses,
        "refused": all.refused,
        "broken": all.broken,
        "per_second": all.milliseconds.len() as f64 / elapsed,
        "median_ms": quantile(0.5),
        "p99_ms": quantile(0.99),
    });
    println!("{summary}");
    Ok(())
}
