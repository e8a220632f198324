//! Batches that are ended and go on, and outputs that are there already.

use super::{Photos, lines, rows, slow, started, wait_for_lines, well};
use std::ffi::OsStr;
use std::io::Read as _;
use std::process::Command;
use support::read;

#[test]
fn a_batch_that_was_killed_goes_on_where_it_was() {
    let photos = Photos::new(300);
    let (_folder, module) = support::module(&slow(1_000));
    let output = photos.output("labels.jsonl");
    let path = photos.path();
    let arguments = [path.as_os_str(), OsStr::new("--output"), output.as_os_str()];
    for target in [20, 60, 120] {
        let mut child = started(&arguments, &module);
        wait_for_lines(&output, target);
        child.kill().unwrap();
        child.wait().unwrap();
        // As if it had been killed while it wrote.
        let whole = std::fs::read(&output).unwrap();
        assert!(whole.iter().filter(|byte| **byte == b'\n').count() < 300, "it was too quick to be killed");
        std::fs::write(&output, [&whole[..], b"{\"path\":\"0/0."].concat()).unwrap();
    }
    let before = lines(&output);
    let mut child = started(&arguments, &module);
    assert!(child.wait().unwrap().success());
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    let expected = format!("vision: {} photos in", 300 - before);
    assert!(told.starts_with(&expected) && told.contains(&format!("{before} were done before")), "{told}");
    assert_eq!(rows(&std::fs::read(&output).unwrap()).len(), 300);
}

#[test]
fn a_signal_ends_a_batch_after_the_photos_in_hand() {
    let photos = Photos::new(300);
    let (_folder, module) = support::module(&slow(1_000));
    let (output, path) = (photos.output("labels.jsonl"), photos.path());
    for (signal, target) in [("-TERM", 20), ("-INT", 60)] {
        let mut child = started(&[path.as_os_str(), OsStr::new("--output"), output.as_os_str()], &module);
        wait_for_lines(&output, target);
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1));
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert!(
            told.contains("ended by a signal after") && told.contains("the same command goes on"),
            "{told}"
        );
        let written = std::fs::read(&output).unwrap();
        assert_eq!(written.last(), Some(&b'\n'));
        assert!(rows(&written).values().all(|row| row["answer"]["seen"] == 1));
    }
    assert!(lines(&output) < 300);
    let mut child = started(&[path.as_os_str(), OsStr::new("--output"), output.as_os_str()], &module);
    assert!(child.wait().unwrap().success());
    assert_eq!(rows(&std::fs::read(&output).unwrap()).len(), 300);
}

#[test]
fn photos_that_failed_are_asked_again_when_told_to() {
    let photos = Photos::new(3);
    let output = photos.output("labels.jsonl");
    photos.put("1/1.jpg", b"still being copied");
    well(&photos.batch().option("--output", &output).call());
    photos.put("1/1.jpg", &read("tests/samples/tomato.jpg"));
    let plain = photos.batch().option("--output", &output).argument("--strict").call();
    assert_eq!(plain.code, Some(1), "an error that is in the output already counts: {plain:?}");
    let again = photos.batch().option("--output", &output).argument("--retry").argument("--strict").call();
    well(&again);
    assert!(
        again.stderr.contains("1 photos in") && again.stderr.contains("2 were done before"),
        "{}",
        again.stderr
    );
    let found = rows(&std::fs::read(&output).unwrap());
    assert!(found.len() == 3 && found.values().all(|row| row.get("error").is_none()), "{found:?}");
}

#[test]
fn outputs_of_others_are_left_alone() {
    let photos = Photos::new(1);
    let outcome = photos.batch().option("--output", photos.path().join("0/0.jpg")).call();
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("no batch wrote it"), "{}", outcome.stderr);
    assert_eq!(std::fs::read(photos.path().join("0/0.jpg")).unwrap(), read("tests/samples/tomato.jpg"));
    let told = [
        ("labels.xlsx", "answers are JSON lines, CSV or Parquet"),
        // What it does in a build that has it is tested in tests/parquet.
        ("labels.parquet", "the program of `make package` does"),
    ];
    for (name, told) in told.into_iter().take(if cfg!(feature = "parquet") { 1 } else { 2 }) {
        let promised = photos.batch().option("--output", photos.output(name)).call();
        assert_eq!(promised.code, Some(2), "{promised:?}");
        assert!(promised.stderr.contains(told), "{}", promised.stderr);
    }
    let nowhere = photos.batch().option("--output", "/no/such/folder/out.jsonl").call();
    assert_eq!(nowhere.code, Some(2), "{nowhere:?}");
}
