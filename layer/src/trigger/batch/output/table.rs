//! CSV: <https://www.rfc-editor.org/rfc/rfc4180>.

use std::io;

use csv::{ByteRecord, WriterBuilder};

use crate::trigger::batch::photo_name::PhotoName;
use crate::trigger::batch::row::Row;

/// The columns. No field of the last one has an end of a line in it, so that a row that was cut off is told from a whole one.
pub(super) const COLUMNS: [&str; 11] = [
    "path",
    "path_base64",
    "model",
    "label",
    "probability",
    "predictions",
    "answer",
    "notice",
    "message",
    "unsure",
    "error",
];

/// The head of a table.
pub(super) fn head() -> Vec<u8> {
    let mut head = COLUMNS.join(",").into_bytes();
    head.push(b'\n');
    head
}

/// A row with the end of its line.
pub(super) fn record(row: &Row) -> io::Result<Vec<u8>> {
    let fields = row.fields();
    let first = fields.predictions.and_then(<[_]>::first);
    let json = |json: Option<serde_json::Result<String>>| json.unwrap_or_else(|| Ok(String::new()));
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer.write_record([
        fields.path.as_ref(),
        fields.path_base64.as_deref().unwrap_or_default(),
        fields.model.unwrap_or_default(),
        first.map(|prediction| prediction.label.as_str()).unwrap_or_default(),
        &first.map(|prediction| prediction.probability.to_string()).unwrap_or_default(),
        &json(fields.predictions.map(serde_json::to_string))?,
        &json(fields.answer.map(serde_json::to_string))?,
        fields.notice.unwrap_or_default(),
        fields.error.map(|problem| problem.message.as_str()).unwrap_or_default(),
        if fields.unsure { "true" } else { "false" },
        fields.error.map(|problem| problem.code.as_ref()).unwrap_or_default(),
    ])?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// Whose row a record is, and whether it tells of an error; None for what is no row.
pub(super) fn read(record: &ByteRecord) -> Option<(PhotoName, bool)> {
    let text = |column: usize| std::str::from_utf8(record.get(column)?).ok();
    let (path, base64, error) = (text(0)?, text(1)?, text(COLUMNS.len() - 1)?);
    let base64 = (!base64.is_empty()).then_some(base64);
    let is_row = record.len() == COLUMNS.len() && matches!(text(COLUMNS.len() - 2)?, "true" | "false");
    is_row.then_some((PhotoName::written(path, base64).ok()?, !error.is_empty()))
}
