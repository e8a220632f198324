//! What the system lets the process have (`ulimit`): too little is said in one line before anything is tried.

use std::process::{Command, Stdio};

use support::{file, function, module};

use crate::program::Outcome;

/// `vision` with these arguments under these limits, in the words of the shell's `ulimit`, for a time in seconds at most: then
/// it is asked to end.
fn limited(limits: &str, time: &str, arguments: &[&str]) -> Outcome {
    let shell = format!("ulimit {limits} && exec \"$@\"");
    let program = env!("CARGO_BIN_EXE_vision");
    let mut command = support::vision("timeout");
    // The limits are those of the program alone: what stands before it has its libraries, too.
    // The environment lies on the stack.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", "/nonexistent");
    command.args(["--kill-after", "60", time, "bash", "-c", &shell, "bash", program]).args(arguments);
    command.env("SCF_RUNTIME_API", "127.0.0.1").env("SCF_RUNTIME_API_PORT", "9");
    let event = std::fs::File::open(file("tests/tomato.json")).unwrap();
    let output = command.stdin(event).output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every command, as it would do its work.
struct Commands {
    folder: tempfile::TempDir,
    _module_folder: tempfile::TempDir,
    module: String,
}

impl Commands {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let picture = file("tests/samples/tomato.jpg").canonicalize().unwrap();
        std::fs::write(folder.path().join("list"), format!("{}, 79\n", picture.display())).unwrap();
        let (module_folder, module) =
            module(r#"(module (memory (export "memory") 1) (func (export "_start")))"#);
        Self { folder, _module_folder: module_folder, module: module.to_str().unwrap().to_owned() }
    }

    fn all(&self) -> Vec<Vec<String>> {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let wasm = function().display().to_string();
        let labels = file("models/groceries/labels.txt").display().to_string();
        let event = file("tests/tomato.json").display().to_string();
        [
            format!("run --wasm {wasm}"),
            format!("scf --wasm {wasm}"),
            format!("serve --listen 127.0.0.1:0 --wasm {wasm}"),
            format!("serve --listen 127.0.0.1:0 --history {} --wasm {wasm}", at("history")),
            format!("eval --labels {labels} --wasm {wasm} {}", at("list")),
            format!("bench --count 2 --wasm {wasm} {event}"),
            format!("compile {} {}", self.module, at("out.wasm")),
        ]
        .map(|command| command.split(' ').map(str::to_owned).collect())
        .to_vec()
    }
}

/// One line that names the limit, or the work as usual; the work that `timeout` ended is as good.
fn assert_told(limits: &str, option: &str, command: &[String], outcome: &Outcome) -> bool {
    let refused = outcome.code == Some(2);
    if refused {
        assert!(
            outcome.stderr.contains(&format!("(ulimit {option}), needed are ")),
            "{limits} {command:?}: {outcome:?}"
        );
        assert_eq!(outcome.stderr.lines().count(), 1, "{limits} {command:?}: {outcome:?}");
        assert_eq!(outcome.stdout, "", "{limits} {command:?}");
    } else {
        assert!(matches!(outcome.code, Some(0 | 124)), "{limits} {command:?}: {outcome:?}");
    }
    assert!(!outcome.stderr.contains("panicked"), "{limits} {command:?}: {outcome:?}");
    refused
}

fn tried(option: &str, values: &[u64]) -> Vec<(u64, String, bool)> {
    let commands = Commands::new();
    let mut told = Vec::new();
    for value in values {
        for command in commands.all() {
            let limits = format!("{option} {value}");
            let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
            let outcome = limited(&limits, "3", &arguments);
            let refused = assert_told(&limits, option, &command, &outcome);
            told.push((*value, command[0].clone(), refused));
        }
    }
    told
}

#[test]
fn too_few_files_are_said_in_one_line() {
    // With fewer, the system finds none of the libraries (exit code 127).
    let told = tried("-n", &[4, 5, 6, 7, 8, 10, 12, 16, 20]);
    assert!(told.iter().all(|(_, _, refused)| *refused), "{told:?}");
}

#[test]
fn a_stack_that_is_too_small_is_said_in_one_line() {
    let told = tried("-s", &[32, 64, 256, 1023, 1024]);
    assert!(told.iter().all(|(size, _, refused)| *refused == (*size < 1024)), "{told:?}");
}

#[test]
fn too_little_memory_and_too_few_addresses_are_said_in_one_line() {
    let told = tried("-d", &[20_000, 130_000, 140_000]);
    assert!(told.iter().all(|(size, _, refused)| *refused == (*size < 131_072)), "{told:?}");
    // Compiling runs nothing, and needs no more than it takes.
    let told = tried("-v", &[1_000_000, 14_000_000]);
    assert!(told.iter().all(|(_, command, refused)| *refused == (command != "compile")), "{told:?}");
}

#[test]
fn files_that_may_have_no_size_are_said_in_one_line() {
    let told = tried("-f", &[0, 64, 1023]);
    assert!(told.iter().all(|(_, _, refused)| *refused), "{told:?}");
    let told = tried("-f", &[65_536]);
    assert!(told.iter().all(|(_, _, refused)| !*refused), "{told:?}");
}

#[test]
fn what_was_compiled_is_whole_or_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.wasm");
    let input = file("target/wasm/wasm32-wasip1/release/recognize.wasm");
    let arguments = ["compile", input.to_str().unwrap(), output.to_str().unwrap()];
    // Room for the module of 550 KiB, but not for the 650 KiB of native code beside it.
    let outcome = limited("-f 1024", "300", &arguments);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome.stderr.contains("could be written") && outcome.stderr.contains("(ulimit -f)"),
        "{outcome:?}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_module_larger_than_files_may_be_is_said_in_one_line() {
    let input = file("dist/recognize.wasm");
    let outcome = limited("-f 1024", "300", &["compile", input.to_str().unwrap(), "/dev/null"]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("(ulimit -f)") && outcome.stderr.lines().count() == 1, "{outcome:?}");
}

