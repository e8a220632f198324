//! What a process keeps.

use std::path::PathBuf;

/// What the process still needs when it is confined.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Folders in which files are read, written, made and removed.
    pub folders: Vec<PathBuf>,
    /// Folders in which files are read.
    pub read_folders: Vec<PathBuf>,
    /// Files that are read.
    pub files: Vec<PathBuf>,
    /// A folder in which empty folders are removed.
    pub removed_in: Option<PathBuf>,
    /// The network.
    pub network: Network,
}

/// Which sockets may be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Wait for connections at a new address; accepting those of a known one is always possible.
    pub listen: bool,
    /// Connect to other machines, by name or address.
    pub connect: bool,
    /// Connect to programs of this machine by sockets in the file system.
    pub local: bool,
}
