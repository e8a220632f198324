//! Where a file that a guest names is on the host, for what is read by path and not through WASI.

use std::path::{Component, Path, PathBuf};

use crate::config::DirGrant;

/// The folder or file of the host that a guest knows by `path`; None where it is in no folder that was granted, or does
/// not exist.
pub(super) fn on_host(folders: &[DirGrant], path: &str) -> Option<PathBuf> {
    let path = plain(path)?;
    let mut longest: Option<(usize, &DirGrant, PathBuf)> = None;
    for folder in folders {
        let Some(name) = plain(&folder.guest) else { continue };
        // Relative to the current folder, which a guest may be granted as `.`, or from the root, as `/`.
        let has_same_start = path.is_absolute() == name.is_absolute();
        let depth = name.components().count();
        let is_longer = longest.as_ref().is_none_or(|(longest, ..)| depth > *longest);
        if let (true, true, Ok(rest)) = (has_same_start, is_longer, path.strip_prefix(&name)) {
            longest = Some((depth, folder, rest.to_owned()));
        }
    }
    let (_, folder, rest) = longest?;
    let top = folder.host.canonicalize().ok()?;
    let found = top.join(rest).canonicalize().ok()?;
    // A link may lead elsewhere.
    found.starts_with(&top).then_some(found)
}

/// The path without `.`; None if it leads upwards.
fn plain(path: &str) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::RootDir | Component::Normal(_) => plain.push(component),
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_s_name_leads_into_the_longest_folder_that_it_was_granted_and_not_out_of_it() {
        let host = tempfile::tempdir().unwrap();
        let top = host.path().canonicalize().unwrap();
        for folder in ["a/model", "b/deep", "secret"] {
            std::fs::create_dir_all(top.join(folder)).unwrap();
        }
        std::os::unix::fs::symlink(top.join("secret"), top.join("a/link")).unwrap();
        let grant = |guest: &str, host: &str| DirGrant { guest: guest.to_owned(), host: top.join(host) };
        let folders = [grant("/models", "a"), grant("/models/b", "b"), grant(".", "b")];
        let found = |path: &str| on_host(&folders, path);
        assert_eq!(found("/models/model"), Some(top.join("a/model")));
        assert_eq!(found("/models/./model/"), Some(top.join("a/model")));
        assert_eq!(found("/models"), Some(top.join("a")));
        assert_eq!(found("/models/b/deep"), Some(top.join("b/deep")));
        assert_eq!(found("deep"), Some(top.join("b/deep")));
        assert_eq!(found("./deep"), Some(top.join("b/deep")));
        for path in [
            "/models/nowhere",
            "/models/../secret",
            "/models/link",
            "/secret",
            "../secret",
            "/",
            "/modelsmodel",
            "\0",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
        assert_eq!(on_host(&[], "."), None);
        assert_eq!(on_host(&[grant("/", "a")], "/model"), Some(top.join("a/model")));
    }
}
