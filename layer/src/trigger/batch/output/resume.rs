//! What an output has already. A row that was cut off when the process was killed is no row, and goes.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use thiserror::Error;

use super::Form;
use super::done::{Done, DoneSoFar};
use super::{lines, table};

/// Bytes of a row: an answer may have a gigabyte, but nobody asked for that a million times.
pub(super) const MAX_ROW: u64 = 64 << 20;

/// What was read of an output.
#[derive(Debug)]
pub(super) struct Resumed {
    pub(super) done: Done,
    /// Where the last whole row ends.
    pub(super) end: u64,
    /// The bytes of rows with an error.
    pub(super) failed: Vec<Range<u64>>,
}

/// Why an output can't be gone on with.
#[derive(Debug, Error)]
pub(super) enum ResumeError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Foreign(String),
}

/// Reads an output from its start.
pub(super) fn read(file: &mut File, form: Form) -> Result<Resumed, ResumeError> {
    file.rewind()?;
    match form {
        Form::Lines => read_lines(file),
        Form::Table => read_table(file),
    }
}

fn read_lines(file: &File) -> Result<Resumed, ResumeError> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut done, mut failed, mut end, mut number) = (DoneSoFar::default(), Vec::new(), 0_u64, 0_u64);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_ROW).read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            break;
        }
        number += 1;
        if line.last() != Some(&b'\n') && lines::was_cut_off(&line) && read < MAX_ROW {
            break;
        }
        let Some((name, is_failure)) = lines::read(&line) else {
            return Err(ResumeError::Foreign(format!("line {number} is no row")));
        };
        done.add(&name, is_failure);
        if is_failure {
            failed.push(end..end + read);
        }
        end += read;
    }
    Ok(Resumed { done: done.finish(), end, failed })
}

fn read_table(mut file: &File) -> Result<Resumed, ResumeError> {
    let length = file.metadata()?.len();
    let head = table::head();
    let mut start = Vec::new();
    Read::take(file, head.len() as u64).read_to_end(&mut start)?;
    if start != head {
        // Cut off within the head.
        let is_ours = start.len() as u64 == length && is_start(&start, &head);
        let nothing = Resumed { done: Done::default(), end: 0, failed: Vec::new() };
        return if is_ours {
            Ok(nothing)
        } else {
            Err(ResumeError::Foreign("it begins otherwise".to_owned()))
        };
    }
    let (mut done, mut failed, mut end) = (DoneSoFar::default(), Vec::new(), head.len() as u64);
    let mut record = ByteRecord::new();
    let ends_with_a_line = ends_with_a_line(file, length)?;
    let (begin, mut number) = (head.len() as u64, 0_u64);
    file.seek(SeekFrom::Start(begin))?;
    let rows = BufReader::with_capacity(1 << 20, file);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(rows);
    while reader.read_byte_record(&mut record).map_err(io::Error::from)? {
        number += 1;
        let after = begin + reader.position().byte();
        let is_last = after >= length;
        match table::read(&record) {
            Some((name, is_failure)) if !is_last || ends_with_a_line => {
                done.add(&name, is_failure);
                if is_failure {
                    failed.push(end..after);
                }
                end = after;
            }
            _ if is_last => break,
            _ => return Err(ResumeError::Foreign(format!("row {number} is none"))),
        }
    }
    Ok(Resumed { done: done.finish(), end, failed })
}

/// Whether `text` is a start of `whole`, or goes on after it.
fn is_start(text: &[u8], whole: &[u8]) -> bool {
    text.starts_with(whole) || whole.starts_with(text)
}

fn ends_with_a_line(mut file: &File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?;
    Ok(byte == [b'\n'])
}

