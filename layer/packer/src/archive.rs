//! Files in a zip: an export of Teachable Machine or AutoML, or what TensorFlow Lite's metadata appends to a model.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

/// Files of a zip that are looked at.
const MAX_FILES: usize = 1_000;
/// Bytes of one file when it is unpacked: those of the largest model that the runtime takes.
const MAX_BYTES: u64 = 128 << 20;

/// A zip.
pub(crate) struct Archive<'a>(ZipArchive<Cursor<&'a [u8]>>);

impl<'a> Archive<'a> {
    /// The zip in these bytes, which may have something before it.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        if archive.len() > MAX_FILES {
            return Err(format!("it has {} files, accepted are up to {MAX_FILES}", archive.len()));
        }
        Ok(Self(archive))
    }

    /// The names of its files; folders and what macOS adds are left out.
    pub(crate) fn names(&self) -> Vec<String> {
        let is_file = |name: &String| !name.ends_with('/') && !name.starts_with("__MACOSX/");
        // A name that can't be read is none that is looked for.
        self.0.file_names().flatten().map(|name| name.into_owned()).filter(is_file).collect()
    }

    /// A file's bytes.
    pub(crate) fn file(&mut self, name: &str) -> Result<Vec<u8>, String> {
        self.file_within(name, MAX_BYTES)
    }

    /// The bytes of a file that has at most `limit`.
    pub(crate) fn file_within(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, String> {
        let file = self.0.by_name(name).map_err(|error| format!("{name}: {error}"))?;
        let mut bytes = Vec::new();
        // What it says of its size is not believed.
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| format!("{name}: {error}"))?;
        if bytes.len() as u64 > limit {
            return Err(format!("{name} has more than {} MiB", limit >> 20));
        }
        Ok(bytes)
    }
}
