//! A platform that a test starts, sends events, and asks what became of them.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::event::{Event, Outcome, PostFault};
use super::protocol::{Job, Protocol, Shared, State};

/// A platform with one instance of a function.
#[derive(Debug)]
pub struct Platform {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// Longer than anything here takes, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

impl Platform {
    /// A platform at an address of its own. Of the first posts of init/ready, so many go wrong.
    pub fn start(ready_faults: &[PostFault]) -> Self {
        let state = State { ready_faults: ready_faults.iter().copied().collect(), ..State::default() };
        Self::serve(Protocol::Scf, state)
    }

    /// AWS Lambda with so many events at the same time; emulators have no extensions.
    pub fn lambda(at_once: usize, with_extensions: bool) -> Self {
        Self::serve(Protocol::Lambda { at_once, with_extensions }, State::default())
    }

    fn serve(protocol: Protocol, state: State) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { protocol, state: Mutex::new(state), ..Shared::default() });
        let for_connections = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&for_connections);
                shared.lock().connections += 1;
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, shared }
    }

    /// Where its runtime API is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Queues an event; the number is for the other methods.
    pub fn send(&self, event: Event) -> usize {
        let mut state = self.shared.lock();
        let number = state.jobs.len();
        state.jobs.push(Job {
            event,
            fetched: false,
            sent: None,
            stalled: false,
            broken: false,
            posted: None,
            hindered: false,
            outcome: None,
        });
        state.queue.push_back(number);
        self.shared.changed.notify_all();
        number
    }

    /// What became of an event, as soon as it is known.
    pub fn outcome(&self, number: usize) -> Option<Outcome> {
        self.wait(|state| state.jobs[number].outcome.clone())
    }

    /// Waits until the event has been sent.
    pub fn wait_until_sent(&self, number: usize) {
        self.wait(|state| state.jobs[number].sent).expect("the event is fetched");
    }

    /// Waits until half of the event has been sent.
    pub fn wait_until_stalled(&self, number: usize) {
        self.wait(|state| state.jobs[number].stalled.then_some(())).expect("the event is fetched");
    }

    /// Waits until the function asks for an event and there is none.
    pub fn wait_until_idle(&self) {
        self.wait(|state| state.waiting.then_some(())).expect("the function asks for events");
    }

    /// Whether the event has been sent.
    pub fn was_sent(&self, number: usize) -> bool {
        self.shared.lock().jobs[number].sent.is_some()
    }

    /// Waits until the function has said something at all.
    pub fn wait_until_asked(&self) {
        self.wait(|state| state.asked.then_some(())).expect("the function posts init/ready");
    }

    /// Why the function says that it can't start, once it says so: the body of init/error.
    pub fn init_error(&self) -> Option<String> {
        self.wait(|state| state.init_error.clone())
    }

    /// Whether the function waits as an extension, once it does.
    pub fn has_extension(&self) -> bool {
        self.wait(|state| (state.extension == (true, true)).then_some(())).is_some()
    }

    /// When init/ready was posted; on Lambda, when the first event was asked for.
    pub fn ready(&self) -> Option<Instant> {
        self.wait(|state| state.ready)
    }

    /// Connections that were ever made to it.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Everything that the function did against the protocol.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    fn wait<T>(&self, mut found: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let end = Instant::now() + PATIENCE;
        let mut state = self.shared.lock();
        loop {
            if let Some(value) = found(&state) {
                return Some(value);
            }
            let left = end.checked_duration_since(Instant::now())?;
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}
