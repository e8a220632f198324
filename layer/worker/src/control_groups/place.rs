//! Where the front's own group is, and whether groups can be made below it.

use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};

/// The two interfaces of the kernel: <https://docs.kernel.org/admin-guide/cgroup-v1/memory.html> and
/// <https://docs.kernel.org/admin-guide/cgroup-v2.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

impl Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::One => "version 1",
            Self::Two => "version 2",
        })
    }
}

/// A group, with the folder that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) version: Version,
    pub(super) folder: PathBuf,
}

impl Place {
    /// The group of a process by its `/proc/PID/cgroup` and `/proc/PID/mountinfo` (cgroups(7), proc(5)): that of the memory
    /// controller of version 1, or where it has none, that of version 2.
    ///
    /// # Errors
    /// It has no such group, or none that can be seen.
    pub(super) fn find(groups: &str, mounts: &str) -> Result<Self, String> {
        // hierarchy:controllers:path
        let lines = || groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
        let has_memory = |controllers: &str| controllers.split(',').any(|name| name == "memory");
        let one = lines().find(|(controllers, _)| has_memory(controllers));
        let two = lines().find(|(controllers, _)| controllers.is_empty());
        let (version, (_, path)) = one
            .map(|line| (Version::One, line))
            .or(two.map(|line| (Version::Two, line)))
            .ok_or("this system has no control groups for memory")?;
        let folder = mounts.lines().filter_map(|line| folder_of(line, version, path)).next_back();
        let folder = folder.ok_or_else(|| format!("the control group {path} is not mounted"))?;
        Ok(Self { version, folder })
    }

    /// Whether groups with limits can be made here, by what the kernel's files say; `own` are this program's processes.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check(&self, own: &[i32]) -> Result<(), String> {
        match self.version {
            // Else a parent's limit would not hold for what is below it (before Linux 5.11).
            Version::One if self.read("memory.use_hierarchy").is_ok_and(|text| text.trim() == "0") => {
                Err(format!("memory.use_hierarchy is off in {}", self.folder.display()))
            }
            Version::One => Ok(()),
            Version::Two if !has_word(&self.read("cgroup.controllers")?, "memory") => {
                Err(format!("{} has no memory controller", self.folder.display()))
            }
            Version::Two if self.hands_memory_on() => Ok(()),
            Version::Two => {
                let processes = self.read("cgroup.procs")?;
                let others = processes
                    .lines()
                    .filter(|line| !line.parse().is_ok_and(|process| own.contains(&process)));
                match others.count() {
                    0 => Ok(()),
                    others => Err(format!("{others} other processes are in {}", self.folder.display())),
                }
            }
        }
    }

    /// Whether groups below this one can have memory limits already (version 2).
    pub(super) fn hands_memory_on(&self) -> bool {
        self.read("cgroup.subtree_control").is_ok_and(|text| has_word(&text, "memory"))
    }

    fn read(&self, file: &str) -> Result<String, String> {
        let file = self.folder.join(file);
        fs::read_to_string(&file).map_err(|error| named(&file, &error))
    }
}

/// Writes a file of a group.
pub(super) fn write(group: &Path, file: &str, text: &str) -> Result<(), String> {
    let file = group.join(file);
    fs::write(&file, text).map_err(|error| named(&file, &error))
}

fn has_word(text: &str, word: &str) -> bool {
    text.split_whitespace().any(|found| found == word)
}

/// Where a line of mountinfo shows the group with this path, if it does.
fn folder_of(line: &str, version: Version, path: &str) -> Option<PathBuf> {
    // number parent device root mount-point options … - type source options-of-the-file-system
    let (mount, system) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(3);
    let (root, point) = (mount.next()?, mount.next()?);
    let mut system = system.split(' ');
    let (file_system, options) = (system.next()?, system.nth(1)?);
    let is_it = match version {
        Version::One => file_system == "cgroup" && options.split(',').any(|option| option == "memory"),
        Version::Two => file_system == "cgroup2",
    };
    let below = Path::new(path).strip_prefix(root).ok().filter(|_| is_it)?;
    // A group outside of what this process sees has a path with steps upwards.
    let is_seen = !below.components().any(|part| part == std::path::Component::ParentDir);
    is_seen.then(|| if below.as_os_str().is_empty() { point.into() } else { Path::new(point).join(below) })
}

/// A file and what the system says of it.
pub(super) fn named(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
