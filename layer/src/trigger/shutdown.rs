//! The end: asked for by SIGTERM or SIGINT, over when its time has passed or a second signal comes.

use std::io;
use std::time::Duration;

use clap::Args;
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use worker::limits::parse_duration;

/// How long the end may take.
#[derive(Clone, Copy, Debug, Args)]
pub struct ShutdownArgs {
    /// Time from SIGTERM to the end, for finishing what was taken; a second signal ends at once
    #[arg(long = "shutdown-time", env = "VISION_SHUTDOWN_TIME", value_name = "TIME", default_value = "30s",
          value_parser = parse_duration)]
    pub shutdown_time: Duration,
}

/// Not all was finished that had been taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Unfinished {
    /// The time for the end is over.
    #[error("not all that was taken could be finished within {0:?} after the signal")]
    TimeIsUp(Duration),
    /// Somebody would not wait for it.
    #[error("ended at once by a second signal")]
    SecondSignal,
}

/// The end of the process, for all who take part in it. Clones are the same end.
#[derive(Clone, Debug)]
pub struct Shutdown {
    phase: watch::Receiver<Phase>,
    time: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Running,
    Ending { deadline: Instant },
    Over(Unfinished),
}

impl Shutdown {
    /// Waits for signals from now on; to be called within a tokio runtime, before anything is taken that has to be
    /// finished.
    ///
    /// # Errors
    /// The system gives no signals.
    pub fn install(args: ShutdownArgs) -> io::Result<Self> {
        let mut signals = Signals::install()?;
        let time = args.shutdown_time;
        let (sender, phase) = watch::channel(Phase::Running);
        tokio::spawn(async move {
            signals.next().await;
            let deadline = Instant::now() + time;
            // Whoever is not there any more need not hear of it.
            let _ = sender.send(Phase::Ending { deadline });
            let unfinished = tokio::select! {
                () = signals.next() => Unfinished::SecondSignal,
                () = sleep_until(deadline) => Unfinished::TimeIsUp(time),
            };
            let _ = sender.send(Phase::Over(unfinished));
            // As long as somebody looks, the end stays as it is.
            sender.closed().await;
        });
        Ok(Self { phase, time })
    }

    /// An end that nobody can ask for: signals end the process, as they do where nobody waits for them. To be called
    /// within a tokio runtime.
    pub fn never() -> Self {
        let (sender, phase) = watch::channel(Phase::Running);
        tokio::spawn(async move { sender.closed().await });
        Self { phase, time: Duration::ZERO }
    }

    /// Whether the end was asked for.
    pub fn is_asked(&self) -> bool {
        !matches!(*self.phase.borrow(), Phase::Running)
    }

    /// Waits until the end is asked for.
    pub async fn asked(&self) {
        let mut phase = self.phase.clone();
        drop(phase.wait_for(|phase| !matches!(phase, Phase::Running)).await);
    }

    /// Does `work` unless the end is asked for before it is done.
    pub async fn unless_asked<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.asked() => None,
            done = work => Some(done),
        }
    }

    /// Does `work`, for as long as there is time.
    ///
    /// # Errors
    /// The end is over, and `work` is not done.
    pub async fn bound<T>(&self, work: impl Future<Output = T>) -> Result<T, Unfinished> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            unfinished = self.over() => Err(unfinished),
        }
    }

    /// When clients have to be done: a tenth of the time is left then, for what they leave to be kept.
    pub fn deadline_of_clients(&self) -> Instant {
        let deadline = self.deadline();
        deadline.checked_sub(self.time / 10).unwrap_or(deadline)
    }

    /// When all has to be done.
    pub fn deadline(&self) -> Instant {
        match *self.phase.borrow() {
            Phase::Running => Instant::now() + self.time,
            Phase::Ending { deadline } => deadline,
            Phase::Over(_) => Instant::now(),
        }
    }

    async fn over(&self) -> Unfinished {
        let mut phase = self.phase.clone();
        loop {
            if let Phase::Over(unfinished) = *phase.borrow_and_update() {
                return unfinished;
            }
            if phase.changed().await.is_err() {
                // The task that tells is gone, and with it the runtime.
                return Unfinished::TimeIsUp(self.time);
            }
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for either.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
