//! What the system lets this process have (getrlimit(2)). It is looked at before anything is tried, for most of what runs out
//! later can't be answered for any more: a library panics, or the system ends the process.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use thiserror::Error;

/// Reading the command line takes some 100 KiB; what runs modules has stacks of its own.
const STACK_BYTES: u64 = 1 << 20;

/// The program and its libraries, an event with its picture, and a model.
const DATA_BYTES: u64 = 128 << 20;

/// What a compiler writes of a small module. Files in memory count: an event, an answer.
const FILE_BYTES: u64 = 1 << 20;

/// WasmEdge reserves 12 GiB for a module's memory, most of which is never used.
const ADDRESS_BYTES: u64 = 14 << 30;

/// Files of the front: 13 were seen with a history in SQLite; opening it takes some more, and so do PostgreSQL, certificates,
/// look-ups of names and objects of a storage.
const OWN_FILES: u64 = 20;

/// Files of a worker in the front: two as long as it lives, three more while it is replaced, and one for its event.
const FILES_OF_A_WORKER: u64 = 6;

/// Connections below which a service is none.
const MIN_CONNECTIONS: u64 = 8;

/// The system lets this process have too little.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum TooLittle {
    /// The stack of the thread that a process starts with.
    #[error("the stack may have {} KiB (ulimit -s), needed are {}", found >> 10, STACK_BYTES >> 10)]
    Stack {
        /// Bytes.
        found: u64,
    },
    /// Memory.
    #[error("a process may have {} MiB of memory (ulimit -d), needed are {}", found >> 20, DATA_BYTES >> 20)]
    Data {
        /// Bytes.
        found: u64,
    },
    /// Addresses.
    #[error(
        "a process may have {} MiB of addresses (ulimit -v), needed are {}: most of them are only reserved",
        found >> 20, ADDRESS_BYTES >> 20
    )]
    Addresses {
        /// Bytes.
        found: u64,
    },
    /// The size of files.
    #[error(
        "a file may have {} KiB (ulimit -f), needed are {}: events and answers lie in files in memory",
        found >> 10, needed >> 10
    )]
    FileSize {
        /// Bytes.
        found: u64,
        /// Bytes.
        needed: u64,
    },
    /// Open files.
    #[error("a process may have {limit} files open (ulimit -n), needed are {needed}")]
    Files {
        /// As the system has it.
        limit: u64,
        /// With those that were open at the start.
        needed: u64,
    },
}

/// What has to hold before the first function with much on its stack is called.
///
/// # Errors
/// [`TooLittle::Stack`].
pub(crate) fn check_stack() -> Result<(), TooLittle> {
    match getrlimit(Resource::Stack).current {
        Some(found) if found < STACK_BYTES => Err(TooLittle::Stack { found }),
        _ => Ok(()),
    }
}

/// Files that this process may open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Files {
    /// How many may be open at once; None for any number.
    limit: Option<u64>,
    /// Those that were open at the start.
    inherited: u64,
}

impl Files {
    /// Raises the limit as far as the system allows. To be called at the start, for what is open then is counted as not the
    /// program's own.
    pub(crate) fn raise() -> Self {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let raised =
            current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
        let limit = if raised { maximum } else { current };
        // The list itself is one of them. Where there is none, the standard streams are what is open as a rule.
        let open = fs::read_dir("/proc/self/fd").map(|files| files.count().saturating_sub(1));
        Self { limit, inherited: open.map_or(3, |count| count as u64) }
    }

    /// Checks that so many workers can be had.
    ///
    /// # Errors
    /// [`TooLittle::Files`].
    pub(crate) fn check(self, workers: usize) -> Result<(), TooLittle> {
        self.left(workers, 0).map(drop)
    }

    /// Connections that a service with so many workers can have, beyond which nothing else would find a file to open;
    /// `asked` at most. `beyond` come in besides.
    ///
    /// # Errors
    /// [`TooLittle::Files`]: too few to be called a service.
    pub(crate) fn connections(self, workers: usize, asked: u16, beyond: usize) -> Result<u16, TooLittle> {
        let (least, beyond) = (MIN_CONNECTIONS.min(asked.into()), beyond as u64);
        let left = self.left(workers, least + beyond)?;
        Ok(left.map_or(asked, |left| u16::try_from(left - beyond).unwrap_or(asked).min(asked)))
    }

