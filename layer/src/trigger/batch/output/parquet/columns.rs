//! Rows, column by column. Levels say what is there, as Dremel has them:
//! <https://parquet.apache.org/docs/file-format/nestedencoding/>.

use std::io::Write;

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::SerializedRowGroupWriter;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::trigger::recognition::Prediction;

/// A row as it stands in its line; the fields are those of [`Fields`](crate::trigger::batch::row::Fields).
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    path: String,
    path_base64: Option<String>,
    model: Option<String>,
    predictions: Option<Vec<Prediction>>,
    #[serde(default)]
    unsure: bool,
    notice: Option<String>,
    #[serde(default, deserialize_with = "even_null")]
    answer: Option<Box<RawValue>>,
    error: Option<Problem>,
}

#[derive(Debug, Deserialize)]
struct Problem {
    code: String,
    message: String,
}

/// An answer that is `null` is one.
fn even_null<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

/// Values that may be missing: level 1 where there is one, 0 where not.
#[derive(Debug)]
struct Optional<T> {
    values: Vec<T>,
    levels: Vec<i16>,
}

impl<T> Default for Optional<T> {
    fn default() -> Self {
        Self { values: Vec::new(), levels: Vec::new() }
    }
}

impl<T> Optional<T> {
    fn push(&mut self, value: Option<impl Into<T>>) {
        self.levels.push(value.is_some().into());
        self.values.extend(value.map(Into::into));
    }
}

/// Lists that may be missing (level 0) or empty (1) and whose elements (2) begin a row (repetition 0) or go on with it (1).
#[derive(Debug, Default)]
struct Predictions {
    levels: Vec<i16>,
    repetitions: Vec<i16>,
    labels: Vec<ByteArray>,
    indexes: Vec<i32>,
    probabilities: Vec<f64>,
}

impl Predictions {
    fn push(&mut self, predictions: Option<Vec<Prediction>>) {
        let is_there = predictions.is_some();
        let predictions = predictions.unwrap_or_default();
        if predictions.is_empty() {
            self.levels.push(is_there.into());
            self.repetitions.push(0);
        }
        for (number, Prediction { label, index, probability }) in predictions.into_iter().enumerate() {
            self.levels.push(2);
            self.repetitions.push((number > 0).into());
            self.labels.push(text(label));
            self.indexes.push(index.cast_signed());
            self.probabilities.push(probability);
        }
    }
}

/// The rows of a group.
#[derive(Debug, Default)]
pub(super) struct Columns {
    path: Vec<ByteArray>,
    path_base64: Optional<ByteArray>,
    model: Optional<ByteArray>,
    label: Optional<ByteArray>,
    probability: Optional<f64>,
    predictions: Predictions,
    answer: Optional<ByteArray>,
    notice: Optional<ByteArray>,
    message: Optional<ByteArray>,
    unsure: Vec<bool>,
    error: Optional<ByteArray>,
}

impl Columns {
    /// How many there are.
    pub(super) fn rows(&self) -> usize {
        self.path.len()
    }

    /// Adds a row.
    pub(super) fn push(&mut self, line: Line) {
        let Line { path, path_base64, model, predictions, unsure, notice, answer, error } = line;
        let first = predictions.as_deref().and_then(<[_]>::first);
        self.label.push(first.map(|prediction| text(prediction.label.clone())));
        self.probability.push(first.map(|prediction| prediction.probability));
        self.path.push(text(path));
        self.path_base64.push(path_base64.map(text));
        self.model.push(model.map(text));
        self.predictions.push(predictions);
        self.answer.push(answer.map(|answer| text(answer.get().to_owned())));
        self.notice.push(notice.map(text));
        let (code, message) = error.map(|problem| (text(problem.code), text(problem.message))).unzip();
        self.message.push(message);
        self.unsure.push(unsure);
        self.error.push(code);
    }

    /// Writes the group, in the schema's order.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn write(&self, group: &mut SerializedRowGroupWriter<'_, impl Write + Send>) -> Result<()> {
        let Predictions { levels, repetitions, labels, indexes, probabilities } = &self.predictions;
        let list = (Some(levels.as_slice()), Some(repetitions.as_slice()));
        column::<ByteArrayType>(group, &self.path, (None, None))?;
        optional::<ByteArrayType>(group, &self.path_base64)?;
        optional::<ByteArrayType>(group, &self.model)?;
        optional::<ByteArrayType>(group, &self.label)?;
        optional::<DoubleType>(group, &self.probability)?;
        column::<ByteArrayType>(group, labels, list)?;
        column::<Int32Type>(group, indexes, list)?;
        column::<DoubleType>(group, probabilities, list)?;
        optional::<ByteArrayType>(group, &self.answer)?;
        optional::<ByteArrayType>(group, &self.notice)?;
        optional::<ByteArrayType>(group, &self.message)?;
        column::<BoolType>(group, &self.unsure, (None, None))?;
        optional::<ByteArrayType>(group, &self.error)
    }
}

fn text(text: String) -> ByteArray {
    text.into_bytes().into()
}

fn optional<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    Optional { values, levels }: &Optional<T::T>,
) -> Result<()> {
    column::<T>(group, values, (Some(levels), None))
}

/// Writes the group's next column: its values, with their levels and repetitions.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    values: &[T::T],
    (levels, repetitions): (Option<&[i16]>, Option<&[i16]>),
) -> Result<()> {
    let next = group.next_column()?;
    let mut column = next.ok_or_else(|| ParquetError::General("the schema has fewer columns".to_owned()))?;
    column.typed::<T>().write_batch(values, levels, repetitions)?;
    column.close()
}
