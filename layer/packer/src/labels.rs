//! Files of labels, in the forms that tools write them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::error::PackError;
use crate::small_file;

/// Bytes of a file of labels.
pub(crate) const MAX_BYTES: u64 = 4 << 20;
/// Letters of a label.
const MAX_LETTERS: usize = 200;

/// The labels in a file.
///
/// # Errors
/// [`PackError::Unreadable`], [`PackError::Labels`].
pub fn read_file(path: &Path) -> Result<Vec<String>, PackError> {
    let bytes = small_file::read(path, MAX_BYTES)?;
    read(&bytes).map_err(|reason| PackError::Labels(format!("{}: {reason}", path.display())))
}

/// The labels in order: a line each, with or without numbers before them (`0 name`, `0: name`), CSV with the columns
/// `id` and `name`, a JSON list, or a JSON object of numbers and names.
///
/// # Errors
/// What is wrong with them.
pub fn read(bytes: &[u8]) -> Result<Vec<String>, String> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("they have {} bytes, accepted are up to {MAX_BYTES}", bytes.len()));
    }
    let text = text_of(bytes)?;
    let text = text.trim_start_matches('\u{feff}').trim_end();
    let labels = match text.trim_start().chars().next() {
        Some('[' | '{') => of_json(text)?,
        _ => of_lines(text)?,
    };
    if labels.is_empty() {
        return Err("there are no labels".to_owned());
    }
    for (index, label) in labels.iter().enumerate() {
        if label.is_empty() || label.chars().count() > MAX_LETTERS || label.contains(char::is_control) {
            let shown: String = label.chars().take(MAX_LETTERS).collect();
            return Err(format!("label {index} is {shown:?}, accepted are 1 to {MAX_LETTERS} letters"));
        }
    }
    Ok(labels)
}

fn text_of(bytes: &[u8]) -> Result<String, String> {
    let utf16 = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let units: Vec<u16> =
            bytes.chunks_exact(2).filter_map(|unit| unit.try_into().ok()).map(number).collect();
        String::from_utf16(&units).map_err(|_| "it is damaged UTF-16".to_owned())
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec())
            .map_err(|error| format!("it is not UTF-8 (byte {})", error.utf8_error().valid_up_to())),
    }
}

fn of_lines(text: &str) -> Result<Vec<String>, String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    if lines.iter().all(|line| line.is_empty()) {
        return Ok(Vec::new());
    }
    if let Some(index) = lines.iter().position(|line| line.is_empty()) {
        return Err(format!("line {} is empty", index + 1));
    }
    if let Some(labels) = of_csv(&lines) {
        return labels;
    }
    Ok(numbered(&lines).unwrap_or_else(|| lines.iter().map(|line| (*line).to_owned()).collect()))
}

/// Lines that begin with their numbers, from 0 or 1 on.
fn numbered(lines: &[&str]) -> Option<Vec<String>> {
    let parts = lines.iter().map(|line| {
        let end = line.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, rest) = line.split_at_checked(end)?;
        let label = rest.trim_start_matches([':', ',', '.', ')']).trim();
        let is_apart = !rest.starts_with(|letter: char| letter.is_alphanumeric());
        (is_apart && !label.is_empty()).then_some((number.parse::<usize>().ok()?, label.to_owned()))
    });
    let parts: Vec<(usize, String)> = parts.collect::<Option<_>>()?;
    let first = parts.first()?.0;
    let is_counted = parts.iter().enumerate().all(|(index, (number, _))| *number == first + index);
    (first <= 1 && is_counted).then(|| parts.into_iter().map(|(_, label)| label).collect())
}

/// CSV with a head that names the columns; None where there is no such head.
fn of_csv(lines: &[&str]) -> Option<Result<Vec<String>, String>> {
    let (head, rows) = lines.split_first()?;
    let columns: Vec<String> = fields(head).iter().map(|column| column.to_lowercase()).collect();
    let column = |names: [&str; 3]| {
        names.into_iter().find_map(|name| columns.iter().position(|column| column == name))
    };
    let (id, name) = (column(["id", "class_id", "index"])?, column(["name", "label", "class_name"])?);
    let mut labels = BTreeMap::new();
    for (row, line) in rows.iter().enumerate() {
        let fields = fields(line);
        let number = fields.get(id).and_then(|number| number.parse::<usize>().ok());
        let (Some(number), Some(label)) = (number, fields.get(name)) else {
            return Some(Err(format!("line {} has no number and name: {line:?}", row + 2)));
        };
        labels.insert(number, label.clone());
    }
    Some(in_order(labels))
}

