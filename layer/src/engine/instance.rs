//! One instance of a module: made before its event comes, used for one event, then dropped.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_wasi::snapshots::WasiCtx;
use async_wasi::snapshots::common::vfs::virtual_sys::{DiskFileSys, StdioSys};
use async_wasi::snapshots::env::VFS;
use bytes::Bytes;
use wasmedge_sys::{self as sys, AsInstance};
use wasmedge_types::error::{CoreCommonError, CoreError, WasmEdgeError};

use super::answer::{Answer, CallError, Timings};
use super::capture::{CapturedOutput, EventInput};
use super::config::EngineConfig;
use super::module::LoadedModule;
use crate::host::{self, Deadline, HostState, Imports, SharedResources, SharedState};
use crate::limits::STDERR_BYTES;
use crate::native_stack;

/// What an event must have left of its time to be started. WasmEdge's timer takes 0 for "never", and must not end before
/// the call that it guards has begun.
const LEAST_TIME: Duration = Duration::from_millis(10);

/// An instance that waits for its event. Fields are dropped in this order: the instance before what it imports.
pub(super) struct Instance {
    guest: sys::Instance,
    executor: sys::Executor,
    _store: sys::Store,
    imports: Imports,
    stdin: EventInput,
    stdout: CapturedOutput,
    stderr: CapturedOutput,
    state: SharedState,
    deadline: Deadline,
    config: Arc<EngineConfig>,
    instantiate: Duration,
}

impl Instance {
    /// Instantiates the module: memory and data are in place, nothing of the guest has run.
    pub(super) fn new(
        module: &LoadedModule,
        settings: &sys::Config,
        config: &Arc<EngineConfig>,
        resources: &SharedResources,
    ) -> Result<Self, CallError> {
        let started = Instant::now();
        let failed = |reason: String| CallError::Instantiate { reason };
        let engine_failed = |error: Box<WasmEdgeError>| failed(error.to_string());
        let stdin = EventInput::default();
        let stdout = CapturedOutput::new(config.limits.answer_bytes());
        let stderr = CapturedOutput::new(STDERR_BYTES);
        let context = wasi_context(module, config, &stdin, &stdout, &stderr).map_err(failed)?;
        let state = HostState::new(resources, module.image.clone(), config.keeps_picture);
        let deadline = Rc::new(Cell::new(None));
        let imports = Imports::new(context, &deadline, &state).map_err(engine_failed)?;
        let mut store = sys::Store::create().map_err(engine_failed)?;
        let mut executor = sys::Executor::create(Some(settings), None).map_err(engine_failed)?;
        imports.register(&mut executor, &mut store).map_err(engine_failed)?;
        let mut guest = executor.register_active_module(&mut store, &module.module).map_err(engine_failed)?;
        if let Some(image) = &module.image {
            image
                .map_into(&mut guest)
                .map_err(|error| failed(format!("the module's data can't be mapped: {error}")))?;
        }
        host::prepare_pages(&mut guest, module.image.as_ref().map(|image| image.range()));
        let config = Arc::clone(config);
        let instantiate = started.elapsed();
        Ok(Self {
            guest,
            executor,
            _store: store,
            imports,
            stdin,
            stdout,
            stderr,
            state,
            deadline,
            config,
            instantiate,
        })
    }

    /// Runs the guest with `event` as its standard input, for at most `limit`; once.
    pub(super) fn run(&mut self, event: Bytes, limit: Duration) -> Result<Answer, CallError> {
        if limit < LEAST_TIME {
            return Err(CallError::Timeout { limit });
        }
        let started = Instant::now();
        self.stdin.set(event);
        self.deadline.set(Some(started + limit));
        let outcome = self.run_start(limit);
        let stack_was_used_up = native_stack::was_used_up();
        let total = started.elapsed();
        let (stdout, too_much) = self.stdout.take();
        let (stderr, _) = self.stderr.take();
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        if too_much {
            return Err(CallError::AnswerTooLarge { limit: self.config.limits.answer_bytes() });
        }
        let exit_code = match outcome {
            Ok(()) => self.imports.exit_code(),
            Err(error) => match *error {
                WasmEdgeError::Core(CoreError::Common(CoreCommonError::Terminated)) => {
                    self.imports.exit_code()
                }
                WasmEdgeError::ExecuteTimeout => return Err(CallError::Timeout { limit }),
                _ if stack_was_used_up => return Err(CallError::StackOverflow { stderr }),
                error => return Err(self.trap(&error, stderr)),
            },
        };
        let picture = self.state.borrow_mut().picture.take();
        let host = self.state.borrow().timings;
        let timings = Timings {
            instantiate: self.instantiate,
            total,
            image: host.image,
            session: host.session,
            inference: host.inference,
        };
        Ok(Answer { stdout, stderr, exit_code, timings, picture })
    }

    fn run_start(&mut self, limit: Duration) -> Result<(), Box<WasmEdgeError>> {
        let mut start = self.guest.get_func_mut("_start")?;
        self.executor.call_func_with_timeout(&mut start, [], limit).map(drop)
    }

    fn trap(&self, error: &WasmEdgeError, stderr: String) -> CallError {
        let pages = self.guest.get_memory_ref("memory").map_or(0, |memory| memory.size());
        CallError::Trap {
            reason: error.to_string(),
            memory_mib: pages.div_ceil(16),
            memory_limit_mib: self.config.limits.memory_mib,
            stderr,
        }
    }
}

/// WASI's view of the world: three streams in memory, the arguments, granted folders; no environment.
fn wasi_context(
    module: &LoadedModule,
    config: &EngineConfig,
    stdin: &EventInput,
    stdout: &CapturedOutput,
    stderr: &CapturedOutput,
) -> Result<WasiCtx, String> {
    let streams = StdioSys::new(stdin.clone(), stdout.clone(), stderr.clone());
    let mut context = WasiCtx::create_with_vfs(VFS::new_with_stdio(streams));
    context.push_arg(module.name.clone());
    context.push_args(config.arguments.clone());
    for dir in &config.dirs {
        let files = DiskFileSys::new(dir.host.clone())
            .map_err(|error| format!("the folder {} can't be granted: {error}", dir.host.display()))?;
        context.mount_file_sys(&dir.guest, Box::new(files));
    }
    Ok(context)
}
