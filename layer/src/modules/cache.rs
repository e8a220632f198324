//! Keeps compiled modules in the user's cache folder (XDG Base Directory Specification), so that other people's modules
//! start faster the second time.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use worker::Sha256Sum;
use worker::printable::in_one_line;

use super::output::replace_file;

/// Modules that are kept; the ones used least lately go.
const MAX_MODULES: usize = 16;
/// Bytes of the list of what `vision compile` made.
const MAX_LIST_BYTES: u64 = 64 << 10;

/// The folder of the user's compiled modules.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The user's; None where the user has no folder for caches.
    pub fn of_user() -> Option<Self> {
        let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")))?;
        base.is_absolute().then(|| Self { folder: base.join("wasm-vision/modules") })
    }

    /// What was compiled of the module with this sum, for this processor by this version.
    pub fn get(&self, module: &Sha256Sum) -> Option<File> {
        let file = open_own(OpenOptions::new().read(true).append(true), &self.path(module)).ok()?;
        // It was used now; if that can't be noted, it only goes sooner.
        drop(file.set_modified(std::time::SystemTime::now()));
        Some(file)
    }

    /// Keeps what was compiled of the module with this sum.
    ///
    /// # Errors
    /// The system's reason.
    pub fn put(&self, module: &Sha256Sum, compiled: &mut File) -> io::Result<()> {
        self.make_folder()?;
        compiled.rewind()?;
        let mut bytes = Vec::new();
        compiled.read_to_end(&mut bytes)?;
        let path = self.path(module);
        // Nothing is written through it.
        if std::fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file()) {
            std::fs::remove_file(&path)?;
        }
        replace_file(&path, &bytes)?;
        self.prune()
    }

    /// The list of what `vision compile` made; nothing where there is none.
    pub(super) fn compiled_here(&self) -> String {
        let mut list = String::new();
        let read = open_own(OpenOptions::new().read(true), &self.list_of_compiled())
            .and_then(|mut file| file.read_to_string(&mut list));
        if read.is_ok() { list } else { String::new() }
    }

    fn list_of_compiled(&self) -> PathBuf {
        self.folder.join("compiled-here")
    }

    /// Notes that `vision compile` made the module with this sum.
    ///
    /// # Errors
    /// The system's reason.
    pub fn note_compiled(&self, module: &Sha256Sum, name: &Path) -> io::Result<()> {
        self.make_folder()?;
        let path = self.list_of_compiled();
        let mut file = open_own(OpenOptions::new().append(true).create(true), &path)?;
        if file.metadata()?.len() > MAX_LIST_BYTES {
            let text = std::fs::read_to_string(&path)?;
            let lines: Vec<&str> = text.lines().collect();
            replace_file(&path, (lines.split_at(lines.len() / 2).1.join("\n") + "\n").as_bytes())?;
            file = open_own(OpenOptions::new().append(true), &path)?;
        }
        let name = in_one_line(&name.file_name().unwrap_or_default().display().to_string());
        writeln!(file, "{module}  {name}")
    }

    fn make_folder(&self) -> io::Result<()> {
        // Native code that runs: nobody else may put any there.
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    fn path(&self, module: &Sha256Sum) -> PathBuf {
        self.folder.join(format!("{module}-{}.wasm", machine()))
    }

    fn prune(&self) -> io::Result<()> {
        let mut modules = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if is_own_name(&entry.file_name().to_string_lossy()) {
                modules.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        modules.sort_unstable();
        for (_, path) in modules.iter().rev().skip(MAX_MODULES) {
            std::fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// Opens a file of the cache: a link would lead to somebody else's, and a pipe keep the program waiting.
fn open_own(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::other(format!("{} is no file", path.display())))
}

/// Whether a file of this name is one that the cache made, on whichever processor.
fn is_own_name(name: &str) -> bool {
    let is_sum =
        |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = name.strip_suffix(".wasm").and_then(|name| name.split_once('-'));
    parts.is_some_and(|(module, machine)| is_sum(module, 64) && is_sum(machine, 16))
}

/// What compiled code depends on besides its module: this version, and the processor, whose instructions it may use.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let first = |name: &str| cpu.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    let text = [env!("CARGO_PKG_VERSION"), "WasmEdge 0.17", &first("model name"), &first("flags")].join("\n");
    Sha256Sum::of(text.as_bytes()).to_string().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().join("modules") };
        (folder, cache)
    }

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn what_was_kept_is_found_by_its_module() {
        let (_folder, cache) = cache();
        let module = Sha256Sum::of(b"module");
        assert!(cache.get(&module).is_none());
        cache.put(&module, &mut file(b"compiled")).unwrap();
        let mut bytes = Vec::new();
        cache.get(&module).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"compiled");
        assert!(cache.get(&Sha256Sum::of(b"another")).is_none());
    }

    #[test]
    fn the_least_lately_used_goes_first() {
        let (_folder, cache) = cache();
        let sums: Vec<Sha256Sum> = (0..=MAX_MODULES as u8).map(|number| Sha256Sum::of(&[number])).collect();
        for (index, sum) in sums.iter().enumerate().take(MAX_MODULES) {
            cache.put(sum, &mut file(b"code")).unwrap();
            let past = std::time::SystemTime::now() - std::time::Duration::from_secs(1000 - index as u64);
            cache.get(sum).unwrap().set_modified(past).unwrap();
        }
        assert!(cache.get(&sums[0]).is_some(), "used now");
        cache.put(&sums[MAX_MODULES], &mut file(b"code")).unwrap();
        assert!(cache.get(&sums[0]).is_some());
        assert!(cache.get(&sums[1]).is_none());
        assert!(cache.get(&sums[MAX_MODULES]).is_some());
    }

    #[test]
    fn what_others_put_into_the_folder_is_neither_read_nor_written_nor_removed() {
        let (folder, cache) = cache();
        cache.make_folder().unwrap();
        let module = Sha256Sum::of(b"module");
        let outside = folder.path().join("outside");
        std::fs::write(&outside, "mine").unwrap();
        std::fs::write(cache.folder.join("my-own.wasm"), "mine").unwrap();
        std::os::unix::fs::symlink(&outside, cache.list_of_compiled()).unwrap();
        std::os::unix::fs::symlink(&outside, cache.path(&module)).unwrap();
        assert!(cache.note_compiled(&module, Path::new("module.wasm")).is_err());
        assert!(cache.get(&module).is_none() && cache.compiled_here().is_empty());
        for pipe in [cache.list_of_compiled(), cache.path(&module)] {
            std::fs::remove_file(&pipe).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        }
        assert!(cache.note_compiled(&module, Path::new("module.wasm")).is_err());
        assert!(cache.get(&module).is_none() && cache.compiled_here().is_empty());
        cache.put(&module, &mut file(b"code")).unwrap();
        assert!(cache.get(&module).is_some());
        std::fs::remove_file(cache.path(&module)).unwrap();
        std::os::unix::fs::symlink(&outside, cache.path(&module)).unwrap();
        cache.put(&module, &mut file(b"code")).unwrap();
        for number in 0..2 * MAX_MODULES as u8 {
            cache.put(&Sha256Sum::of(&[number]), &mut file(b"code")).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&outside).unwrap(), "mine");
        assert_eq!(std::fs::read_to_string(cache.folder.join("my-own.wasm")).unwrap(), "mine");
    }

    #[test]
    fn the_list_of_what_was_compiled_here_stays_small() {
        let (_folder, cache) = cache();
        for number in 0..2_000_u32 {
            cache
                .note_compiled(&Sha256Sum::of(&number.to_le_bytes()), Path::new("some/module.wasm"))
                .unwrap();
        }
        let size = std::fs::metadata(cache.list_of_compiled()).unwrap().len();
        assert!(size <= MAX_LIST_BYTES + 200, "{size}");
        let known = super::super::known_modules(&[], Some(&cache));
        assert_eq!(known[0], Sha256Sum::of(&1_999_u32.to_le_bytes()), "the newest first");
    }
}
