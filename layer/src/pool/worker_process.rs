//! One worker, from the front: an event there, its answer back.

use std::os::fd::AsFd as _;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;
use worker::STACK_BYTES;
use worker::Told;
use worker::answer::{Answer, CallError, Step, Thumbnail};
use worker::channel::{AnswerFile, ChannelError, Lengths, Printed, Report, Request};
use worker::control_groups::{ControlGroups, WorkerGroup};
use worker::limits::{Limits, RUNTIME_BYTES};
use worker::printable::in_one_line;
use worker::{LoadError, LoadStep};

use super::job::{GRACE, Job};
use super::nursery::{NurseryClient, log};
use super::socket::AsyncSocket;
use super::worker_ends::WorkerEnds;

/// A worker that has not begun with its event after this time is stopped or gone; the event is given to another one.
const BEGIN: Duration = Duration::from_millis(500);

/// More than any event takes: a worker may say what it likes of its times.
const MAX_TIME: Duration = Duration::from_secs(86_400);

/// Lines that a worker may log for one event; more are not looked at.
const MAX_LINES: usize = 64;

/// A worker that lives, as far as is known.
#[derive(Debug)]
pub(super) struct Worker {
    /// Whether answers may bring small pictures.
    makes_thumbnails: bool,
    channel: AsyncSocket,
    answers: AnswerFile,
    pub(super) process: i32,
    /// Where all of its memory is counted, if there is such a place.
    group: Option<WorkerGroup>,
}

/// What became of an event and its worker.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The worker goes on. A thumbnail may still be to come.
    Answered { answer: Result<Answer, CallError>, retires: bool, thumbnail: Option<ThumbnailSender> },
    /// The worker did not even begin: it is gone, and the event may go to another one.
    NotBegun,
    /// Its time was over.
    Overdue { step: Step },
    /// It ended, or said what no worker says.
    Died { step: Step, was_refused_memory: bool },
}

pub(super) type ThumbnailSender = oneshot::Sender<Result<Thumbnail, String>>;

impl Worker {
    /// Waits until the worker that was started with these ends is ready, for at most the time of an event.
    ///
    /// # Errors
    /// What keeps it from being ready. It is ended then.
    pub(super) async fn start(
        nursery: &NurseryClient,
        limits: Limits,
        groups: Option<&ControlGroups>,
        name: &str,
        makes_thumbnails: bool,
        (process, ends): (i32, WorkerEnds),
    ) -> Result<Self, LoadError> {
        let failed = |reason: String| LoadError::Worker(reason);
        let system = |error: std::io::Error| LoadError::Worker(error.to_string());
        let started = Instant::now();
        let (channel, answers) = ends.into_own();
        let channel = AsyncSocket::new(channel).map_err(system)?;
        let mut worker = Self { makes_thumbnails, channel, answers, process, group: None };
        // The kernel takes its time for the move, in which the worker makes its instance.
        let entering = async { (enter(groups, process, limits).await, started.elapsed()) };
        let waiting = async { (timeout(limits.time + GRACE, worker.ready()).await, started.elapsed()) };
        let ((group, entered), (ready, instantiated)) = tokio::join!(entering, waiting);
        tracing::debug!(?instantiated, ?entered, has_group = group.is_some(), "a worker was started");
        worker.group = group;
        let reason = match ready {
            Ok(Ok(())) => return Ok(worker),
            Ok(Err(Some(error))) => error,
            Ok(Err(None)) => match nursery.end(process).await {
                Ok(ended) => {
                    let (end, limit) = (ended.end, limits.memory_mib);
                    let reason =
                        format!("one ended before it was ready ({end}; it may take {limit} MiB of memory)");
                    return Err(failed(reason));
                }
                Err(reason) => return Err(failed(reason)),
            },
            Err(_) => {
                LoadError::TooSlow { module: name.to_owned(), what: LoadStep::Start, limit: limits.time }
            }
        };
        nursery.end(process).await.map_err(failed)?;
        Err(reason)
    }

    async fn ready(&self) -> Result<(), Option<LoadError>> {
        for _ in 0..MAX_LINES {
            match self.channel.receive::<Report>().await {
                Ok(Report::Ready) => return Ok(()),
                Ok(Report::NotReady(error)) => return Err(Some(error)),
                Ok(Report::Log(line)) => log(&line),
                _ => break,
            }
        }
        Err(None)
    }

    /// Whether the worker ended because it took more memory than its control group has.
    pub(super) fn was_ended_by_its_group(&self) -> bool {
        self.group.as_ref().is_some_and(WorkerGroup::has_struck)
    }

    /// Waits until the worker ends, which it should not between events.
    pub(super) async fn ended(&self) {
        for _ in 0..MAX_LINES {
            match self.channel.receive::<Report>().await {
                Ok(Report::Log(line)) => log(&line),
                _ => return,
            }
        }
    }

