//! Saved models: folders with a TensorFlow graph and its weights, known by one sum of all their files.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use super::cache::ModelCache;
use super::error::InferenceError;
use super::graph::{Graph, GraphBackend};
use super::policy::ModelPolicy;
use crate::limits::{SAVED_MODEL_BYTES, SAVED_MODEL_FILES};
use crate::sha256_sum::Sha256Sum;

const FORMAT: &str = "TensorFlow saved";

/// Folders within folders.
const MAX_DEPTH: usize = 8;

/// The TensorFlow graphs of one worker thread.
pub type GraphCache = ModelCache<dyn Graph, dyn GraphBackend>;

impl GraphCache {
    /// The saved model in a folder, the graph with these tags. Who may change the folder's files may run any graph: they are
    /// read once for their sum and again to be loaded.
    ///
    /// # Errors
    /// [`InferenceError::NotAModel`], [`InferenceError::NotAllowed`] with the sum of the folder, and what loading may bring.
    pub fn load_saved_model(
        &mut self,
        folder: &Path,
        tags: &[String],
    ) -> Result<Rc<dyn Graph>, InferenceError> {
        let loaded = self.checked_saved_model(folder, tags);
        self.tell_if_refused(&loaded);
        loaded
    }

    fn checked_saved_model(&self, folder: &Path, tags: &[String]) -> Result<Rc<dyn Graph>, InferenceError> {
        if !folder.join("saved_model.pb").is_file() {
            return Err(refused("it has no file saved_model.pb"));
        }
        if self.policy != ModelPolicy::Any {
            let sum = sum_of(folder)?;
            self.policy.check_sum(sum).map_err(InferenceError::NotAllowed)?;
        }
        self.backend.load_saved_model(folder, tags)
    }
}

/// The sum of a folder: that of what `sha256sum` prints for its files, in the order of the bytes of their paths, as by
/// `find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`.
fn sum_of(folder: &Path) -> Result<Sha256Sum, InferenceError> {
    let mut files = Vec::new();
    find(folder, Path::new("."), 0, &mut files)?;
    files.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    let mut left = SAVED_MODEL_BYTES;
    let mut sum = Sha256::new();
    for file in files {
        let digest = digest_of(&folder.join(&file), &mut left)?;
        sum.update(hex::encode(digest));
        sum.update("  ");
        sum.update(file.as_os_str().as_encoded_bytes());
        sum.update("\n");
    }
    Ok(sum.finalize().into())
}

/// Adds the files under `folder/within`.
fn find(folder: &Path, within: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), InferenceError> {
    for entry in fs::read_dir(folder.join(within)).map_err(|error| unreadable(&error))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let kind = entry.file_type().map_err(|error| unreadable(&error))?;
        let path = within.join(entry.file_name());
        if kind.is_dir() && depth < MAX_DEPTH {
            find(folder, &path, depth + 1, files)?;
        } else if kind.is_file() && files.len() < SAVED_MODEL_FILES {
            files.push(path);
        } else if kind.is_file() || kind.is_dir() {
            return Err(refused(&format!(
                "it has more than {SAVED_MODEL_FILES} files, or folders more than {MAX_DEPTH} deep"
            )));
        } else {
            return Err(refused("it has something that is neither a file nor a folder, such as a link"));
        }
    }
    Ok(())
}

fn digest_of(file: &Path, left: &mut u64) -> Result<[u8; 32], InferenceError> {
    let file = File::open(file).map_err(|error| unreadable(&error))?;
    let mut digest = Sha256::new();
    let read = io::copy(&mut file.take(*left + 1), &mut digest).map_err(|error| unreadable(&error))?;
    *left = left
        .checked_sub(read)
        .ok_or_else(|| refused(&format!("it has more than {} MiB", SAVED_MODEL_BYTES >> 20)))?;
    Ok(digest.finalize().into())
}

fn refused(reason: &str) -> InferenceError {
    InferenceError::NotAModel { format: FORMAT, reason: reason.to_owned() }
}

fn unreadable(error: &io::Error) -> InferenceError {
    refused(&format!("it can't be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_a_folder_is_that_of_what_sha256sum_prints() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("variables")).unwrap();
        fs::write(folder.path().join("saved_model.pb"), "graph").unwrap();
        fs::write(folder.path().join("variables/variables.index"), "").unwrap();
        let command = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum";
        let printed = std::process::Command::new("sh")
            .args(["-c", command])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let expected = String::from_utf8(printed.stdout).unwrap();
        let sum = sum_of(folder.path()).unwrap();
        assert_eq!(sum.to_string(), expected.split(' ').next().unwrap());
        fs::write(folder.path().join("variables/variables.index"), "x").unwrap();
        assert_ne!(sum_of(folder.path()).unwrap(), sum);
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
        assert!(sum_of(folder.path()).unwrap_err().to_string().contains("such as a link"));
    }
}