#[test]
fn too_few_processes_are_said_in_one_line() {
    // Nobody's processes are counted where they are root's.
    let as_nobody = ["--reuid", "12345", "--regid", "12345", "--clear-groups"];
    let can = Command::new("setpriv").args(as_nobody).arg("true").stderr(Stdio::null()).status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("only root can become somebody whose processes are counted: that is not tested");
        return;
    }
    // The program may lie where only root gets to.
    let commands = Commands::new();
    let reach = Command::new("setpriv")
        .args(as_nobody)
        .arg("test")
        .arg("-x")
        .arg(env!("CARGO_BIN_EXE_vision"))
        .status();
    if !reach.is_ok_and(|status| status.success()) {
        eprintln!("the program can't be reached by others: that is not tested");
        return;
    }
    for count in [1, 2, 3, 4, 6, 9, 12] {
        for command in commands.all() {
            if command[0] == "compile" || command.iter().any(|word| word == "--history") {
                continue;
            }
            let shell = format!("ulimit -u {count} && exec \"$@\"");
            let mut call = support::vision("timeout");
            call.args(["--kill-after", "60", "3", "setpriv"]).args(as_nobody);
            call.args(["bash", "-c", &shell, "bash", env!("CARGO_BIN_EXE_vision")]).args(&command);
            call.env("SCF_RUNTIME_API", "127.0.0.1")
                .env("SCF_RUNTIME_API_PORT", "9")
                .env("HOME", "/nonexistent");
            let event = std::fs::File::open(file("tests/tomato.json")).unwrap();
            let output = call.stdin(event).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(output.status.code(), Some(0 | 1 | 2 | 124)), "{count} {command:?}: {said}");
            assert!(!said.contains("panicked"), "{count} {command:?}: {said}");
        }
    }
}
