//! A place for a worker: it takes events from the queue, holds the clock, and replaces a worker that is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;
use worker::LoadError;
use worker::answer::{Answer, CallError, Step};
use worker::control_groups::ControlGroups;
use worker::limits::{Limits, MIB};

use super::counters::Counters;
use super::job::Job;
use super::nursery::NurseryClient;
use super::worker_ends::WorkerEnds;
use super::worker_process::{Outcome, Worker};

/// How often an event is given to another worker because one did not begin with it.
const MAX_TRIES: usize = 3;

/// The pause before a worker is started again that could not be started, or ended before it had an event; it doubles each
/// time up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long before a worker is started the kernel is asked to prepare for its control group: it takes about as long.
const PREPARING: Duration = Duration::from_millis(15);

/// What all slots share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) jobs: Mutex<mpsc::UnboundedReceiver<Job>>,
    pub(super) nursery: NurseryClient,
    pub(super) limits: Limits,
    /// Where the system has any to give.
    pub(super) groups: Option<ControlGroups>,
    pub(super) module: String,
    pub(super) makes_thumbnails: bool,
    pub(super) counters: Counters,
    pub(super) alive: Arc<AtomicUsize>,
}

impl Shared {
    /// Starts a worker and waits until it is ready.
    ///
    /// # Errors
    /// What keeps it from being ready.
    pub(super) async fn start_worker(&self) -> Result<Worker, LoadError> {
        let ends = WorkerEnds::new(self.limits).map_err(|error| LoadError::Worker(error.to_string()))?;
        let process = self.nursery.start(&ends).await.map_err(LoadError::Worker)?;
        self.ready(process, ends).await
    }

    /// The same for a worker that was asked for before anything else.
    ///
    /// # Errors
    /// What keeps it from being ready.
    pub(super) async fn first_worker(&self, ends: WorkerEnds) -> Result<Worker, LoadError> {
        let process = self.nursery.started().await.map_err(LoadError::Worker)?;
        self.ready(process, ends).await
    }

    async fn ready(&self, process: i32, ends: WorkerEnds) -> Result<Worker, LoadError> {
        let Self { nursery, limits, groups, module, makes_thumbnails, .. } = self;
        Worker::start(nursery, *limits, groups.as_ref(), module, *makes_thumbnails, (process, ends)).await
    }
}

/// A place for a worker.
pub(super) struct Slot {
    shared: Arc<Shared>,
    worker: Worker,
    /// Whether the worker is counted as one that is ready or busy.
    is_counted: bool,
    /// Workers in a row that ended without an event.
    useless: u32,
}

impl Slot {
    pub(super) fn new(shared: Arc<Shared>, worker: Worker) -> Self {
        let mut slot = Self { shared, worker, is_counted: false, useless: 0 };
        slot.count(true);
        slot
    }

    /// Takes events until there are no more, or no worker can be had.
    pub(super) async fn serve(mut self) {
        loop {
            let next = async { self.shared.jobs.lock().await.recv().await };
            tokio::select! {
                biased;
                job = next => match job {
                    Some(job) => {
                        if !self.answer(job).await {
                            break;
                        }
                    }
                    None => break,
                },
                () = self.worker.ended() => {
                    tracing::warn!("a worker ended between events, starting another one");
                    self.shared.counters.died.inc();
                    if !self.exchange().await {
                        break;
                    }
                }
            }
        }
        self.count(false);
        let _ = self.end().await;
    }

