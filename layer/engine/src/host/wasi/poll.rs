//! `poll_oneoff`: streams are always ready, and sleeping ends at the event's deadline.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_wasi::snapshots::common::error::Errno;

use crate::host::memory;

const FAULT: Errno = Errno::__WASI_ERRNO_FAULT;
const INVALID: Errno = Errno::__WASI_ERRNO_INVAL;

/// Sizes and offsets of `subscription` and `event` in wasi_snapshot_preview1.
const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;
/// More than a guest without sockets can need.
const MAX_SUBSCRIPTIONS: u32 = 64;
const TAG_CLOCK: u8 = 0;

/// Streams are always ready; clocks are slept for, never past the deadline.
pub(super) fn poll(
    memory: &mut [u8],
    subscriptions: u32,
    events: u32,
    count: u32,
    count_out: u32,
    deadline: Option<Instant>,
) -> Result<(), Errno> {
    if count == 0 || count > MAX_SUBSCRIPTIONS {
        return Err(INVALID);
    }
    let asked: Vec<Subscription> = memory::read(memory, subscriptions, count * SUBSCRIPTION_BYTES)
        .ok_or(FAULT)?
        .chunks_exact(SUBSCRIPTION_BYTES as usize)
        .map(|bytes| Subscription::read(bytes).ok_or(INVALID))
        .collect::<Result<_, _>>()?;
    let wait = asked.iter().map(|subscription| subscription.wait).min().unwrap_or_default();
    let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    std::thread::sleep(wait.min(left));
    let due: Vec<&Subscription> = asked.iter().filter(|subscription| subscription.wait <= wait).collect();
    let length = u32::try_from(due.len()).map_err(|_| INVALID)?;
    let out = memory::write(memory, events, length * EVENT_BYTES).ok_or(FAULT)?;
    let (events, _) = out.as_chunks_mut::<{ EVENT_BYTES as usize }>();
    for (event, subscription) in events.iter_mut().zip(due) {
        event.fill(0);
        event[..8].copy_from_slice(&subscription.userdata);
        event[10] = subscription.tag;
    }
    memory::store_u32(memory, count_out, length).ok_or(FAULT)
}

struct Subscription {
    userdata: [u8; 8],
    tag: u8,
    wait: Duration,
}

impl Subscription {
    fn read(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let tag = *bytes.get(8)?;
        let wait = if tag == TAG_CLOCK {
            let absolute = bytes.get(40)? & 1 == 1;
            let timeout = Duration::from_nanos(number(24)?);
            if absolute { timeout.saturating_sub(now()) } else { timeout }
        } else {
            Duration::ZERO
        };
        Some(Self { userdata: number(0)?.to_le_bytes(), tag, wait })
    }
}

/// The time since 1970, which async-wasi gives to `clock_time_get` for both of its clocks.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