    /// Files beyond those of the program itself and its workers, of which `least` are needed; None for any number.
    fn left(self, workers: usize, least: u64) -> Result<Option<u64>, TooLittle> {
        let own = self.inherited + OWN_FILES + FILES_OF_A_WORKER * workers as u64;
        let Some(limit) = self.limit else { return Ok(None) };
        match limit.checked_sub(own) {
            Some(left) if left >= least => Ok(Some(left)),
            _ => Err(TooLittle::Files { limit, needed: own + least }),
        }
    }
}

/// Checks that there is the memory to do anything, and that files may have some size.
///
/// # Errors
/// [`TooLittle::Data`] and [`TooLittle::FileSize`].
pub(crate) fn check_memory() -> Result<(), TooLittle> {
    match getrlimit(Resource::Data).current {
        Some(found) if found < DATA_BYTES => Err(TooLittle::Data { found }),
        _ => check_file_size(0),
    }
}

/// Checks that files may have so many bytes, and some more.
///
/// # Errors
/// [`TooLittle::FileSize`].
pub(crate) fn check_file_size(bytes: u64) -> Result<(), TooLittle> {
    let needed = bytes + FILE_BYTES;
    match getrlimit(Resource::Fsize).current {
        Some(found) if found < needed => Err(TooLittle::FileSize { found, needed }),
        _ => Ok(()),
    }
}

/// Checks that there are the addresses to run a module.
///
/// # Errors
/// [`TooLittle::Addresses`].
pub(crate) fn check_addresses() -> Result<(), TooLittle> {
    match getrlimit(Resource::As).current {
        Some(found) if found < ADDRESS_BYTES => Err(TooLittle::Addresses { found }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: u64 = 3 + OWN_FILES + 2 * FILES_OF_A_WORKER;

    fn files(limit: u64) -> Files {
        Files { limit: Some(limit), inherited: 3 }
    }

    #[test]
    fn a_service_gets_the_connections_that_are_left_beside_the_program_and_its_workers() {
        assert_eq!(files(1024).connections(2, 512, 16), Ok(512));
        assert_eq!(files(NEEDED + 100).connections(2, 512, 0), Ok(100));
        assert_eq!(files(NEEDED + 100).connections(2, 512, 16), Ok(84));
        assert_eq!(files(NEEDED + 100).connections(2, 10, 16), Ok(10));
        assert_eq!(files(NEEDED + MIN_CONNECTIONS).connections(2, 512, 0), Ok(8));
        assert_eq!(files(1 << 40).connections(256, u16::MAX, 16), Ok(u16::MAX));
        assert_eq!(Files { limit: None, inherited: 3 }.connections(2, 512, 16), Ok(512));
    }

    #[test]
    fn too_few_are_said_with_what_is_needed() {
        let limit = NEEDED + MIN_CONNECTIONS - 1;
        assert_eq!(files(limit).connections(2, 512, 0), Err(TooLittle::Files { limit, needed: limit + 1 }));
        assert_eq!(files(limit).connections(2, 512, 5), Err(TooLittle::Files { limit, needed: limit + 6 }));
        // Who asks for fewer needs fewer.
        assert_eq!(files(limit).connections(2, 2, 0), Ok(2));
        assert_eq!(files(NEEDED - 1).check(2), Err(TooLittle::Files { limit: NEEDED - 1, needed: NEEDED }));
        assert_eq!(files(NEEDED).check(2), Ok(()));
        assert_eq!(files(3).check(256), Err(TooLittle::Files { limit: 3, needed: 3 + 20 + 6 * 256 }));
    }

    #[test]
    fn messages_name_what_was_found_the_limit_and_what_is_needed() {
        assert_eq!(
            TooLittle::Files { limit: 8, needed: 33 }.to_string(),
            "a process may have 8 files open (ulimit -n), needed are 33"
        );
        assert_eq!(
            TooLittle::Stack { found: 64 << 10 }.to_string(),
            "the stack may have 64 KiB (ulimit -s), needed are 1024"
        );
    }

    #[test]
    fn this_process_has_enough() {
        assert_eq!((check_stack(), check_memory(), check_addresses()), (Ok(()), Ok(()), Ok(())));
        assert_eq!(check_file_size(6 << 20), Ok(()));
        let files = Files::raise();
        assert!(files.inherited >= 3);
        assert_eq!(getrlimit(Resource::Nofile).current, files.limit);
        assert_eq!(files.check(1), Ok(()));
    }
}
