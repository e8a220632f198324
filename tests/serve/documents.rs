//! The examples of docs/http.md and docs/cloudevents.md.

use std::process::Command;

use support::{file, read};

use crate::client::Client;
use crate::server::{Server, eventually};

/// Probabilities may differ by a step between processors, ids and times always do.
fn without_numbers(text: &str) -> String {
    text.chars().filter(|character| !character.is_ascii_digit()).collect()
}

#[test]
fn the_examples_do_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["--history", folder.path().join("h.sqlite").to_str().unwrap()]);
    let text = String::from_utf8([read("docs/http.md"), read("docs/cloudevents.md")].concat()).unwrap();
    let examples: Vec<&str> =
        text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 8);
    let mut kept = 0.0;
    for example in examples {
        let (command, expected) = example.split_once('\n').unwrap();
        let command = command.strip_prefix("$ ").unwrap().replace("localhost:9000", server.address());
        let output = Command::new("bash").args(["-c", &command]).current_dir(file("")).output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
        let errors = String::from_utf8_lossy(&output.stderr);
        let (found, expected) = (without_numbers(&found), without_numbers(expected));
        assert_eq!(found.trim_end(), expected.trim_end(), "{command}\n{errors}");
        if found.contains("predictions") || found.contains('%') {
            kept += 1.0;
            eventually("it is kept", || server.metric("vision_history_kept_total ") >= f64::min(kept, 1.0));
        }
    }
}
