//! The examples of the documents do what they say, and both languages show the same ones.

use std::process::Command;

use support::{file, read};

use crate::program::blocks;

/// Command and expected output of an example.
fn parse(block: &str) -> (String, String) {
    let (command, output) = block.split_once('\n').unwrap();
    (command.strip_prefix("$ ").unwrap().to_owned(), output.to_owned())
}

/// Percentages and probabilities may differ by a step between processors; everything else may not.
fn without_numbers(text: &str) -> String {
    text.chars().filter(|character| !character.is_ascii_digit()).collect()
}

#[test]
fn the_examples_of_the_readme_do_what_they_say() {
    let examples = blocks("README.md", "console");
    assert!(examples.len() >= 4);
    for (command, expected) in examples.iter().map(|block| parse(block)) {
        let command =
            command.replace("target/release/vision", &format!("'{}'", env!("CARGO_BIN_EXE_vision")));
        let output = Command::new("bash")
            .arg("-c")
            .arg(format!("{command} 2>&1"))
            .current_dir(file(""))
            .output()
            .unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(without_numbers(&found), without_numbers(&expected), "{command}\nfound:\n{found}");
    }
}

#[test]
fn both_languages_show_the_same_examples() {
    assert_eq!(blocks("README.md", "console"), blocks("README.zh-CN.md", "console"));
    let commands = |document| -> Vec<String> {
        let text = String::from_utf8(read(document)).unwrap();
        text.lines().filter(|line| line.starts_with("    ")).map(str::to_owned).collect()
    };
    assert_eq!(commands("README.md"), commands("README.zh-CN.md"));
}
