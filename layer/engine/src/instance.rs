//! One instance of a module: made before its event comes, used for one event, then dropped.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use async_wasi::snapshots::WasiCtx;
use async_wasi::snapshots::common::vfs::virtual_sys::{DiskFileSys, StdioSys};
use async_wasi::snapshots::env::VFS;
use wasmedge_sdk::config::Config;
use wasmedge_sdk::error::{CoreCommonError, CoreError, WasmEdgeError};
use wasmedge_sdk::vm::SyncInst;
use wasmedge_sdk::{AsInstance as _, Vm};

use super::capture::{CapturedOutput, EventInput};
use super::config::EngineConfig;
use super::event::Event;
use super::module::LoadedModule;
use crate::answer::{Answer, CallError, Step, Timings};
use crate::host::{self, DataImage, Deadline, HostState, Imports, KeptPages, SharedResources, SharedState};
use crate::limits::{Limits, MIN_TIME, STDERR_BYTES};
use crate::{native_stack, progress};

/// What an instance imports and is connected with. It outlives the instance, which borrows the imports.
pub(super) struct Surroundings {
    imports: Imports,
    streams: Streams,
    state: SharedState,
    deadline: Deadline,
    limits: Limits,
    started: Instant,
}

#[derive(Clone)]
struct Streams {
    stdin: EventInput,
    stdout: CapturedOutput,
    stderr: CapturedOutput,
}

impl Surroundings {
    pub(super) fn new(
        module: &LoadedModule,
        config: &EngineConfig,
        resources: &SharedResources,
    ) -> Result<Self, CallError> {
        let failed = |reason: String| CallError::Instantiate { reason };
        let started = Instant::now();
        let streams = Streams {
            stdin: EventInput::default(),
            stdout: CapturedOutput::new(config.limits.answer_bytes()),
            stderr: CapturedOutput::new(STDERR_BYTES),
        };
        let context = wasi_context(module, config, &streams).map_err(failed)?;
        let stdout = streams.stdout.clone();
        let has_printed_too_much = Box::new(move || stdout.has_exceeded());
        let state = HostState::new(
            resources,
            module.data_image.clone(),
            config.host_functions,
            config.makes_thumbnail,
        );
        let deadline = Rc::new(Cell::new(None));
        let imports = Imports::new(context, &deadline, &state, &module.imported, has_printed_too_much)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { imports, streams, state, deadline, limits: config.limits, started })
    }
}

/// An instance that waits for its event.
pub(super) struct Instance<'imports> {
    vm: Vm<'imports, dyn SyncInst>,
    exit_code: Box<dyn Fn() -> u32>,
    streams: Streams,
    state: SharedState,
    deadline: Deadline,
    limits: Limits,
    pages: &'imports mut KeptPages,
    instantiate: Duration,
}

impl<'imports> Instance<'imports> {
    /// Instantiates the module: memory and data are in place, nothing of the guest has run but a start function.
    pub(super) fn new(
        module: &LoadedModule,
        settings: &Config,
        surroundings: &'imports mut Surroundings,
        pages: &'imports mut KeptPages,
    ) -> Result<Self, CallError> {
        let failed = |reason: String| CallError::Instantiate { reason };
        let engine_failed = |error: Box<WasmEdgeError>| failed(error.to_string());
        let Surroundings { imports, streams, state, deadline, limits, started } = surroundings;
        let exit_code = Box::new(imports.exit_code());
        let mut vm = Vm::new(imports.store(settings).map_err(engine_failed)?);
        vm.register_module(None, module.module.clone()).map_err(engine_failed)?;
        let guest = vm.active_module_mut().ok_or_else(|| failed("it is not there".to_owned()))?;
        // WasmEdge takes that for a success, but there is no instance then.
        if guest.get_func("_start").is_err() {
            let code = exit_code();
            return Err(failed(format!(
                "its start function, which runs before any event, ended the program with proc_exit({code})"
            )));
        }
        if let Some(image) = &module.data_image {
            image
                .map_into(guest)
                .map_err(|error| failed(format!("the module's data can't be mapped: {error}")))?;
        }
        pages.prepare(guest, module.data_image.as_deref().map(DataImage::areas).unwrap_or_default());
        Ok(Self {
            vm,
            exit_code,
            streams: streams.clone(),
            state: Rc::clone(state),
            deadline: Rc::clone(deadline),
            limits: *limits,
            pages,
            instantiate: started.elapsed(),
        })
    }

    /// Runs the guest with `event` as its standard input; once. Also the first picture that it had decoded, if it is to be
    /// kept.
    pub(super) fn run(&mut self, event: Event) -> (Result<Answer, CallError>, Option<Vec<u8>>) {
        let Event { input, time: limit } = event;
        if limit < MIN_TIME {
            return (Err(CallError::Timeout { limit }), None);
        }
        let started = Instant::now();
        progress::begin(Step::Guest);
        self.streams.stdin.set(input);
        self.deadline.set(Some(started + limit));
        let outcome = self.vm.run_func_with_timeout(None, "_start", [], limit).map(drop);
        let stack_was_used_up = native_stack::was_used_up();
        let total = started.elapsed();
        let answer = self.answer(outcome, stack_was_used_up, limit, total);
        // A time limit that struck within a host function would have waited for its end.
        let picture = self.state.try_borrow_mut().ok().and_then(|mut state| state.picture.take());
        (answer, picture)
    }

    fn answer(
        &self,
        outcome: Result<(), Box<WasmEdgeError>>,
        stack_was_used_up: bool,
        limit: Duration,
        total: Duration,
    ) -> Result<Answer, CallError> {
        let (stdout, excess) = self.streams.stdout.take();
        let (stderr, _) = self.streams.stderr.take();
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        let is_late = matches!(&outcome, Err(error) if matches!(**error, WasmEdgeError::ExecuteTimeout));
        if let Some(found) = excess.filter(|_| !is_late) {
            return Err(CallError::AnswerTooLarge { found, limit: self.limits.answer_bytes() });
        }
        if let Err(error) = outcome {
            match *error {
                WasmEdgeError::Core(CoreError::Common(CoreCommonError::Terminated)) => {}
                WasmEdgeError::ExecuteTimeout => return Err(CallError::Timeout { limit }),
                _ if stack_was_used_up => return Err(CallError::StackOverflow { stderr }),
                error => return Err(self.trap(&error, stderr)),
            }
        }
        let host = self.state.borrow().timings;
        let timings = Timings {
            instantiate: self.instantiate,
            total,
            image: host.image,
            session: host.session,
            inference: host.inference,
        };
        Ok(Answer { stdout, stderr, exit_code: (self.exit_code)(), timings, thumbnail: None })
    }

    fn trap(&self, error: &WasmEdgeError, stderr: String) -> CallError {
        let memory = self.vm.active_module().and_then(|guest| guest.get_memory_ref("memory").ok());
        CallError::Trap {
            reason: error.to_string(),
            memory_mib: memory.map_or(0, |memory| memory.size().div_ceil(16)),
            memory_limit_mib: self.limits.memory_mib,
            stderr,
        }
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        // Its memory is given back next, but for some pages.
        host::write_guard::release();
        self.pages.keep();
    }
}

/// WASI's view of the world: three streams in memory, the arguments, granted folders; no environment.
fn wasi_context(
    module: &LoadedModule,
    config: &EngineConfig,
    Streams { stdin, stdout, stderr }: &Streams,
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
