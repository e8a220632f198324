//! Sends log lines to the front, one in each message, since a worker has no standard error.

use std::fmt::{self, Write as _};
use std::sync::{Arc, PoisonError, RwLock};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::channel::{LogLine, Report, Socket};

/// A line longer than this is cut.
const LINE_BYTES: usize = 4 << 10;

/// Where lines go; the nursery's and each worker's own channel.
static CHANNEL: RwLock<Option<Arc<Socket>>> = RwLock::new(None);

/// Sends lines over `channel` from now on.
pub(crate) fn send_over(channel: &Arc<Socket>) {
    *CHANNEL.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(channel));
}

/// Sends what is logged, by this filter, and what panics say.
pub(crate) fn install(filter: &str) {
    engine::log_nothing();
    let filter: Targets = filter.parse().unwrap_or_default();
    // Nothing was installed before in this process.
    drop(tracing::subscriber::set_global_default(
        tracing_subscriber::registry().with(ToFront.with_filter(filter)),
    ));
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}

struct ToFront;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ToFront {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let mut text = line.message + &line.fields;
        if text.len() > LINE_BYTES {
            let end = (0..=LINE_BYTES).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
            text.truncate(end);
        }
        let level = event.metadata().level().to_string();
        let channel = CHANNEL.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(channel) = channel {
            // Nobody can be told that this failed.
            drop(channel.send(&Report::Log(LogLine { level, text }), &[]));
        }
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String can't fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
