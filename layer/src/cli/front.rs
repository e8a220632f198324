//! The front's own work: connections and waiting. Events run in the workers.

use tokio::runtime::Builder;

use super::exit::Failure;
use crate::trigger::Threads;

/// Does asynchronous work to its end, on this thread or on as many as there are cores.
pub(super) fn block_on<T>(threads: Threads, work: impl Future<Output = T>) -> Result<T, Failure> {
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
