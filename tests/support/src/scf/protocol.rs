//! The platform's side of the protocol, request by request, strict: what it does not expect is a violation. It also speaks AWS
//! Lambda's.

use std::collections::VecDeque;
use std::net::TcpStream;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use super::call::{Call, Endpoint};
use super::event::{Event, NextFault, Outcome, PostFault};
use crate::http::{Connection, Request, Response};
use crate::lambda::{LambdaCall, SETTLED};

/// What one step of the protocol has to go on with.
enum Action {
    Respond(Response),
    /// So many bytes of the answer, then the end of the connection.
    RespondInPart(Response, usize),
    /// So many bytes of the answer, and then nothing as long as the other side stays.
    Stall(Response, usize),
    Drop,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) ready: Option<Instant>,
    pub(super) ready_faults: VecDeque<PostFault>,
    /// Events not yet asked for.
    pub(super) queue: VecDeque<usize>,
    /// All events ever, with what became of them.
    pub(super) jobs: Vec<Job>,
    /// The event that was sent last.
    pub(super) current: Option<usize>,
    /// Why the function says that it can't start.
    pub(super) init_error: Option<String>,
    /// Whether the function is an extension, too, and waits as one.
    pub(super) extension: (bool, bool),
    pub(super) asked: bool,
    pub(super) waiting: bool,
    pub(super) closed: bool,
    pub(super) connections: usize,
    pub(super) violations: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) event: Event,
    /// It was asked for, though it may not have arrived.
    pub(super) fetched: bool,
    pub(super) sent: Option<Instant>,
    /// Half of it was sent.
    pub(super) stalled: bool,
    /// The last exchange about this event failed, so it may come again.
    pub(super) broken: bool,
    pub(super) posted: Option<(Endpoint, Vec<u8>)>,
    /// A post failed for a reason of the platform's, which may make the result late.
    pub(super) hindered: bool,
    pub(super) outcome: Option<Outcome>,
}

