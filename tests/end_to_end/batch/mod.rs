//! `vision batch`: many photos in, a table out.

/// Where photos come from, and what is answered of each.
mod photos;
/// Batches that are ended and go on.
mod resuming;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use support::{function, read};

use crate::program::{Outcome, Vision};

/// A module that answers with a line of JSON after about so many thousand turns of a loop.
fn slow(thousands: u32) -> String {
    format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\08\00\00\00\0b\00\00\00{{\"seen\":1}}\n")
        (func (export "_start") (local $left i32)
            (local.set $left (i32.const {}))
            (loop $turn
                (i32.store (i32.const 64) (local.get $left))
                (br_if $turn (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))"#,
        thousands * 1000
    )
}

/// A folder with so many photos (copies of the tomato), and one for outputs beside it.
struct Photos {
    folder: tempfile::TempDir,
}

impl Photos {
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("photos")).unwrap();
        let photos = Self { folder };
        let tomato = read("tests/samples/tomato.jpg");
        (0..count).for_each(|number| photos.put(format!("{}/{number}.jpg", number % 7), &tomato));
        photos
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    fn output(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: impl AsRef<OsStr>, contents: &[u8]) {
        let path = self.path().join(name.as_ref());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }

    fn batch(&self) -> Vision {
        batch(self.path())
    }
}

fn batch(source: impl AsRef<OsStr>) -> Vision {
    Vision::new(&["batch"]).argument(source).option("--wasm", function())
}

/// A command as a process of its own.
fn started(arguments: &[&OsStr], wasm: &Path) -> Child {
    let mut command = support::vision(env!("CARGO_BIN_EXE_vision"));
    command.arg("batch").args(arguments).arg("--wasm").arg(wasm).arg("--log-level").arg("error");
    command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Whole lines of an output that is being written.
fn lines(path: &Path) -> usize {
    std::fs::read(path).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count()
}

fn wait_for_lines(path: &Path, count: usize) {
    let end = Instant::now() + Duration::from_secs(60);
    while lines(path) < count {
        assert!(Instant::now() < end, "{} lines", lines(path));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Rows by the bytes of their names; a name may have one only.
fn rows(jsonl: &[u8]) -> BTreeMap<Vec<u8>, Value> {
    let mut rows = BTreeMap::new();
    for line in std::str::from_utf8(jsonl).unwrap().lines() {
        let row: Value = serde_json::from_str(line).expect(line);
        let name = match row["path_base64"].as_str() {
            Some(base64) => BASE64_STANDARD.decode(base64).unwrap(),
            None => row["path"].as_str().unwrap().as_bytes().to_vec(),
        };
        assert!(rows.insert(name, row).is_none(), "twice: {line}");
    }
    rows
}

fn well(outcome: &Outcome) -> &str {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    &outcome.stdout
}
