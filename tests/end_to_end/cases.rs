//! The events of tests/cases: each is a file, with its expected answer beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use support::file;

use crate::program::{Outcome, Vision};

/// The files that hold events, by the name of the case.
fn cases() -> BTreeMap<String, PathBuf> {
    let files = fs::read_dir(file("tests/cases")).unwrap().map(|entry| entry.unwrap().path());
    let named = files.filter_map(|path| {
        let name = path.file_name()?.to_str()?.split_once(".event.")?.0.to_owned();
        Some((name, path))
    });
    named.collect()
}

/// What is kept of an outcome, and the ending of the file that keeps it.
fn described(outcome: &Outcome) -> (&'static str, String) {
    match outcome.code {
        Some(0) if outcome.stderr.is_empty() => ("out", outcome.stdout.clone()),
        code => ("err", format!("exit code {}\n{}{}", code.unwrap_or(-1), outcome.stdout, outcome.stderr)),
    }
}

/// The text without its numbers with a decimal point.
fn without_fractions(text: &str) -> String {
    let is_fraction = |word: &str| word.parse::<f64>().is_ok() && word.contains('.');
    let is_number = |character: char| character.is_ascii_digit() || character == '.';
    let mut rest = text;
    let mut kept = String::new();
    while let Some(start) = rest.find(is_number) {
        let end = rest[start..].find(|character| !is_number(character)).map_or(rest.len(), |end| start + end);
        kept.push_str(&rest[..start]);
        kept.push_str(if is_fraction(&rest[start..end]) { "#" } else { &rest[start..end] });
        rest = &rest[end..];
    }
    kept + rest
}

fn update(case: &Path, ending: &str, text: &str) {
    for ending in ["out", "err"] {
        // One of them was never there.
        drop(fs::remove_file(case.with_extension(ending)));
    }
    fs::write(case.with_extension(ending), text).unwrap();
}

#[test]
fn every_event_gets_what_stands_beside_it() {
    let is_update = std::env::var_os("UPDATE_CASES").is_some();
    let (mut wrong, cases) = (Vec::new(), cases());
    assert!(cases.len() > 60, "{}", cases.len());
    for (name, event) in cases {
        let (ending, found) = described(&Vision::run_function().argument(event).call());
        let case = file("tests/cases").join(&name);
        if is_update {
            update(&case, ending, &found);
            continue;
        }
        match fs::read_to_string(case.with_extension(ending)) {
            Ok(expected) if without_fractions(&expected) == without_fractions(&found) => {}
            expected => wrong.push(format!("{name}.{ending}: expected {expected:?}, found {found:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_numbers_with_a_decimal_point_are_not_compared() {
    assert_eq!(without_fractions("a: 64.45%, [79] 1.0, End."), "a: #%, [79] #, End.");
}
