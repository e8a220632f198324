//! All photos in a folder and below it.

use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use walkdir::{DirEntry, WalkDir};

use super::{Sight, Sink};
use crate::trigger::batch::photo_name::PhotoName;

/// A folder, and which of its files are photos.
#[derive(Clone, Debug)]
pub(in crate::trigger::batch) struct Folder {
    pub(super) path: PathBuf,
    pub(super) follows_links: bool,
    pub(super) every_file: bool,
}

impl Folder {
    /// Tells of every photo in it, in the order of the file system: nothing but a path of folders is held at a time.
    pub(super) fn each(&self, sink: &mut impl Sink) -> ControlFlow<()> {
        for entry in WalkDir::new(&self.path).follow_links(self.follows_links) {
            match entry {
                Ok(entry) => self.look_at(&entry, sink)?,
                Err(error) if error.loop_ancestor().is_some() => {
                    sink.see(Sight::Loop(shown(error.path().unwrap_or(&self.path))))?;
                }
                Err(error) => {
                    let path = shown(error.path().unwrap_or(&self.path));
                    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    sink.see(Sight::Unseen(format!("{path}: {reason}")))?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn look_at(&self, entry: &DirEntry, sink: &mut impl Sink) -> ControlFlow<()> {
        let Ok(below) = entry.path().strip_prefix(&self.path) else { return ControlFlow::Continue(()) };
        let name = PhotoName::new(below.as_os_str().as_bytes());
        let kind = entry.file_type();
        if kind.is_symlink() {
            // To a photo or to a folder of them: somebody may miss those.
            return sink.see(Sight::Link);
        }
        if kind.is_file() && (self.every_file || name.looks_like_a_photo()) {
            return sink.see(Sight::Photo(name));
        }
        ControlFlow::Continue(())
    }
}

fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}