/// Whose runtime API it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Protocol {
    #[default]
    Scf,
    /// With so many events at the same time, and with extensions or without.
    Lambda { at_once: usize, with_extensions: bool },
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) protocol: Protocol,
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn serve(&self, stream: TcpStream) {
        let mut connection = Connection::new(stream);
        loop {
            let request = match connection.read() {
                Ok(Some(request)) => request,
                Ok(None) => return,
                Err(error) => return self.lock().violations.push(error),
            };
            let action = self.step(&request);
            self.changed.notify_all();
            let written = match action {
                Action::Respond(response) => connection.write(&response, usize::MAX),
                Action::RespondInPart(response, bytes) => {
                    drop(connection.write(&response, bytes));
                    return;
                }
                Action::Stall(response, bytes) => {
                    drop(connection.write(&response, bytes));
                    drop(connection.read());
                    return;
                }
                Action::Drop => return,
            };
            // Whoever does not read an event that is too large may go away.
            if written.is_err() {
                return;
            }
        }
    }

    fn step(&self, request: &Request) -> Action {
        let known = match self.protocol {
            Protocol::Scf => Call::of(request).and_then(|call| match call {
                Call::Ready => self.on_ready(),
                Call::Next => self.on_next(),
                Call::Result(endpoint) => self.on_result(endpoint, None, &request.body),
            }),
            Protocol::Lambda { with_extensions, .. } => LambdaCall::of(request).and_then(|call| match call {
                LambdaCall::Next => self.on_next(),
                LambdaCall::Result(endpoint, id) => self.on_result(endpoint, Some(&id), &request.body),
                LambdaCall::InitError => self.on_init_error(&request.body),
                LambdaCall::Register => self.on_register(with_extensions),
                LambdaCall::Stay => self.on_stay(),
            }),
        };
        known.unwrap_or_else(|violation| {
            self.lock().violations.push(violation);
            Action::Respond(Response::status(400))
        })
    }

    fn on_ready(&self) -> Result<Action, String> {
        let mut state = self.lock();
        state.asked = true;
        if state.ready.is_some() {
            return Err("init/ready a second time".to_owned());
        }
        match state.ready_faults.pop_front() {
            Some(PostFault::Status(status)) => Ok(Action::Respond(Response::status(status))),
            Some(PostFault::DropBeforeTaking | PostFault::DropAfterTaking) => Ok(Action::Drop),
            None => {
                state.ready = Some(Instant::now());
                Ok(Action::Respond(Response::status(200)))
            }
        }
    }

    fn on_init_error(&self, body: &[u8]) -> Result<Action, String> {
        let mut state = self.lock();
        if state.ready.is_some() || state.init_error.is_some() {
            return Err("init/error after the start".to_owned());
        }
        state.init_error = Some(String::from_utf8_lossy(body).into_owned());
        Ok(Action::Respond(Response::status(202)))
    }

    fn on_register(&self, with_extensions: bool) -> Result<Action, String> {
        let mut state = self.lock();
        state.asked = true;
        if !with_extensions {
            return Ok(Action::Respond(Response::status(404)));
        }
        if state.ready.is_some() || state.extension.0 {
            return Err("the extension is registered late or twice".to_owned());
        }
        state.extension.0 = true;
        let identifier = ("Lambda-Extension-Identifier".to_owned(), "5e8b7086".to_owned());
        Ok(Action::Respond(Response { headers: vec![identifier], ..Response::status(200) }))
    }

    /// Holds the extension, for which there are no events.
    fn on_stay(&self) -> Result<Action, String> {
        let mut state = self.lock();
        if !state.extension.0 {
            return Err("an extension waits that was never registered".to_owned());
        }
        state.extension.1 = true;
        self.changed.notify_all();
        while !state.closed {
            state = self.changed.wait(state).unwrap();
        }
        Ok(Action::Drop)
    }

    fn on_next(&self) -> Result<Action, String> {
        let mut state = self.lock();
        let at_once = match self.protocol {
            Protocol::Scf => 1,
            Protocol::Lambda { at_once, .. } => {
                state.ready.get_or_insert_with(Instant::now);
                at_once
            }
        };
        if state.ready.is_none() {
            return Err("next before init/ready".to_owned());
        }
        let in_hand = state.jobs.iter().enumerate().filter(|(_, job)| job.is_in_hand());
        let in_hand: Vec<usize> = in_hand.map(|(number, _)| number).collect();
        let again = in_hand.iter().copied().find(|number| state.jobs[*number].broken);
        let number = match (again, in_hand.first()) {
            (Some(number), _) => number,
            (None, Some(number)) if in_hand.len() >= at_once => {
                return Err(format!("next while event {number} has no result"));
            }
            _ => {
                state.waiting = true;
                self.changed.notify_all();
                loop {
                    if state.closed {
                        return Ok(Action::Drop);
                    }
                    if let Some(number) = state.queue.pop_front() {
                        state.waiting = false;
                        break number;
                    }
                    state = self.changed.wait(state).unwrap();
                }
            }
        };
        let pause = state.jobs[number].event.after;
        if again.is_none() && !pause.is_zero() {
            drop(state);
            std::thread::sleep(pause);
            state = self.lock();
        }
        state.current = Some(number);
        let job = &mut state.jobs[number];
        let fault = job.event.next_faults.pop_front();
        job.fetched = true;
        job.broken = fault.is_some();
        let response = match self.protocol {
            Protocol::Scf => job.event.response(),
            Protocol::Lambda { .. } => job.event.lambda_response(),
        };
        Ok(match fault {
            Some(NextFault::DropBeforeAnswer) => Action::Drop,
            Some(NextFault::DropInBody) => {
                let half = response.body.len() / 2;
                Action::RespondInPart(response, half)
            }
            Some(NextFault::StallInBody) => {
                job.stalled = true;
                let half = response.body.len() / 2;
                Action::Stall(response, half)
            }
            Some(NextFault::Nothing) => Action::Respond(Response::status(200)),
            Some(NextFault::Status(status)) => Action::Respond(Response::status(status)),
            None => {
                job.sent = Some(Instant::now());
                Action::Respond(response)
            }
        })
    }

    fn on_result(&self, endpoint: Endpoint, id: Option<&str>, body: &[u8]) -> Result<Action, String> {
        let mut state = self.lock();
        let named = |id: &str| state.jobs.iter().rposition(|job| job.fetched && job.event.id == id);
        let Some(number) = id.map_or(state.current, named) else {
            return Err(format!("a result before any event, or of an unknown one: {id:?}"));
        };
        let is_lambda = self.protocol != Protocol::Scf;
        let job = &mut state.jobs[number];
        let Some(sent) = job.sent else {
            return Err(format!("a result of event {number}, which never arrived"));
        };
        match &job.posted {
            Some(_) if !job.broken && job.outcome.is_some() => {
                return Err(format!("a second result of event {number}"));
            }
            Some(before) if *before != (endpoint, body.to_vec()) => {
                return Err(format!("another result of event {number} than before"));
            }
            _ => {}
        }
        job.posted = Some((endpoint, body.to_vec()));
        if is_lambda && job.outcome.is_some() {
            return Ok(Action::Respond(Response::status(403)));
        }
        let fault = job.event.post_faults.pop_front();
        if let (true, Some(PostFault::Status(status))) = (is_lambda, fault)
            && SETTLED.contains(&status)
        {
            // Nothing more is taken for this event, and it does not come again.
            let body = String::from_utf8_lossy(body).into_owned();
            job.outcome = Some(Outcome { endpoint, body, took: sent.elapsed() });
            return Ok(Action::Respond(Response::status(status)));
        }
        job.broken = fault.is_some();
        job.hindered |= fault.is_some();
        if let Some(PostFault::Status(400..=499)) = fault {
            // A result that is refused may be followed by another one.
            job.posted = None;
        }
        if matches!(fault, None | Some(PostFault::DropAfterTaking)) && job.outcome.is_none() {
            let took = sent.elapsed();
            let body =
                String::from_utf8(body.to_vec()).map_err(|_| "a result that is not UTF-8".to_owned())?;
            job.outcome = Some(Outcome { endpoint, body, took });
            // It is not sent again.
            job.event.body = Vec::new();
            if took > job.event.time_limit && !job.hindered {
                return Err(format!("the result of event {number} came after its time limit"));
            }
        }
        Ok(match fault {
            None => Action::Respond(Response::status(if is_lambda { 202 } else { 200 })),
            Some(PostFault::Status(status)) => Action::Respond(Response::status(status)),
            Some(PostFault::DropBeforeTaking | PostFault::DropAfterTaking) => Action::Drop,
        })
    }
}

impl Job {
    /// Whether it was asked for and has no result.
    fn is_in_hand(&self) -> bool {
        self.fetched && self.outcome.is_none()
    }
}
