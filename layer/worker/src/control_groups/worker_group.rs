//! The group of one worker.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::place::{self, Version, named};

/// Groups that could not be removed yet, for their process was not quite gone.
pub(super) type Left = Arc<Mutex<Vec<PathBuf>>>;

/// The group of a worker. It is removed when this is dropped, and the worker should be gone then.
#[derive(Debug)]
pub struct WorkerGroup {
    folder: PathBuf,
    version: Version,
    left: Left,
}

impl WorkerGroup {
    /// Makes the group; removes those that are left, if they can be by now.
    pub(super) fn new(folder: PathBuf, version: Version, left: Left) -> Result<Self, String> {
        if let Ok(mut left) = left.lock() {
            left.retain(|folder| fs::remove_dir(folder).is_err());
        }
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(named(&folder, &error)),
            _ => Ok(Self { folder, version, left }),
        }
    }

    /// Lets the group have so much memory, and none beside it that is swapped out.
    pub(super) fn limit(&self, bytes: u64) -> Result<(), String> {
        let bytes = bytes.to_string();
        let (memory, swap, swapped) = match self.version {
            Version::One => ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", bytes.as_str()),
            Version::Two => ("memory.max", "memory.swap.max", "0"),
        };
        self.write(memory, &bytes)?;
        // Not every kernel counts what is swapped out.
        if self.folder.join(swap).exists() {
            self.write(swap, swapped)?;
        }
        match self.version {
            Version::One => Ok(()),
            Version::Two => self.write("memory.oom.group", "1"),
        }
    }

    pub(super) fn write(&self, file: &str, text: &str) -> Result<(), String> {
        place::write(&self.folder, file, text)
    }

    /// Whether the kernel ended the worker because it took more than its limit (version 1 tells since Linux 4.13).
    pub fn has_struck(&self) -> bool {
        let file = match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse::<u64>().ok());
        count.is_some_and(|count| count > 0)
    }
}

impl Drop for WorkerGroup {
    fn drop(&mut self) {
        if fs::remove_dir(&self.folder).is_err()
            && let Ok(mut left) = self.left.lock()
        {
            left.push(std::mem::take(&mut self.folder));
        }
    }
}
