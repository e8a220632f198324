//! A process that keeps the kernel prepared for a worker's move into its group, while others load the module.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::process;

/// How often the kernel is reminded: it forgets within ten milliseconds or so.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
/// Loading a module that takes longer does not gain from this.
const LONGEST: Duration = Duration::from_secs(1);

/// As long as this lives, a process keeps the kernel prepared.
#[derive(Debug)]
pub struct Preparing {
    process: i32,
    /// Its end tells the process to end.
    lives: Option<PipeWriter>,
}

impl Preparing {
    /// Starts the process, a copy of this one, which has one thread. `own_processes` is the list of processes of the group in
    /// which both are.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn start(own_processes: &File) -> io::Result<Self> {
        let (ended, lives) = io::pipe()?;
        let other = lives.as_raw_fd();
        let process = process::start(|| {
            process::end_with_parent();
            process::close(other);
            prepare(own_processes, &ended);
            0
        })?;
        Ok(Self { process, lives: Some(lives) })
    }
}

/// Moves this process to where it is, again and again.
fn prepare(own_processes: &File, ended: &PipeReader) {
    let start = Instant::now();
    while start.elapsed() < LONGEST {
        // Where it fails, the worker waits longer.
        let _ = own_processes.write_all_at(b"0", 0);
        match poll(&mut [PollFd::new(ended, PollFlags::IN)], Some(&PAUSE)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            _ => return,
        }
    }
}

impl Drop for Preparing {
    fn drop(&mut self) {
        drop(self.lives.take());
        // It is just the kernel that it may wait for.
        drop(process::end(self.process));
    }
}
