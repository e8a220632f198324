//! Parquet: <https://parquet.apache.org/docs/file-format/>. Nothing can be added to such a file, for what it has stands at its
//! end. So rows are kept as JSON lines beside it, and make the file, whole or not at all, when the batch is complete.

mod columns;
mod schema;

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::{OutputError, unwritable};
use crate::modules::OutputFile;
use columns::{Columns, Line};

/// What is added to the file's name for the rows.
const ROWS: &str = ".rows";
/// Who wrote a file, as the file says it.
const CREATED_BY: &str = concat!("wasm-vision batch ", env!("CARGO_PKG_VERSION"));
/// How that begins in every version.
const CREATED_BY_US: &str = "wasm-vision batch ";
/// What of the rows is held in memory: the file has them in groups of this size.
const GROUP: Group = Group { rows: 1 << 20, bytes: 32 << 20 };

/// The size of a row group: it ends where either is reached.
#[derive(Clone, Copy, Debug)]
struct Group {
    rows: usize,
    /// Of JSON lines.
    bytes: usize,
}

/// A Parquet file that is written when all rows are there.
#[derive(Debug)]
pub(super) struct ParquetFile(OutputFile);

impl ParquetFile {
    /// The file at `path`, which is not there or was written by a batch, and the path of its rows.
    ///
    /// # Errors
    /// Somebody else's file, or one whose rows are gone, would be lost; or no file can be made there.
    pub(super) fn at(path: &Path) -> Result<(Self, PathBuf), OutputError> {
        let foreign = |found: String| OutputError::Foreign { path: path.display().to_string(), found };
        let output = OutputFile::at(path).map_err(|reason| unwritable(path, reason))?;
        if output.folder().is_none() {
            return Err(foreign("it is no file".to_owned()));
        }
        let mut rows = path.as_os_str().to_owned();
        rows.push(ROWS);
        let rows = PathBuf::from(rows);
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(reason) => return Err(unwritable(path, reason)),
            Ok(file) if !is_ours(&file) => {
                return Err(foreign("it is no Parquet file of a batch".to_owned()));
            }
            Ok(_) if !rows.exists() => return Err(OutputError::RowsGone(path.display().to_string())),
            Ok(_) => {}
        }
        Ok((Self(output), rows))
    }

    /// The folder in which the file is made.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.0.folder()
    }

    /// Makes the file of these JSON lines. False if `is_ended` said so before it was there.
    ///
    /// # Errors
    /// The system's reason, or a line that is no row; a file that was there is as it was.
    pub(super) fn write(self, rows: &mut File, is_ended: impl Fn() -> bool) -> io::Result<bool> {
        let made = self.0.write_with(|file| {
            write_rows(rows, &mut *file, GROUP, is_ended)?;
            file.sync_all()
        });
        match made {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            made => made.map(|()| true),
        }
    }
}

/// Whether a batch wrote the file.
fn is_ours(file: &File) -> bool {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(file);
    metadata.is_ok_and(|metadata| {
        metadata.file_metadata().created_by().is_some_and(|by| by.starts_with(CREATED_BY_US))
    })
}

