//! The service within the test's own process: requests go to its router without a socket, events to real workers.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::OnceLock;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use clap::Parser;
use support::function;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use vision::history::{History, Location};
use vision::pool::{Confining, Given, Loader, Loading};
use vision::trigger::serve::{ServeSettings, answering};
use worker::limits::{Limits, LoadLimits};
use worker::sandbox::SandboxMode;
use worker::{CodeSource, EngineConfig};

use crate::client::{Client, Reply};

/// As much of the command line as these tests set.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    settings: ServeSettings,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    load_limits: LoadLimits,
    #[arg(long)]
    history: Option<Location>,
}

/// Our function behind the router.
pub(crate) struct InProcess {
    router: Router,
}

impl InProcess {
    /// With these arguments of `vision serve`.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let Arguments { settings, limits, load_limits, history } =
            Arguments::parse_from([&["vision"], arguments].concat());
        let config = EngineConfig {
            limits: Limits { event_mib: settings.event_mib(), ..limits },
            code: CodeSource::Native,
            is_vouched_for: true,
            makes_thumbnail: history.is_some(),
            ..EngineConfig::default()
        };
        let nursery = worker::start(Path::new(env!("CARGO_BIN_EXE_vision"))).unwrap();
        let (loader, _) =
            Loader::confine(nursery, SandboxMode::Auto, Given::default(), load_limits, "off".to_owned())
                .and_then(Confining::finish)
                .unwrap();
        let module = File::open(function()).unwrap();
        let Loading::Loaded(loaded) = loader.load("recognize.wasm", &module, &config, true).unwrap() else {
            panic!("the function carries native code");
        };
        let router = runtime().block_on(async {
            let pool = loaded.start(1).await.unwrap();
            let history = match &history {
                Some(location) => {
                    location.prepare().unwrap();
                    Some(History::open(location, 100).await.unwrap())
                }
                None => None,
            };
            answering(&settings, NonZeroUsize::MIN, history, &pool).await
        });
        Self { router }
    }
}

impl Client for InProcess {
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        runtime().block_on(async { Reply::of(self.router.clone().oneshot(request).await.unwrap()).await })
    }
}

/// For all tests: a pool outlives the test's thread that started it.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}
