//! What guests hold by handles of 64 bits: sessions and their outputs, each by a number that nothing else in the instance has.

use crate::host::handles::Handles;
use crate::inference::{GraphSession, Session};
use crate::limits::{GRAPH_OUTPUTS, SESSIONS_PER_EVENT};

/// A session of either kind.
#[derive(Debug)]
pub(super) enum OlderSession {
    Lite(Box<dyn Session>),
    Graph(GraphSession),
}

#[derive(Debug)]
enum Held {
    Session(OlderSession),
    /// An output of the session with this handle.
    Tensor {
        session: u64,
        output: usize,
    },
}

/// All of an instance. Sessions over TensorFlow Lite models and over graphs share their numbers, as the functions that read
/// tensors may be called for either.
#[derive(Debug)]
pub(in crate::host) struct OlderHandles {
    held: Handles<u64, Held>,
    sessions: usize,
}

impl OlderHandles {
    pub(in crate::host) fn new() -> Self {
        Self { held: Handles::new(SESSIONS_PER_EVENT * (1 + GRAPH_OUTPUTS)), sessions: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.sessions >= SESSIONS_PER_EVENT
    }

    pub(super) fn insert(&mut self, session: OlderSession) -> Option<u64> {
        if self.is_full() {
            return None;
        }
        let handle = self.held.insert(Held::Session(session))?;
        self.sessions += 1;
        Some(handle)
    }

    pub(super) fn lite(&mut self, session: u64) -> Option<&mut dyn Session> {
        match self.held.get_mut(session)? {
            Held::Session(OlderSession::Lite(session)) => Some(&mut **session),
            _ => None,
        }
    }

    pub(super) fn graph(&mut self, session: u64) -> Option<&mut GraphSession> {
        match self.held.get_mut(session)? {
            Held::Session(OlderSession::Graph(session)) => Some(session),
            _ => None,
        }
    }

    /// Gives a session back, with the handles of its outputs.
    pub(super) fn remove(&mut self, session: u64) {
        if !matches!(self.held.get(session), Some(Held::Session(_))) {
            return;
        }
        self.held.remove(session);
        self.sessions -= 1;
        self.forget_outputs(session);
    }

    /// Takes back the handles of a session's outputs.
    pub(super) fn forget_outputs(&mut self, of: u64) {
        self.held.retain(|held| !matches!(held, Held::Tensor { session, .. } if *session == of));
    }

    /// The handle of an output, the same each time.
    pub(super) fn output(&mut self, session: u64, output: usize) -> Option<u64> {
        let wanted = (session, output);
        let known = self
            .held
            .find(|held| matches!(held, Held::Tensor { session, output } if (*session, *output) == wanted));
        known.or_else(|| self.held.insert(Held::Tensor { session, output }))
    }

    /// The session of an output, and which it is.
    pub(super) fn output_of(&self, tensor: u64) -> Option<(&OlderSession, usize)> {
        let Held::Tensor { session, output } = self.held.get(tensor)? else { return None };
        match self.held.get(*session)? {
            Held::Session(session) => Some((session, *output)),
            Held::Tensor { .. } => None,
        }
    }
}
