//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderValue;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::body::BodyReader;
use super::callers::Callers;
use super::function::Function;
use super::functions::Functions;
use super::metrics::Metrics;
use super::page_policy;
use super::settings::ServeSettings;
use crate::history::History;
use crate::pool::Pools;
use crate::trigger::objects::s3::S3;
use crate::trigger::objects::{ReferredObjects, Uploads};

/// What all requests share.
pub(super) struct Service {
    pub(super) functions: Functions,
    /// For requests that no function answers.
    pub(super) bodies: BodyReader,
    pub(super) callers: Arc<Callers>,
    pub(super) metrics: Metrics,
    pub(super) history: Option<History>,
    pub(super) uploads: Option<Uploads<S3>>,
    /// Objects that events may refer to.
    pub(super) referred: Option<ReferredObjects>,
    /// What the page may do, and where it may go.
    pub(super) page_policy: HeaderValue,
    pub(super) cors_origins: Vec<String>,
    is_ending: AtomicBool,
}

impl Service {
    /// Puts the service together once every worker is warm.
    pub(super) async fn start(
        settings: &ServeSettings,
        (history, uploads, referred): (Option<History>, Option<Uploads<S3>>, Option<ReferredObjects>),
        pools: &Pools,
    ) -> Self {
        let start = |function| Function::start(function, settings);
        let functions = Functions::new(join_all(pools.iter().map(start)).await);
        Self {
            bodies: settings.bodies(),
            callers: Arc::new(Callers::new(&settings.hosts, &settings.cors_origins)),
            metrics: Metrics::new(&functions, history.as_ref().map(History::counters)),
            functions,
            history,
            page_policy: page_policy::policy(
                uploads.as_ref().and_then(|uploads| uploads.origin().ok()).as_deref(),
            ),
            uploads,
            referred,
            cors_origins: settings.cors_origins.clone(),
            is_ending: AtomicBool::new(false),
        }
    }

    pub(super) fn begin_to_end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Waits until `deadline` for what runs although its client is gone, and for what is to be kept.
    pub(super) async fn finish(&self, deadline: Instant) {
        join_all(self.functions.iter().map(|function| function.admission.idle(deadline))).await;
        if let Some(history) = &self.history {
            history.finish(deadline).await;
        }
    }
}
