//! A worker: events from its channel, each answered in an instance of its own.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use engine::answer::{Answer, CallError, Thumbnail};
use engine::limits::RUNTIME_BYTES;
use engine::native_stack::STACK_BYTES;
use engine::progress;
use engine::{EngineConfig, Event, Events, LoadError, LoadedModule, answer_events};

use crate::channel::{AnswerFile, EventReader, Lengths, Printed, Report, Request, Socket};
use crate::sandbox::Sandbox;

use super::{board, log, process};

/// Memory above what a worker had when it was ready, after which it is replaced: allocators keep much of what they got.
const KEPT_BYTES: u64 = 128 << 20;

/// Address space that WasmEdge reserves for a memory, twice: with what lies before and behind, it has 12 GiB.
const RESERVED_BYTES: u64 = 24 << 30;

/// Answers the events of `channel` until it is closed, with `answers` as its file for answers; the exit code.
pub(crate) fn run(
    channel: Socket,
    answers: OwnedFd,
    module: &LoadedModule,
    config: &EngineConfig,
    confinement: &Confinement,
) -> i32 {
    let channel = Arc::new(channel);
    log::send_over(&channel);
    process::end_with_parent();
    let prepared = AnswerFile::of(answers).and_then(|answers| Ok((board::of(&answers)?, answers)));
    let (board, answers) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return not_ready(&channel, format!("its file for answers: {error}")),
    };
    progress::tell_at(board);
    let memory = config.limits.memory_bytes() as u64 + RUNTIME_BYTES + STACK_BYTES as u64;
    process::limit_memory(confinement.data_bytes + memory);
    process::limit_addresses(confinement.address_bytes + memory + RESERVED_BYTES);
    let folders: Vec<_> = config.dirs.iter().map(|dir| dir.host.clone()).collect();
    if let Err(reason) = confinement.sandbox.confine_worker(&folders) {
        return not_ready(&channel, reason);
    }
    let mut events = Channel { channel, answers, ready: None, number: 0 };
    // Guests run on a stack whose end is known.
    let ended = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("guest".to_owned()).stack_size(STACK_BYTES);
        let loop_on_thread = || match answer_events(module, config, &mut events) {
            Ok(()) => 0,
            Err(error) => {
                drop(events.channel.send(&Report::NotReady(error), &[]));
                1
            }
        };
        thread.spawn_scoped(scope, loop_on_thread).map(|thread| thread.join().unwrap_or(101))
    });
    ended.unwrap_or_else(|error| not_ready(&events.channel, format!("its thread: {error}")))
}

/// Says why there is no worker; the exit code.
fn not_ready(channel: &Socket, reason: String) -> i32 {
    drop(channel.send(&Report::NotReady(LoadError::Worker(reason)), &[]));
    1
}

/// How a worker is confined besides what it has from the nursery.
pub(crate) struct Confinement {
    /// Data memory of the nursery.
    pub(crate) data_bytes: u64,
    /// Address space of the nursery.
    pub(crate) address_bytes: u64,
    /// How far.
    pub(crate) sandbox: Sandbox,
}

/// The worker's side of its channel.
struct Channel {
    channel: Arc<Socket>,
    answers: AnswerFile,
    /// Bytes of memory when the first instance was ready.
    ready: Option<u64>,
    /// The number of the request in hand.
    number: u64,
}

impl Channel {
    fn report(&self, report: &Report) {
        // A front that is gone is noticed at the next request.
        drop(self.channel.send(report, &[]));
    }

    fn grew_too_much(&self) -> bool {
        process::peak_bytes() > self.ready.unwrap_or(0) + KEPT_BYTES
    }
}

impl Events for Channel {
    fn next(&mut self) -> Option<Event> {
        if self.ready.is_none() {
            self.ready = Some(process::peak_bytes());
            self.report(&Report::Ready);
        }
        let (request, mut descriptors) = self.channel.receive::<Request>().ok()?;
        let event = descriptors.pop()?;
        self.number = request.number;
        progress::begin_event(request.number);
        Some(Event { input: Box::new(EventReader::new(event, request.length)), time: request.time })
    }

    fn answer(&mut self, answer: Result<Answer, CallError>, thumbnail_follows: bool) {
        let report = match answer {
            Ok(Answer { stdout, stderr, exit_code, timings, .. }) => {
                match self.answers.write(&stdout, stderr.as_bytes()) {
                    Ok(Lengths { stdout, stderr }) => Report::Answered(Printed {
                        number: self.number,
                        stdout,
                        stderr,
                        exit_code,
                        timings,
                        has_thumbnail: thumbnail_follows,
                        retires: self.grew_too_much(),
                    }),
                    Err(error) => {
                        let reason = format!("its answer can't be written: {error}");
                        Report::Failed {
                            number: self.number,
                            error: CallError::NoWorker { reason },
                            retires: true,
                        }
                    }
                }
            }
            // WasmEdge's timer jumps out of whatever the engine was doing: what it leaves behind is not trusted.
            Err(error @ CallError::Timeout { .. }) => {
                Report::Failed { number: self.number, error, retires: true }
            }
            Err(error) => Report::Failed { number: self.number, error, retires: self.grew_too_much() },
        };
        self.report(&report);
    }

    fn thumbnail(&mut self, thumbnail: Result<Thumbnail, String>) {
        let report = match thumbnail.and_then(|thumbnail| {
            let length = self.answers.write_thumbnail(&thumbnail.jpeg).map_err(|error| error.to_string())?;
            Ok(Report::Thumbnail { length, sha256: thumbnail.sha256 })
        }) {
            Ok(report) => report,
            Err(reason) => Report::NoThumbnail { reason },
        };
        self.report(&report);
    }
}