/// Writes JSON lines as Parquet. It ends as interrupted before a group if `is_ended` says so.
fn write_rows(
    rows: &mut File,
    to: impl Write + Send,
    group: Group,
    is_ended: impl Fn() -> bool,
) -> io::Result<()> {
    rows.rewind()?;
    let mut rows = BufReader::with_capacity(1 << 20, rows);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(CREATED_BY.to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(to, schema::schema()?, Arc::new(properties))?;
    loop {
        if is_ended() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let columns = read_group(&mut rows, group)?;
        if columns.rows() == 0 {
            break;
        }
        let mut group = writer.next_row_group()?;
        columns.write(&mut group)?;
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

/// The next rows; none at the end.
fn read_group(rows: &mut BufReader<&mut File>, group: Group) -> io::Result<Columns> {
    let (mut columns, mut bytes, mut line) = (Columns::default(), 0, Vec::new());
    while columns.rows() < group.rows && bytes < group.bytes {
        line.clear();
        let read = rows.by_ref().take(super::resume::MAX_ROW).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        bytes += read;
        columns.push(serde_json::from_slice::<Line>(&line)?);
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    fn rows(text: &str) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn parquet(text: &str, group: Group) -> SerializedFileReader<File> {
        let mut made = tempfile::tempfile().unwrap();
        write_rows(&mut rows(text), &mut made, group, || false).unwrap();
        made.rewind().unwrap();
        SerializedFileReader::new(made).unwrap()
    }

    fn read(file: &SerializedFileReader<File>) -> Vec<serde_json::Value> {
        let rows = file.get_row_iter(None).unwrap();
        rows.map(|row| text_of(&row.unwrap())).collect()
    }

    /// A row as its printed form, as JSON strings by column.
    fn text_of(row: &parquet::record::Row) -> serde_json::Value {
        row.get_column_iter()
            .map(|(name, field)| (name.clone(), serde_json::Value::from(field.to_string())))
            .collect()
    }

    const LINES: &str = concat!(
        r#"{"path":"a.jpg","model":"m","predictions":[{"label":"x","index":4294967295,"probability":0.1},{"label":"y","index":1,"probability":0.5}],"unsure":true,"notice":"n"}"#,
        "\n",
        r#"{"path":"\u0000�","path_base64":"AP8=","error":{"code":"c","message":"two\nlines"}}"#,
        "\n",
        r#"{"path":"b","model":"m","predictions":[]}"#,
        "\n",
        r#"{"path":"c","answer":null}"#,
        "\n",
        r#"{"path":"d","answer":{"a": [1]}}"#,
        "\n",
    );

    #[test]
    fn rows_are_read_as_they_were_written_whatever_the_size_of_a_group() {
        let whole = parquet(LINES, GROUP);
        assert_eq!(whole.metadata().num_row_groups(), 1);
        let found = read(&whole);
        assert_eq!(found.len(), 5);
        let predictions = "[{label: \"x\", index: 4294967295, probability: 0.1}, {label: \"y\", index: 1, probability: 0.5}]";
        assert_eq!(found[0]["predictions"], predictions);
        assert_eq!((&found[0]["label"], &found[0]["probability"]), (&"\"x\"".into(), &"0.1".into()));
        assert_eq!((&found[0]["unsure"], &found[0]["error"]), (&"true".into(), &"null".into()));
        assert_eq!(found[1]["path_base64"], "\"AP8=\"");
        assert_eq!((&found[1]["error"], &found[1]["message"]), (&"\"c\"".into(), &"\"two\nlines\"".into()));
        assert_eq!((&found[2]["predictions"], &found[1]["predictions"]), (&"[]".into(), &"null".into()));
        assert_eq!(
            (&found[3]["answer"], &found[4]["answer"]),
            (&"\"null\"".into(), &"\"{\"a\": [1]}\"".into())
        );
        for (group, count) in [(Group { rows: 2, ..GROUP }, 3), (Group { bytes: 1, ..GROUP }, 5)] {
            let parts = parquet(LINES, group);
            assert_eq!(parts.metadata().num_row_groups(), count);
            assert_eq!(read(&parts), found);
        }
        assert_eq!(read(&parquet("", GROUP)).len(), 0);
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.parquet");
        let open = || ParquetFile::at(&path);
        assert!(!open().unwrap().0.write(&mut rows(LINES), || true).unwrap());
        open().unwrap().0.write(&mut rows("{\"path\":\"a\"}\n{"), || false).unwrap_err();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(open().unwrap().0.write(&mut rows(LINES), || false).unwrap());
        let gone = open().unwrap_err().to_string();
        assert!(gone.contains("out.parquet.rows"), "{gone}");
        std::fs::write(folder.path().join("out.parquet.rows"), LINES).unwrap();
        open().unwrap();
        std::fs::write(&path, "PAR1 somebody's PAR1").unwrap();
        let foreign = open().unwrap_err().to_string();
        assert!(foreign.contains("no batch wrote it"), "{foreign}");
    }
}
