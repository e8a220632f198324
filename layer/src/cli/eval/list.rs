//! The list of labelled pictures: `path, label` or `path, label, group` on each line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a list or a label file can't be used.
#[derive(Debug, Error)]
pub(super) enum ListError {
    #[error("can't read {path}: {reason}")]
    Unreadable { path: PathBuf, reason: std::io::Error },
    #[error("{path} is empty")]
    Empty { path: PathBuf },
    #[error("{path}, line {line}: found {found:?}, accepted is PATH, LABEL or PATH, LABEL, GROUP")]
    Form { path: PathBuf, line: usize, found: String },
    #[error("{path}, line {line}: no label {found:?}; accepted are 0 to {last} or a line of the label file")]
    UnknownLabel { path: PathBuf, line: usize, found: String, last: usize },
    #[error("{path}, line {line}: label {label} is in group {group:?}, but was in {earlier:?} before")]
    Group { path: PathBuf, line: usize, label: usize, group: String, earlier: String },
}

/// The model's labels in index order.
#[derive(Debug)]
pub(super) struct Labels {
    names: Vec<String>,
    indices: HashMap<String, usize>,
}

impl Labels {
    pub(super) fn read(path: &Path) -> Result<Self, ListError> {
        let text = read_text(path)?;
        let names: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
        if names.is_empty() {
            return Err(ListError::Empty { path: path.to_owned() });
        }
        let indices = names.iter().enumerate().map(|(index, name)| (name.clone(), index)).collect();
        Ok(Self { names, indices })
    }

    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    pub(super) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("?", String::as_str)
    }

    fn index(&self, text: &str) -> Option<usize> {
        let number = text.parse().ok().filter(|&number| number < self.count());
        number.or_else(|| self.indices.get(text).copied())
    }
}

/// A picture and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LabelledPicture {
    pub(super) path: PathBuf,
    pub(super) label: usize,
    pub(super) group: Option<String>,
}

/// Reads the list at `path`; blank lines and lines that start with # are skipped.
pub(super) fn read(path: &Path, labels: &Labels) -> Result<Vec<LabelledPicture>, ListError> {
    let parser = Parser { path, folder: path.parent().unwrap_or(Path::new("")), labels };
    let mut groups: HashMap<usize, String> = HashMap::new();
    let mut pictures = Vec::new();
    for (number, line) in read_text(path)?.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let picture = parser.parse(line, number + 1)?;
        parser.check_group(&picture, &mut groups, number + 1)?;
        pictures.push(picture);
    }
    if pictures.is_empty() { Err(ListError::Empty { path: path.to_owned() }) } else { Ok(pictures) }
}

struct Parser<'a> {
    path: &'a Path,
    folder: &'a Path,
    labels: &'a Labels,
}

impl Parser<'_> {
    fn parse(&self, text: &str, line: usize) -> Result<LabelledPicture, ListError> {
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        let (picture, label, group) = match fields.as_slice() {
            [picture, label] => (picture, label, None),
            [picture, label, group] => (picture, label, Some((*group).to_owned())),
            _ => return Err(ListError::Form { path: self.path.to_owned(), line, found: text.to_owned() }),
        };
        let index = self.labels.index(label).ok_or_else(|| ListError::UnknownLabel {
            path: self.path.to_owned(),
            line,
            found: (*label).to_owned(),
            last: self.labels.count() - 1,
        })?;
        Ok(LabelledPicture { path: self.folder.join(picture), label: index, group })
    }

    /// A label belongs to one group, or the sums would mean nothing.
    fn check_group(
        &self,
        picture: &LabelledPicture,
        groups: &mut HashMap<usize, String>,
        line: usize,
    ) -> Result<(), ListError> {
        let Some(group) = &picture.group else { return Ok(()) };
        let earlier = groups.entry(picture.label).or_insert_with(|| group.clone());
        if earlier == group {
            return Ok(());
        }
        Err(ListError::Group {
            path: self.path.to_owned(),
            line,
            label: picture.label,
            group: group.clone(),
            earlier: earlier.clone(),
        })
    }
}

fn read_text(path: &Path) -> Result<String, ListError> {
    std::fs::read_to_string(path).map_err(|reason| ListError::Unreadable { path: path.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &str) -> (tempfile::TempDir, PathBuf, Labels) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("labels.txt"), "apple\nred pepper\n7\n").unwrap();
        std::fs::write(folder.path().join("list.txt"), list).unwrap();
        let labels = Labels::read(&folder.path().join("labels.txt")).unwrap();
        let list = folder.path().join("list.txt");
        (folder, list, labels)
    }

    #[test]
    fn labels_are_numbers_or_names_and_paths_start_at_the_list() {
        let (folder, list, labels) = files("# pictures\na/b.jpg, 0, 5\n\nc.jpg,red pepper\n");
        let pictures = read(&list, &labels).unwrap();
        assert_eq!(
            pictures,
            [
                LabelledPicture { path: folder.path().join("a/b.jpg"), label: 0, group: Some("5".into()) },
                LabelledPicture { path: folder.path().join("c.jpg"), label: 1, group: None },
            ]
        );
    }

    #[test]
    fn what_is_wrong_with_a_list_is_said_with_its_line() {
        for (list, expected) in [
            ("a.jpg\n", "line 1: found \"a.jpg\""),
            ("a.jpg, 0\nb.jpg, pear\n", "line 2: no label \"pear\"; accepted are 0 to 2"),
            ("a.jpg, 0, fruit\nb.jpg, 0, tree\n", "line 2: label 0 is in group \"tree\""),
            ("\n# nothing\n", "is empty"),
        ] {
            let (_folder, file, labels) = files(list);
            let message = read(&file, &labels).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