    /// Has the worker answer `job`.
    pub(super) async fn answer(&self, job: &Job) -> Outcome {
        let time = job.deadline.saturating_duration_since(Instant::now());
        let number = Uuid::new_v4().as_u64_pair().0;
        let request = Request { number, length: job.event.len() as u64, time };
        // A worker reads each request, so there is always room for one.
        match timeout(BEGIN, self.channel.send(&request, &[job.event.as_fd()])).await {
            Ok(Ok(())) => {}
            _ => return Outcome::NotBegun,
        }
        match timeout(BEGIN.min(time), self.report()).await {
            Ok(report) => return self.outcome(report, number),
            Err(_)
                if self.has_not_begun(number) && self.answers.told().step == Step::Idle && time > BEGIN =>
            {
                return Outcome::NotBegun;
            }
            Err(_) => {}
        }
        // It still makes its instance: as long as it has not begun, another one can have the event.
        if self.has_not_begun(number) {
            match timeout_at(job.deadline - time / 2, self.report()).await {
                Ok(report) => return self.outcome(report, number),
                Err(_) if self.has_not_begun(number) => return Outcome::NotBegun,
                Err(_) => {}
            }
        }
        match timeout_at(job.deadline + GRACE, self.report()).await {
            Ok(report) => self.outcome(report, number),
            Err(_) => Outcome::Overdue { step: self.answers.told().step },
        }
    }

    /// Whether the worker never began with this event.
    fn has_not_begun(&self, number: u64) -> bool {
        self.answers.told().event != number
    }

    /// What the worker says of its event.
    async fn report(&self) -> Result<Report, ChannelError> {
        for line in 0.. {
            match self.channel.receive::<Report>().await? {
                Report::Log(said) if line < MAX_LINES => log(&said),
                Report::Log(_) if line > MAX_LINES * 100 => break,
                Report::Log(_) => {}
                report => return Ok(report),
            }
        }
        Err(ChannelError::Nonsense("it logs without end".to_owned()))
    }

    fn outcome(&self, report: Result<Report, ChannelError>, number: u64) -> Outcome {
        match report {
            Ok(Report::Answered(printed)) if printed.number == number => {
                self.printed(&printed).unwrap_or_else(|| self.died(number))
            }
            Ok(Report::Failed { number: of, error, retires }) if of == number => {
                Outcome::Answered { answer: Err(error.in_one_line()), retires, thumbnail: None }
            }
            Ok(_) => {
                tracing::error!("a worker said what was not asked");
                self.died(number)
            }
            Err(error) => {
                if !matches!(error, ChannelError::Closed) {
                    tracing::error!("a worker's report can't be read");
                }
                self.died(number)
            }
        }
    }

    fn died(&self, number: u64) -> Outcome {
        let Told { step, was_refused_memory, event } = self.answers.told();
        if event == number { Outcome::Died { step, was_refused_memory } } else { Outcome::NotBegun }
    }

    fn printed(&self, printed: &Printed) -> Option<Outcome> {
        let &Printed { stdout, stderr, exit_code, timings, has_thumbnail, retires, .. } = printed;
        let (stdout, stderr) = self.answers.read(Lengths { stdout, stderr })?;
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        let (sender, receiver) = (has_thumbnail && self.makes_thumbnails).then(oneshot::channel).unzip();
        let timings = timings.at_most(MAX_TIME);
        let answer = Answer { stdout, stderr, exit_code, timings, thumbnail: receiver };
        Some(Outcome::Answered { answer: Ok(answer), retires, thumbnail: sender })
    }

    /// Waits for the small picture of the last event, for as long as an event may take; false where the worker is of no
    /// more use.
    pub(super) async fn thumbnail(&self, sender: ThumbnailSender, limit: Duration) -> bool {
        let (thumbnail, is_fit) = match timeout(limit, self.report()).await {
            Ok(Ok(Report::Thumbnail { length, sha256 })) => {
                let is_sum =
                    |text: &str| text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
                let read = self.answers.read_thumbnail(length);
                let read = read.filter(|jpeg| jpeg.starts_with(&[0xFF, 0xD8, 0xFF]) && is_sum(&sha256));
                let is_fit = read.is_some();
                let made = read.map(|jpeg| Thumbnail { jpeg, sha256 });
                (made.ok_or_else(|| "its small picture can't be read".to_owned()), is_fit)
            }
            Ok(Ok(Report::NoThumbnail { reason })) => (Err(in_one_line(&reason)), true),
            Ok(_) => (Err("the worker ended while it made the small picture".to_owned()), false),
            Err(_) => (Err(format!("the small picture was not made within {limit:?}")), false),
        };
        // Who asked may be gone.
        drop(sender.send(thumbnail));
        is_fit
    }
}

/// Moves a worker into a group of its own.
async fn enter(groups: Option<&ControlGroups>, process: i32, limits: Limits) -> Option<WorkerGroup> {
    let groups = groups?.clone();
    let bytes = group_bytes(limits);
    let entered = tokio::task::spawn_blocking(move || groups.enter(process, bytes)).await;
    match entered {
        Ok(Ok(group)) => Some(group),
        // Its other limits hold in any case; and it may have ended already.
        Ok(Err(reason)) => {
            tracing::warn!(reason, "a worker is in no control group of its own");
            None
        }
        Err(_) => None,
    }
}

/// Memory that a worker may have by all that the kernel counts: what it may have by its own limits, and its file for answers.
fn group_bytes(limits: Limits) -> u64 {
    limits.memory_bytes() as u64 + RUNTIME_BYTES + STACK_BYTES as u64 + AnswerFile::bytes(limits)
}
