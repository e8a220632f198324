//! The front's own work: connections and waiting. Events run in the workers.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::thread;

use tokio::runtime::Builder;

use super::exit::Failure;
use crate::trigger::Threads;

/// Does asynchronous work to its end, on this thread or on as many as there are cores.
pub(super) fn block_on<T>(threads: Threads, work: impl Future<Output = T>) -> Result<T, Failure> {
    rehearse(threads).map_err(|error| {
        Failure::failed(anyhow::anyhow!("the system gives no more threads or files to this process: {error}"))
    })?;
    let mut builder = match threads {
        Threads::One => Builder::new_current_thread(),
        Threads::EachCore => Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build().map_err(Failure::failed)?;
    let done = runtime.block_on(work);
    // Nothing that still runs, such as a look-up of a name, is waited for.
    runtime.shutdown_background();
    Ok(done)
}

/// Tries whether the system gives the threads and files that a runtime takes, which panics where it can't have them.
fn rehearse(threads: Threads) -> io::Result<()> {
    /// Pairs: two for events of the kernel, two for waking, three for signals.
    const PAIRS: usize = 4;
    /// For what would keep the others waiting, such as files.
    const BESIDES: usize = 2;
    let _files = (0..PAIRS).map(|_| UnixStream::pair()).collect::<io::Result<Vec<_>>>()?;
    let count = match threads {
        Threads::One => BESIDES,
        Threads::EachCore => thread::available_parallelism().map_or(1, usize::from) + BESIDES,
    };
    // All of them at once.
    let gate = Mutex::new(());
    let held = gate.lock();
    thread::scope(|scope| {
        let wait = || drop(gate.lock());
        let started = (0..count).try_for_each(|_| thread::Builder::new().spawn_scoped(scope, wait).map(drop));
        drop(held);
        started
    })
}
