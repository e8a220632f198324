//! A thread that runs events, one at a time, and keeps the next instance ready.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use crossbeam_channel::Receiver;
use tokio::sync::oneshot;
use wasmedge_sys as sys;

use super::answer::{Answer, CallError};
use super::config::EngineConfig;
use super::instance::Instance;
use super::module::{self, LoadError, LoadedModule};
use crate::host::{Resources, SharedResources};
use crate::native_stack::{GuestStack, STACK_BYTES};

/// An event on its way to a worker.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) event: Bytes,
    pub(super) time: Duration,
    pub(super) reply: oneshot::Sender<Result<Answer, CallError>>,
}

/// Starts a worker; the receiver tells once whether its first instance is ready.
pub(super) fn spawn(
    number: usize,
    module: Arc<LoadedModule>,
    config: Arc<EngineConfig>,
    queue: Receiver<Job>,
) -> Result<mpsc::Receiver<Result<(), LoadError>>, LoadError> {
    let (ready, readiness) = mpsc::channel();
    std::thread::Builder::new()
        .name(format!("worker-{number}"))
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let started = GuestStack::of_this_thread().map_err(LoadError::Thread).and_then(|stack| {
                let worker = Worker::new(module, config)?;
                Ok((worker.first_instance()?, worker, stack))
            });
            match started {
                Ok((first, worker, _stack)) => {
                    // Nobody listening means that the engine was not started after all.
                    if ready.send(Ok(())).is_ok() {
                        worker.serve(first, &queue);
                    }
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        })
        .map_err(LoadError::Thread)?;
    Ok(readiness)
}

struct Worker {
    module: Arc<LoadedModule>,
    config: Arc<EngineConfig>,
    settings: sys::Config,
    resources: SharedResources,
}

impl Worker {
    fn new(module: Arc<LoadedModule>, config: Arc<EngineConfig>) -> Result<Self, LoadError> {
        let settings = module::settings(module.run_mode, &config)
            .map_err(|error| LoadError::Instantiate { reason: error.to_string() })?;
        let resources =
            Resources::new(config.inference_threads, config.models.clone(), config.limits.picture_bytes())
                .map_err(|error| LoadError::Instantiate { reason: error.to_string() })?;
        Ok(Self { module, config, settings, resources: Rc::new(RefCell::new(resources)) })
    }

    fn first_instance(&self) -> Result<Instance, LoadError> {
        self.instance().map_err(|error| match error {
            CallError::Instantiate { reason } => LoadError::Instantiate { reason },
            other => LoadError::Instantiate { reason: other.to_string() },
        })
    }

    fn instance(&self) -> Result<Instance, CallError> {
        Instance::new(&self.module, &self.settings, &self.config, &self.resources)
    }

    fn serve(&self, first: Instance, queue: &Receiver<Job>) {
        let mut next = Ok(first);
        while let Ok(job) = queue.recv() {
            let (answer, used) = match next {
                Ok(mut instance) => (instance.run(job.event, job.time), Some(instance)),
                Err(error) => (Err(error), None),
            };
            // A caller that went away needs no answer.
            drop(job.reply.send(answer));
            // Not before: giving its memory back takes a while.
            drop(used);
            next = self.instance();
        }
    }
}
