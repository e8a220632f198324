//! `vision batch` with Parquet out, of a build that has it (`make test-parquet`). The file is read by the library's own reader
//! of rows; the writer that is tested writes columns.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::{Value, json};
use support::{function, read};

/// A module that answers with a line of JSON after some thousandths of a second.
const SLOW: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\0b\00\00\00{\"seen\":1}\n")
    (func (export "_start") (local $left i32)
        (local.set $left (i32.const 1000000))
        (loop $turn
            (i32.store (i32.const 64) (local.get $left))
            (br_if $turn (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))"#;

/// A folder with a folder of photos in it, and a place for outputs.
struct Photos(tempfile::TempDir);

impl Photos {
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("photos")).unwrap();
        let photos = Self(folder);
        let tomato = read("tests/samples/tomato.jpg");
        (0..count).for_each(|number| photos.put(format!("{number}.jpg"), &tomato));
        photos
    }

    fn put(&self, name: impl AsRef<OsStr>, contents: &[u8]) {
        std::fs::write(self.0.path().join("photos").join(name.as_ref()), contents).unwrap();
    }

    fn output(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The command for all of them.
    fn batch(&self, wasm: &Path, arguments: &[&str]) -> Command {
        let mut command = support::vision(env!("CARGO_BIN_EXE_vision"));
        command.arg("batch").arg(self.0.path().join("photos")).arg("--wasm").arg(wasm);
        command.args(["--log-level", "error"]).args(arguments).current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

fn well(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    told
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(is) => json!(is),
        Field::Str(text) => json!(text),
        Field::Bytes(bytes) => json!(std::str::from_utf8(bytes.data()).unwrap()),
        Field::UInt(number) => json!(number),
        Field::Double(number) => json!(number),
        Field::Group(row) => columns(row),
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        other => unreachable!("{other:?}"),
    }
}

fn columns(row: &Row) -> Value {
    row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
}

/// A file's rows by their names; a name may have one only.
fn rows(path: &Path) -> BTreeMap<String, Value> {
    let file = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let mut rows = BTreeMap::new();
    for row in file.get_row_iter(None).unwrap() {
        let row = columns(&row.unwrap());
        let name = row["path_base64"].as_str().or(row["path"].as_str()).unwrap().to_owned();
        assert!(rows.insert(name.clone(), row).is_none(), "twice: {name}");
    }
    rows
}

/// The rows of a CSV file in the same form: what is empty is not there, and what is JSON is read, but for `answer`.
fn table(path: &Path) -> BTreeMap<String, Value> {
    let mut table = csv::Reader::from_path(path).unwrap();
    let head = table.headers().unwrap().clone();
    let mut rows = BTreeMap::new();
    for record in table.records() {
        let record = record.unwrap();
        let row: Value = head
            .iter()
            .zip(&record)
            .map(|(name, text)| match (name, text) {
                (_, "") => (name.to_owned(), Value::Null),
                ("probability" | "predictions" | "unsure", text) => {
                    (name.to_owned(), serde_json::from_str(text).unwrap())
                }
                (_, text) => (name.to_owned(), text.into()),
            })
            .collect();
        rows.insert(row["path_base64"].as_str().or(row["path"].as_str()).unwrap().to_owned(), row);
    }
    rows
}

#[test]
fn parquet_has_the_rows_of_a_table() {
    let photos = Photos::new(3);
    photos.put(OsStr::from_bytes(b"not \xFF utf-8.jpg"), b"GIF89a");
    photos.put("\u{2028}\n\"'.jpg", b"nothing");
    let tomato = read("tests/samples/tomato.jpg");
    photos.put("cut.jpg", &tomato[..tomato.len() * 9 / 10]);
    let function = function();
    well(&photos.batch(&function, &["--output", "labels.parquet"]).output().unwrap());
    well(&photos.batch(&function, &["--output", "labels.csv"]).output().unwrap());
    let found = rows(&photos.output("labels.parquet"));
    assert_eq!(found, table(&photos.output("labels.csv")));
    assert_eq!(found.len(), 6);
    assert_eq!(found["0.jpg"]["predictions"][0]["label"], "Vine tomato");
    assert_eq!(found["0.jpg"]["predictions"].as_array().unwrap().len(), 3);
    assert!(found["cut.jpg"]["notice"].as_str().unwrap().contains("% of the picture is there"));
    assert_eq!(found["bm90IP8gdXRmLTguanBn"]["error"], "unsupported_image");
}

#[test]
fn a_batch_that_was_stopped_goes_on_and_makes_the_file_when_it_is_complete() {
    let photos = Photos::new(120);
    let (_folder, module) = support::module(SLOW);
    let (output, lines) = (photos.output("labels.parquet"), photos.output("labels.parquet.rows"));
    let count = || std::fs::read(&lines).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
    for (signal, target) in [("-TERM", 10), ("-KILL", 40)] {
        let child = photos.batch(&module, &["--output", "labels.parquet"]).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while count() < target {
            assert!(Instant::now() < end, "{} lines", count());
            std::thread::sleep(Duration::from_millis(2));
        }
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let ended = child.wait_with_output().unwrap();
        assert!(!ended.status.success(), "{ended:?}");
        assert!(count() < 120 && !output.exists());
    }
    let before = count();
    let told = well(&photos.batch(&module, &["--output", "labels.parquet"]).output().unwrap());
    assert!(told.contains(&format!("{before} were done before")), "{told}");
    let found = rows(&output);
    assert!(found.len() == 120 && found.values().all(|row| row["answer"] == r#"{"seen":1}"#), "{found:?}");
    // A photo that came later, or failed, is in the next file.
    photos.put("late.jpg", b"");
    let told = well(&photos.batch(&module, &["--output", "labels.parquet"]).output().unwrap());
    assert!(told.contains("vision: 1 photos in") && rows(&output).len() == 121, "{told}");
    let folder = std::fs::read_dir(photos.0.path()).unwrap();
    let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["labels.parquet", "labels.parquet.rows", "photos"]);
}

#[test]
fn what_failed_is_asked_again() {
    let photos = Photos::new(1);
    photos.put("late.jpg", b"still being copied");
    let (output, function) = (photos.output("labels.out"), function());
    let arguments = ["--output", "labels.out", "--format", "parquet", "--retry", "--strict"];
    assert_eq!(photos.batch(&function, &arguments).output().unwrap().status.code(), Some(1));
    assert!(!rows(&output)["late.jpg"]["error"].is_null());
    photos.put("late.jpg", &read("tests/samples/tomato.jpg"));
    well(&photos.batch(&function, &arguments).output().unwrap());
    assert!(rows(&output).values().all(|row| row["error"].is_null() && row["label"] == "Vine tomato"));
}

#[test]
fn files_of_others_and_standard_output_are_refused() {
    let photos = Photos::new(1);
    let function = function();
    let refused = |arguments: &[&str]| {
        let output = photos.batch(&function, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&["--format", "parquet"]).contains("Parquet needs a file: --output FILE"));
    std::fs::write(photos.output("mine.parquet"), "PAR1 mine").unwrap();
    let told = refused(&["--output", "mine.parquet"]);
    assert!(told.contains("mine.parquet is there and no batch wrote it"), "{told}");
    assert_eq!(std::fs::read(photos.output("mine.parquet")).unwrap(), b"PAR1 mine");
    assert!(!photos.output("mine.parquet.rows").exists());
    assert!(refused(&["--output", "/dev/null", "--format", "parquet"]).contains("it is no file"));
    well(&photos.batch(&function, &["--output", "labels.parquet"]).output().unwrap());
    std::fs::remove_file(photos.output("labels.parquet.rows")).unwrap();
    let told = refused(&["--output", "labels.parquet"]);
    assert!(told.contains("but not labels.parquet.rows, which it was made of"), "{told}");
}
