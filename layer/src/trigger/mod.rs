//! Triggers: each gets events, hands them to the workers and gives the answers back. They know nothing of pictures.
//!
//! The command line leads every trigger through the same life: load the module → confine the process → start the
//! workers → open → serve until told. A trigger only says what it needs on the way.
//!
//! ```text
//! run   batch   scf   lambda   serve    one way each in which events come
//!        ├───────┴▶ managed      the loop of a cloud's runtime API, whichever cloud it is
//!        └▶ objects ─ cos, s3    objects of a storage are events, too; uploads into it
//! reply, recognition, content_type, http_event, history_args, backoff, causes, shutdown    what several of them need
//! ```

mod backoff;
pub mod batch;
mod causes;
pub mod cloud_events;
mod content_type;
pub mod history_args;
mod http_event;
pub mod lambda;
pub mod managed;
pub mod objects;
mod recognition;
mod reply;
pub mod run;
pub mod scf;
pub mod serve;
pub mod shutdown;

use std::error::Error;
use std::num::NonZeroUsize;

use thiserror::Error;
use worker::sandbox::{Needs, Network};

use crate::pool::Pools;
use shutdown::{Shutdown, ShutdownArgs, Unfinished};

/// A way in which events come.
pub trait Trigger {
    /// What is open before the first event: clients, a database, an address to listen at.
    type Opened;

    /// What the trigger needs of the program around it.
    fn requirements(&self) -> Requirements;

    /// Makes what has to be there before the process is confined, and says what it keeps then. The module is loaded.
    ///
    /// # Errors
    /// [`TriggerError::Configuration`] as a rule.
    fn prepare(&self) -> Result<Needs, TriggerError>;

    /// Opens what it serves with, within what it kept. The workers of `pools` are ready.
    ///
    /// # Errors
    /// [`TriggerError::Configuration`] as a rule.
    fn open(&self, pools: &Pools) -> impl Future<Output = Result<Self::Opened, TriggerError>>;

    /// Tells whoever would send events that there can be none, for the reason in `message`.
    fn failed_start(&self, message: &str) -> impl Future<Output = ()> {
        let _ = message;
        std::future::ready(())
    }

    /// What it means that the end was asked for before anything was opened.
    ///
    /// # Errors
    /// [`TriggerError::Failed`] where somebody waits for what is not done.
    fn ended_before_open(&self) -> Result<(), TriggerError> {
        Ok(())
    }

    /// Answers events with `pools` until there are no more, or the end is asked for. The process has
    /// no more of the network now than [`Requirements::network_of_events`].
    ///
    /// # Errors
    /// See [`TriggerError`]; what goes wrong with a single event is none of them.
    fn serve(
        self,
        opened: Self::Opened,
        pools: &Pools,
        shutdown: &Shutdown,
    ) -> impl Future<Output = Result<(), TriggerError>>;
}

/// What a trigger needs of the program around it.
#[derive(Clone, Debug)]
pub struct Requirements {
    /// Events that are answered at the same time.
    pub workers: NonZeroUsize,
    /// MiB that an event may have at least, whatever limit was set.
    pub event_mib: u32,
    /// MiB that an answer may have at least, whatever limit was set.
    pub answer_mib: u32,
    /// Whether the workers make a small copy of each picture.
    pub makes_thumbnail: bool,
    /// What is left of the network once all is open; as much as before without it.
    pub network_of_events: Option<Network>,
    /// How many threads the trigger's own work takes.
    pub threads: Threads,
    /// How long the end may take; without it a signal ends the process at once.
    pub shutdown: Option<ShutdownArgs>,
}

/// Threads of the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// One, for one event at a time.
    One,
    /// One for each core, for many clients.
    EachCore,
}

impl Default for Requirements {
    /// One event at a time, and nothing of the system.
    fn default() -> Self {
        Self {
            workers: NonZeroUsize::MIN,
            event_mib: 0,
            answer_mib: 0,
            makes_thumbnail: false,
            network_of_events: None,
            threads: Threads::One,
            shutdown: None,
        }
    }
}

/// Why a trigger ends, other than because it is done; each means another end of the program.
#[derive(Debug, Error)]
pub enum TriggerError {
    /// What was asked for can't be had; no event was tried.
    #[error(transparent)]
    Configuration(Box<dyn Error + Send + Sync>),
    /// An event, or all that would have followed, could not be dealt with.
    #[error(transparent)]
    Failed(Box<dyn Error + Send + Sync>),
    /// The end was cut short.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
}

impl TriggerError {
    /// What was asked for can't be had.
    pub fn configuration(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Configuration(Box::new(error))
    }

    /// It was tried, and failed.
    pub fn failed(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(error))
    }
}
