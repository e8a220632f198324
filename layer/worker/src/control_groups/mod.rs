//! Control groups, where the system has them to give: the kernel then counts all memory of a worker together, also what no
//! limit of a process counts (tables of pages, files in memory, threads, buffers of sockets), and ends a worker that takes
//! more than its limit.
//!
//! ```text
//! the front's own group
//! └ vision-<front>-<n>   made at the start; `n` tells apart several in one process
//!   ├ <worker>           a group for each worker, with its limit, as long as it lives
//!   └ front              version 2 only: where the front and its nurseries are then
//! ```
//!
//! The front makes the groups and moves workers into them; the nurseries remove what is left when the front is gone.

mod place;
mod preparing;
#[cfg(test)]
mod tests;
mod worker_group;

pub use preparing::Preparing;
pub use worker_group::WorkerGroup;

use std::fmt::Display;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

use place::{Place, Version, named};
use worker_group::Left;

/// What the folders of all fronts are called, before their process's number.
const NAME: &str = "vision-";
/// More groups of one front's number are not looked for.
const MAX_NUMBERS: usize = 1000;
/// The group of the front and its nurseries where none may be above those of workers.
const OWN_GROUP: &str = "front";

/// Groups for workers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ControlGroups(Arc<Groups>);

#[derive(Debug)]
struct Groups {
    version: Version,
    folder: PathBuf,
    /// The list of processes of the group in which the front is.
    own_processes: Option<File>,
    left: Left,
}

/// Why there are no groups for workers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoGroups {
    /// The system has none to give to this program.
    #[error("{0}")]
    NotGiven(String),
    /// It has, and yet they can't be made.
    #[error("{0}")]
    Failed(String),
}

impl ControlGroups {
    /// Groups for the workers of this process, which these nurseries start; removes those of fronts that are gone.
    ///
    /// # Errors
    /// Why there are none to be had.
    pub fn of_this_process(nurseries: &[i32]) -> Result<Self, NoGroups> {
        let read = |file: &str| {
            fs::read_to_string(file).map_err(|error| NoGroups::NotGiven(format!("{file}: {error}")))
        };
        let place = Place::find(&read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?);
        let place = place.map_err(NoGroups::NotGiven)?;
        let front = std::process::id().cast_signed();
        Self::at(&place, front, nurseries, |process| Path::new("/proc").join(process).exists())
    }

    /// The same for processes in the group of `place`. `is_there` tells whether a process is, by its number.
    fn at(
        place: &Place,
        front: i32,
        nurseries: &[i32],
        is_there: impl Fn(&str) -> bool,
    ) -> Result<Self, NoGroups> {
        let own = [&[front], nurseries].concat();
        place.check(&own).map_err(NoGroups::NotGiven)?;
        let folder = make_folder(&place.folder, front, is_there)?;
        let own_group = match place.version {
            Version::One => Ok(place.folder.clone()),
            Version::Two => {
                hand_memory_on(place, &folder, &own).inspect_err(|_| drop(fs::remove_dir(&folder)))
            }
        };
        let own_group = own_group.map_err(NoGroups::Failed)?;
        let own_processes = File::options().write(true).open(own_group.join("cgroup.procs")).ok();
        let groups = Groups { version: place.version, folder, own_processes, left: Left::default() };
        Ok(Self(Arc::new(groups)))
    }

    /// The folder of all groups of this front, which needs all rights in it.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Has the kernel prepare for a worker that enters its group soon. Before a process changes its group, the kernel waits
    /// some milliseconds for all processors, but not where it has done so within the last ten or so. This process is moved
    /// to where it is.
    pub fn prepare(&self) {
        if let Some(processes) = &self.0.own_processes {
            // Where it fails, the worker waits longer.
            let _ = processes.write_all_at(b"0", 0);
        }
    }

    /// Has a process of its own keep the kernel prepared until what is returned is dropped, which waits for that process. None
    /// where there can be none. This process must have one thread.
    pub fn keep_prepared(&self) -> Option<Preparing> {
        Preparing::start(self.0.own_processes.as_ref()?).ok()
    }

