//! The modules that somebody vouches for: their native code may run.
//!
//! They are named by sha256: in the file `known-modules` beside the program, which the build and the packages write; in the
//! user's cache, where `vision compile` notes what it made; and by the user (`--trust-module`).

use std::path::{Path, PathBuf};

use worker::Sha256Sum;

use super::cache::Cache;

/// The file beside the program: a sum a line, in hexadecimal digits; what stands behind it is for people.
const FILE_NAME: &str = "known-modules";

/// More are not looked at: a request to the nursery has room for so many.
const MOST: usize = 400;

/// All modules that somebody vouches for; those that `named` has first.
pub fn known_modules(named: &[Sha256Sum], cache: Option<&Cache>) -> Vec<Sha256Sum> {
    let beside = beside_program().flat_map(|file| sums(&file));
    let compiled = cache.map(|cache| sums_of(&cache.compiled_here())).unwrap_or_default();
    // The newest compiled ones are at the end.
    named.iter().copied().chain(beside).chain(compiled.into_iter().rev()).take(MOST).collect()
}

/// Where the file may be. A program that was started through its loader is known by its first argument only.
fn beside_program() -> impl Iterator<Item = PathBuf> {
    let called = std::env::args_os().next().map(PathBuf::from).filter(|called| called.is_absolute());
    let programs = std::env::current_exe().ok().into_iter().chain(called);
    programs.filter_map(|program| Some(program.parent()?.join(FILE_NAME)))
}

fn sums(file: &Path) -> Vec<Sha256Sum> {
    sums_of(&std::fs::read_to_string(file).unwrap_or_default())
}

fn sums_of(text: &str) -> Vec<Sha256Sum> {
    text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_sum_a_line_and_words_for_people() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let sum = Sha256Sum::of(b"module");
        std::fs::write(file.path(), format!("{sum}  recognize.wasm\n# a remark\n\nabc\n{sum}")).unwrap();
        assert_eq!(sums(file.path()), [sum, sum]);
        assert!(sums(Path::new("nowhere")).is_empty());
    }
}