/// The fields of a line; a quote within quotes is doubled.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => field.extend(letters.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(std::mem::take(&mut field)),
            letter => field.push(letter),
        }
    }
    fields.push(field);
    fields.iter().map(|field| field.trim().to_owned()).collect()
}

fn of_json(text: &str) -> Result<Vec<String>, String> {
    let other = || "its JSON is neither a list of names nor an object of numbers and names".to_owned();
    match serde_json::from_str(text).map_err(|error| format!("its JSON is damaged: {error}"))? {
        Value::Array(list) => list
            .iter()
            .map(|label| label.as_str().map(|label| label.trim().to_owned()).ok_or_else(other))
            .collect(),
        Value::Object(object) => {
            let pairs = object.iter().map(|(key, value)| match value {
                // Keras' class_indices, and its reverse.
                Value::Number(number) => {
                    Some((usize::try_from(number.as_u64()?).ok()?, key.trim().to_owned()))
                }
                Value::String(name) => Some((key.parse().ok()?, name.trim().to_owned())),
                _ => None,
            });
            in_order(pairs.collect::<Option<_>>().ok_or_else(other)?)
        }
        _ => Err(other()),
    }
}

/// The labels by number, which must have no gaps.
fn in_order(labels: BTreeMap<usize, String>) -> Result<Vec<String>, String> {
    let first = labels.keys().next().copied().unwrap_or(0).min(1);
    match labels.keys().enumerate().find(|(index, number)| **number != first + index) {
        Some((index, number)) => {
            Err(format!("there is no label {}, the next one is {number}", first + index))
        }
        None => Ok(labels.into_values().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_in_all_forms_that_tools_write() {
        for (text, form) in [
            ("Apple\nRed bean\n", "lines"),
            ("\u{feff}Apple\r\nRed bean\r\n\r\n", "lines of Windows"),
            ("0 Apple\n1 Red bean\n", "Teachable Machine"),
            ("0  Apple\n1  Red bean", "Coral"),
            ("1: Apple\n2: Red bean", "numbers from 1"),
            ("id,name\n1,Red bean\n0,Apple\n", "TensorFlow Hub"),
            ("index,id,name\n,0,\"Apple\"\n,1,\"Red bean\"\n", "more columns"),
            (r#"["Apple", "Red bean"]"#, "a JSON list"),
            (r#"{"Red bean": 1, "Apple": 0}"#, "Keras"),
            (r#"{"0": "Apple", "1": "Red bean"}"#, "its reverse"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap(), ["Apple", "Red bean"], "{form}");
        }
        let utf16: Vec<u8> = "\u{feff}苹果".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16).unwrap(), ["苹果"]);
    }

    #[test]
    fn names_that_begin_with_numbers_stay() {
        for names in [["7 Up", "Cola"], ["3 apples", "4 apples"], ["1st", "2nd"], ["0", "1"]] {
            assert_eq!(read(names.join("\n").as_bytes()).unwrap(), names);
        }
        assert_eq!(read(b"0 7 Up\n1 Cola").unwrap(), ["7 Up", "Cola"]);
        assert_eq!(
            read(
                br#"id,name
0,"a, ""b""""#
            )
            .unwrap(),
            ["a, \"b\""]
        );
    }

    #[test]
    fn what_is_wrong_with_labels_is_said() {
        for (text, reason) in [
            ("", "there are no labels"),
            ("Apple\n\nLemon", "line 2 is empty"),
            ("id,name\n0,Apple\n2,Lemon", "no label 1"),
            ("id,name\nApple", "line 2 has no number"),
            ("[1]", "neither a list"),
            ("{", "JSON is damaged"),
            ("a\tb", "label 0 is"),
        ] {
            let said = read(text.as_bytes()).unwrap_err();
            assert!(said.contains(reason), "{text:?}: {said}");
        }
        assert!(read(b"\xC4pfel").unwrap_err().contains("not UTF-8 (byte 0)"));
    }
}