    /// Moves a worker into a group of its own, in which it may have `bytes` of memory. Takes some milliseconds without
    /// [`prepare`](Self::prepare).
    ///
    /// # Errors
    /// Names the file and the system's reason: the worker may have ended.
    pub fn enter(&self, worker: i32, bytes: u64) -> Result<WorkerGroup, String> {
        let Groups { version, folder, left, .. } = &*self.0;
        let group = WorkerGroup::new(group_of(folder, worker), *version, left.clone())?;
        group.limit(bytes)?;
        group.write("cgroup.procs", &worker.to_string())?;
        Ok(group)
    }
}

impl Display for ControlGroups {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} in {}", self.0.version, self.0.folder.display())
    }
}

/// Removes the groups of these workers, which are gone, and the folder of all: what is left when the front is gone. The
/// nursery does this, which may do nothing else there.
pub fn remove(folder: &Path, workers: &[i32]) {
    for worker in workers {
        drop(fs::remove_dir(group_of(folder, *worker)));
    }
    drop(fs::remove_dir(folder));
}

fn group_of(folder: &Path, worker: i32) -> PathBuf {
    folder.join(worker.to_string())
}

/// In version 2 a group with processes can't have groups below it that have memory limits: the front and its nurseries, the
/// only ones there, go into a group of their own. Where they are then.
fn hand_memory_on(place: &Place, folder: &Path, own: &[i32]) -> Result<PathBuf, String> {
    if place.hands_memory_on() {
        place::write(folder, "cgroup.subtree_control", "+memory")?;
        return Ok(place.folder.clone());
    }
    let own_group = folder.join(OWN_GROUP);
    fs::create_dir(&own_group).map_err(|error| named(&own_group, &error))?;
    let handed_on = own
        .iter()
        .try_for_each(|process| place::write(&own_group, "cgroup.procs", &process.to_string()))
        .and_then(|()| place::write(&place.folder, "cgroup.subtree_control", "+memory"))
        .and_then(|()| place::write(folder, "cgroup.subtree_control", "+memory"));
    // Somebody may have come meanwhile.
    if let Err(reason) = handed_on {
        for process in own {
            drop(place::write(&place.folder, "cgroup.procs", &process.to_string()));
        }
        drop(fs::remove_dir(own_group));
        return Err(reason);
    }
    Ok(own_group)
}

/// Makes the folder of the front with this number, after what others left that are gone is removed. Something else of the same
/// name, such as the group of a front with the same number in another container, stays, and the next number is taken.
fn make_folder(groups: &Path, front: i32, is_there: impl Fn(&str) -> bool) -> Result<PathBuf, NoGroups> {
    /// The folders that this process has made.
    static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let own = front.to_string();
    // A front that was killed may have had this process's number: in a container it is always the same.
    remove_those_of_the_gone(groups, |process, folder| {
        if process == own { made.iter().any(|made| made == folder) } else { is_there(process) }
    });
    for number in 0..MAX_NUMBERS {
        let folder = groups.join(format!("{NAME}{front}-{number}"));
        match fs::create_dir(&folder) {
            Ok(()) => {
                made.push(folder.clone());
                return Ok(folder);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                let reason = named(&folder, &error);
                let is_given =
                    !matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
                return Err(if is_given { NoGroups::Failed(reason) } else { NoGroups::NotGiven(reason) });
            }
        }
    }
    Err(NoGroups::Failed(format!("{} has {MAX_NUMBERS} groups {NAME}{front}-…", groups.display())))
}

/// Removes what fronts left that are gone: folders of our name whose front is not there, by its number and the folder. What
/// still has a process stays, the kernel sees to that.
fn remove_those_of_the_gone(folder: &Path, is_there: impl Fn(&str, &Path) -> bool) {
    let number = |name: &str| {
        let (process, count) = name.strip_prefix(NAME)?.split_once('-')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        (is_number(process) && is_number(count)).then(|| process.to_owned())
    };
    for (name, path) in folders_in(folder) {
        if number(&name).is_some_and(|process| !is_there(&process, &path)) {
            folders_in(&path).for_each(|(_, group)| drop(fs::remove_dir(group)));
            drop(fs::remove_dir(path));
        }
    }
}

fn folders_in(folder: &Path) -> impl Iterator<Item = (String, PathBuf)> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
}