    /// Answers a job, whatever becomes of workers; false where there are no more of them.
    async fn answer(&mut self, job: Job) -> bool {
        // Who asked may have given up in the queue.
        if job.reply.is_closed() {
            return true;
        }
        for _ in 0..MAX_TRIES {
            match self.worker.answer(&job).await {
                Outcome::Answered { answer, retires, thumbnail } => {
                    self.useless = 0;
                    let answer = answer.map_err(|error| match error {
                        // The worker knows only what was left of the time.
                        CallError::Timeout { .. } => CallError::Timeout { limit: job.limit },
                        error => error,
                    });
                    // A caller that went away needs no answer.
                    drop(job.reply.send(answer));
                    let is_fit = match thumbnail {
                        Some(sender) => self.worker.thumbnail(sender, self.shared.limits.time).await,
                        None => true,
                    };
                    if !is_fit {
                        self.shared.counters.died.inc();
                    }
                    let stays = is_fit && !retires;
                    return stays || self.exchange().await;
                }
                Outcome::NotBegun => {
                    self.shared.counters.died.inc();
                    if !self.exchange().await {
                        return false;
                    }
                    if Instant::now() >= job.deadline {
                        drop(job.reply.send(Err(CallError::Timeout { limit: job.limit })));
                        return true;
                    }
                }
                Outcome::Overdue { step } => {
                    self.useless = 0;
                    tracing::info!(?step, "a worker was killed after its event's time limit");
                    self.shared.counters.killed.inc();
                    drop(job.reply.send(Err(CallError::Timeout { limit: job.limit })));
                    return self.exchange().await;
                }
                Outcome::Died { step, was_refused_memory } => {
                    self.useless = 0;
                    self.shared.counters.died.inc();
                    let answer = self.obituary(step, was_refused_memory).await;
                    let goes_on = !matches!(answer, Err(CallError::NoWorker { .. }));
                    drop(job.reply.send(answer));
                    return goes_on && self.replace().await;
                }
            }
        }
        let reason = format!("{MAX_TRIES} in a row ended before they began with the event");
        drop(job.reply.send(Err(CallError::NoWorker { reason })));
        true
    }

    /// What to say of an event whose worker is gone.
    async fn obituary(&mut self, step: Step, was_refused_memory: bool) -> Result<Answer, CallError> {
        self.count(false);
        let limit_mib = self.shared.limits.memory_mib;
        let ended =
            self.end().await.ok_or(CallError::NoWorker { reason: "the nursery is gone".to_owned() })?;
        let group_struck = self.worker.was_ended_by_its_group();
        if group_struck {
            tracing::warn!(
                ?step,
                limit_mib,
                "a worker was ended by its control group: it took more than its memory limit"
            );
        }
        if was_refused_memory || group_struck {
            self.shared.counters.out_of_memory.inc();
            return Err(CallError::OutOfMemory { step, limit_mib });
        }
        let peak_mib = ended.peak_bytes.div_ceil(MIB as u64);
        Err(CallError::WorkerDied { end: ended.end, step, peak_mib, limit_mib })
    }

    /// Ends the worker that is there and starts another one; false where none can be had any more.
    async fn exchange(&mut self) -> bool {
        self.count(false);
        self.end().await.is_some() && self.replace().await
    }

    /// Counts the worker among those that are ready or busy, or no longer.
    fn count(&mut self, is_counted: bool) {
        match (self.is_counted, is_counted) {
            (false, true) => {
                self.shared.alive.fetch_add(1, Ordering::Relaxed);
            }
            (true, false) => {
                self.shared.alive.fetch_sub(1, Ordering::Relaxed);
            }
            _ => {}
        }
        self.is_counted = is_counted;
    }

    /// Ends the worker that is there; how it ended, if the nursery still tells.
    async fn end(&self) -> Option<super::nursery::Ended> {
        self.prepare_a_group();
        let ended = self.shared.nursery.end(self.worker.process).await;
        ended.inspect_err(|reason| tracing::error!(reason, "no worker can be ended or started")).ok()
    }

    /// Has the next worker enter its control group the faster.
    fn prepare_a_group(&self) {
        if let Some(groups) = self.shared.groups.clone() {
            drop(tokio::task::spawn_blocking(move || groups.prepare()));
        }
    }

    /// Starts another worker; false where none can be had any more.
    async fn replace(&mut self) -> bool {
        loop {
            if self.useless > 0 {
                let doublings = self.useless.min(8) - 1;
                let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
                tokio::time::sleep(pause.saturating_sub(PREPARING)).await;
                self.prepare_a_group();
                tokio::time::sleep(pause.min(PREPARING)).await;
            }
            self.useless += 1;
            match self.shared.start_worker().await {
                Ok(worker) => {
                    let last = std::mem::replace(&mut self.worker, worker);
                    // Its control group is removed, for which the kernel may have one wait.
                    drop(tokio::task::spawn_blocking(move || drop(last)));
                    self.shared.counters.started.inc();
                    self.count(true);
                    return true;
                }
                Err(error) => {
                    tracing::error!(%error, "a worker could not be started");
                    if self.shared.jobs.try_lock().is_ok_and(|jobs| jobs.is_closed()) {
                        return false;
                    }
                }
            }
        }
    }
}