/// A new file at `path` with all of `file` up to `end` but these bytes, which are in order; it is there whole or not at all.
pub(super) fn without(file: &mut File, bytes: &[Range<u64>], end: u64, path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut made = tempfile::Builder::new().prefix(".vision-batch-").tempfile_in(folder)?;
    let mut writer = BufWriter::new(made.as_file_mut());
    let mut copy = |from: u64, to: u64| {
        file.seek(SeekFrom::Start(from))?;
        io::copy(&mut Read::take(&mut *file, to - from), &mut writer)
    };
    let mut kept = 0;
    for left_out in bytes {
        copy(kept, left_out.start)?;
        kept = left_out.end;
    }
    copy(kept, end)?;
    writer.flush()?;
    drop(writer);
    let made_file = made.as_file();
    made_file.set_permissions(file.metadata()?.permissions())?;
    made_file.sync_all()?;
    // Locked before it has the name.
    let _ = rustix::fs::flock(made_file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
    made.persist(path).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::super::Output;
    use crate::trigger::batch::photo_name::PhotoName;
    use crate::trigger::batch::row::{Problem, Row, Said};
    use crate::trigger::batch::settings::Format;
    use proptest::prelude::*;
    use serde_json::json;

    fn row(name: &[u8], failed: bool) -> Row {
        let result = if failed {
            Err(Problem::new("internal", "two\nlines, and \"quotes\""))
        } else {
            Ok(Said::Other(json!({"text": "a\nb,\"c\""})))
        };
        Row { name: PhotoName::new(name), result }
    }

    fn written(format: Format, names: &[Vec<u8>]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let (mut output, _) = Output::open(Some(&path), format, false).unwrap();
        for (number, name) in names.iter().enumerate() {
            output.write(&row(name, number % 3 == 2)).unwrap();
        }
        std::fs::read(path).unwrap()
    }

    fn format(table: bool) -> Format {
        if table { Format::Csv } else { Format::Jsonl }
    }

    proptest! {
        #[test]
        fn wherever_an_output_is_cut_off_its_whole_rows_are_gone_on_with(
            names in proptest::collection::hash_set(proptest::collection::vec(any::<u8>(), 1..12), 1..8),
            table: bool, cut: prop::sample::Index,
        ) {
            let names: Vec<Vec<u8>> = names.into_iter().collect();
            let whole = written(format(table), &names);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("out");
            std::fs::write(&path, &whole[..cut.index(whole.len() + 1)]).unwrap();
            let (mut output, done) = Output::open(Some(&path), format(table), false).unwrap();
            let missing: Vec<_> = names.iter().enumerate()
                .filter(|(_, name)| !done.has(&PhotoName::new(name.as_slice()).sum()))
                .collect();
            prop_assert_eq!(names.len(), done.count() + missing.len());
            for (number, name) in missing {
                output.write(&row(name, number % 3 == 2)).unwrap();
            }
            prop_assert_eq!(std::fs::read(&path).unwrap(), whole);
        }

        #[test]
        fn any_file_is_gone_on_with_or_left_as_it_is(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                "[{}\"pathe:,\n\\\\ru]{0,60}".prop_map(String::into_bytes),
            ],
            table: bool,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("out");
            std::fs::write(&path, &bytes).unwrap();
            if Output::open(Some(&path), format(table), false).is_err() {
                prop_assert_eq!(std::fs::read(&path).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn rows_with_an_error_are_taken_out_to_be_asked_for_again() {
        for table in [false, true] {
            let names: Vec<Vec<u8>> = (0..7).map(|number| format!("{number}\n.jpg").into_bytes()).collect();
            let whole = written(format(table), &names);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("out");
            std::fs::write(&path, &whole).unwrap();
            let (_, done) = Output::open(Some(&path), format(table), false).unwrap();
            assert_eq!((done.count(), done.failed()), (7, 2));
            let (output, done) = Output::open(Some(&path), format(table), true).unwrap();
            assert_eq!((done.count(), done.failed()), (5, 0));
            assert!(done.has_name("1\n.jpg") && !done.has_name("2\n.jpg"));
            drop(output);
            let (_, done) = Output::open(Some(&path), format(table), false).unwrap();
            assert_eq!((done.count(), done.failed()), (5, 0));
        }
    }

    #[test]
    fn files_that_no_batch_wrote_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        for contents in [
            "hello",
            "hello\n",
            "{\"path\":1}\n",
            "\u{FFFD}",
            "{}\n",
            "path,label\n",
            "path,label",
            "{\"a\":1}",
            "{\"path\":\"a.jpg\",\"size\":3}\n",
            "{\"path\":\"a.jpg\",\"size\":3}",
            "{\"path\":\"a.jpg\",\"size\":",
            "{\"path\":\"a.jpg\",\"answer\":1}\n{\"path\":\"b.jpg\",\"size\":3}",
        ] {
            for table in [false, true] {
                std::fs::write(&path, contents).unwrap();
                let error = Output::open(Some(&path), format(table), false).unwrap_err().to_string();
                assert!(error.contains("no batch wrote it"), "{contents}: {error}");
                assert_eq!(std::fs::read_to_string(&path).unwrap(), contents);
            }
        }
    }

    #[test]
    fn two_processes_do_not_write_to_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let _first = Output::open(Some(&path), Format::Jsonl, false).unwrap();
        let second = Output::open(Some(&path), Format::Jsonl, false).unwrap_err();
        assert!(second.to_string().contains("another process writes to"), "{second}");
    }
}
