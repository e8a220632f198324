//! `vision scf` against a runtime API (and an object storage) that answers whatever the input says.
//!
//! The input is a list of answers, each sent as it is to the next request; between two stands [`SEPARATOR`].
//! `init/ready` gets a good answer, otherwise no event would ever be requested. Once the answers are used up, the platform
//! disappears and the run is over: everything received must have been handled without a panic.

#![no_main]

mod platform;

use std::sync::OnceLock;
use std::time::Duration;

use engine::answer::{Answer, CallError};
use libfuzzer_sys::fuzz_target;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use vision::pool::Handler;
use vision::trigger::history_args::HistoryArgs;
use vision::trigger::objects::UploadArgs;
use vision::trigger::scf::{CosArgs, ScfArgs};
use vision::trigger::shutdown::{Shutdown, ShutdownArgs};
use worker::channel::EventFile;

use platform::Platform;

/// Between two answers.
const SEPARATOR: &[u8] = b"\n====\n";

/// Enough for what one answer does to those after it.
const MAX_ANSWERS: usize = 5;

/// The largest event that is read to its end.
const EVENT_BYTES: usize = 1 << 20;

/// More than all pauses and time limits after that many broken answers. No time passes: the clock stands still while
/// anything can be done, and then leaps to the next timer.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Stands in for the engine: the first byte of the event decides how the call ends.
struct Module;

impl Handler for Module {
    async fn call(&self, mut event: EventFile, limit: Option<Duration>) -> Result<Answer, CallError> {
        let event = event.look(<[u8]>::to_vec).expect("memory that can be looked at");
        let exit_code = match event.first() {
            Some(b'{') | None => 0,
            Some(b't') => return Err(CallError::Timeout { limit: limit.unwrap_or_default() }),
            Some(b'g') => return Err(CallError::NoWorker { reason: "it is gone".to_owned() }),
            Some(first) => u32::from(*first),
        };
        let stderr = String::from_utf8_lossy(&event).into_owned();
        Ok(Answer { stdout: event, stderr, exit_code, ..Answer::default() })
    }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        // SAFETY: the process has one thread yet.
        unsafe {
            std::env::set_var("TENCENTCLOUD_SECRETID", "id");
            std::env::set_var("TENCENTCLOUD_SECRETKEY", "key");
        }
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime")
    })
}

fuzz_target!(|input: &[u8]| {
    let answers = split(input);
    runtime().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("it has an address").port();
        let arguments = ScfArgs {
            runtime_api: "127.0.0.1".to_owned(),
            runtime_api_port: port,
            time_margin: Duration::from_millis(500),
            shutdown: ShutdownArgs { shutdown_time: Duration::from_secs(30) },
            cos: CosArgs {
                cos_output_bucket: None,
                cos_output_prefix: "labels/".to_owned(),
                cos_endpoint: format!("http://127.0.0.1:{port}/{{bucket}}/{{region}}"),
                cos_tags: true,
            },
            uploads: UploadArgs::default(),
            history: HistoryArgs::default(),
        };
        let managed = arguments.managed(EVENT_BYTES, None).expect("the settings make sense");
        let platform = Platform::new(answers);
        let shutdown = Shutdown::install(arguments.shutdown).expect("signals");
        tokio::select! {
            () = platform.serve(listener) => {}
            // `next` has no time limit, so an answer that only looks complete is waited for.
            () = tokio::time::sleep(PATIENCE) => {}
            ended = managed.serve(&Module, &shutdown) => panic!("the loop ended by itself: {ended:?}"),
        }
    });
});

fn split(input: &[u8]) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    let mut rest = input;
    while answers.len() + 1 < MAX_ANSWERS {
        let Some(at) = rest.windows(SEPARATOR.len()).position(|bytes| bytes == SEPARATOR) else { break };
        answers.push(rest[..at].to_vec());
        rest = &rest[at + SEPARATOR.len()..];
    }
    answers.push(rest.to_vec());
    answers
}
