//! Several functions in one service: each has an address, workers and limits of its own.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use support::{file, function, read};

use crate::client::{Client, Reply, request};
use crate::modules::ENDLESS_FOR_PHOTOS;
use crate::server::{Server, children, eventually, labels_of_run, signal, tomato, vision};

/// The recognizer with the model of bean leaves, made by `vision function`.
fn beans() -> &'static PathBuf {
    static BEANS: OnceLock<PathBuf> = OnceLock::new();
    BEANS.get_or_init(|| {
        let wasm = std::env::temp_dir().join(format!("vision-beans-{}.wasm", std::process::id()));
        let mut command = vision();
        command.arg("function").arg("--quiet").arg("--model").arg(file("models/beans/model.toml"));
        let status = command.arg("--wasm").arg(function()).arg("--output").arg(&wasm).status().unwrap();
        assert!(status.success());
        wasm
    })
}

/// A module in WebAssembly text as an argument of `--function`.
struct Wat {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Wat {
    fn new(text: &str) -> Self {
        let (folder, path) = support::module(text);
        Self { _folder: folder, path }
    }
}

fn argument(name: &str, file: &std::path::Path, settings: &str) -> String {
    format!("{name}={}{settings}", file.display())
}

/// A service with these functions.
fn serve(functions: &[String], arguments: &[&str]) -> Server {
    let mut command = vision();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "vision=info"]).args(arguments);
    for function in functions {
        command.args(["--function", function]);
    }
    Server::spawn(command)
}

fn recognizers(arguments: &[&str]) -> Server {
    serve(&[argument("recognize", &function(), ""), argument("beans", beans(), ",workers=1")], arguments)
}

/// A picture for the model of leaves, whatever it says of it.
fn leaf() -> Vec<u8> {
    read("tests/samples/granny-smith.jpg")
}

/// Why a service with these arguments does not start.
fn refusal(arguments: &[String]) -> String {
    let mut command = vision();
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    said
}

#[test]
fn each_function_has_an_address_and_is_listed_with_what_it_answers() {
    let server = recognizers(&[]);
    let listed = server.get("/v1/functions").json();
    let names: Vec<&Value> =
        listed["functions"].as_array().unwrap().iter().map(|entry| &entry["name"]).collect();
    assert_eq!(names, ["recognize", "beans"]);
    assert_eq!(
        listed["functions"][1],
        json!({"name": "beans", "path": "/v1/beans", "answers": "labels", "model": "beans",
               "title": {"en": "Bean leaves", "zh": "豆叶"}})
    );
    let of_leaf = server.post("/v1/beans", "image/jpeg", &leaf()).json();
    assert_eq!((&of_leaf["model"], of_leaf["predictions"].as_array().unwrap().len()), (&json!("beans"), 3));
    // The same by the model's name, and by the function's.
    assert_eq!(server.post("/v1/recognize?model=beans", "image/jpeg", &leaf()).json(), of_leaf);
    let expected = labels_of_run(&tomato());
    for path in ["/v1/recognize", "/", "/v1/recognize?model=recognize"] {
        assert_eq!(server.post(path, "image/jpeg", &tomato()).json(), expected, "{path}");
    }
    let by_model = format!("/v1/recognize?model={}", expected["model"].as_str().unwrap());
    assert_eq!(server.post(&by_model, "image/jpeg", &tomato()).json(), expected);
    assert_eq!(server.get("/v1/status").json()["model"], expected["model"]);
}

#[test]
fn models_and_addresses_that_are_not_there_are_refused_with_those_that_are() {
    let server = recognizers(&[]);
    let reply = server.post("/v1/recognize?model=roses", "image/jpeg", &tomato());
    assert_eq!(reply.error(), (400, "bad_request".to_owned()));
    assert!(
        reply.message().starts_with("model is \"roses\", accepted here are: recognize"),
        "{}",
        reply.message()
    );
    assert!(reply.message().ends_with(", beans"), "{}", reply.message());
    let reply = server.post("/v1/roses", "image/jpeg", &tomato());
    assert_eq!(reply.error(), (404, "not_found".to_owned()));
    assert!(reply.message().contains("POST /v1/recognize, POST /v1/beans"), "{}", reply.message());
    assert_eq!(server.get("/v1/beans").error().0, 405);
    let twice = server.post("/v1/recognize?model=beans&model=recognize", "image/jpeg", &tomato());
    assert_eq!(twice.error(), (400, "bad_request".to_owned()));
}

#[test]
fn without_a_recognizer_of_that_name_the_first_one_is_meant_and_without_any_it_is_said() {
    let other = Wat::new(ENDLESS_FOR_PHOTOS);
    let server = serve(&[argument("other", &other.path, ""), argument("beans", beans(), "")], &[]);
    assert_eq!(server.recognize(&leaf()).json()["model"], "beans");
    assert_eq!(server.get("/v1/functions").json()["functions"][0]["answers"], "other");
    let alone = serve(&[argument("other", &other.path, "")], &[]);
    assert_eq!(alone.recognize(&leaf()).error(), (404, "not_found".to_owned()));
    assert!(alone.recognize(&leaf()).message().contains("POST /v1/other"));
    assert_eq!(alone.get("/v1/status").json()["model"], Value::Null);
}

#[test]
fn wasm_is_the_function_recognize_and_others_stand_beside_it_also_by_their_variable() {
    let mut command = vision();
    command.args(["serve", "--listen", "127.0.0.1:0", "--wasm"]).arg(function());
    let other = Wat::new(ENDLESS_FOR_PHOTOS);
    let value = [argument("beans", beans(), ",workers=1"), argument("other", &other.path, "")].join(";");
    let server = Server::spawn({
        command.env("VISION_FUNCTIONS", value);
        command
    });
    let listed = server.get("/v1/functions").json();
    let names: Vec<&Value> =
        listed["functions"].as_array().unwrap().iter().map(|entry| &entry["name"]).collect();
    assert_eq!(names, ["recognize", "beans", "other"]);
}

#[test]
fn a_function_that_can_t_be_served_ends_the_start_with_its_name() {
    let no_module = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(no_module.path(), "no module").unwrap();
    let traps = Wat::new(r#"(module (memory (export "memory") 20000) (func (export "_start")))"#);
    let recognize = argument("recognize", &function(), "");
    for (broken, reason) in [
        (argument("roses", std::path::Path::new("/nowhere/roses.wasm"), ""), "can't read the module"),
        (argument("roses", no_module.path(), ""), "is no wasm module"),
        (argument("roses", &traps.path, ",memory-limit=64"), "the limit is 64 MiB"),
    ] {
        let said = refusal(&["--function".into(), recognize.clone(), "--function".into(), broken]);
        assert!(said.contains("vision: the function roses: ") && said.contains(reason), "{said}");
    }
    let said = refusal(&["--function".into(), recognize.clone(), "--function".into(), recognize.clone()]);
    assert!(said.contains("the function recognize has two files"), "{said}");
    let wasm = ["--wasm".to_owned(), function().display().to_string()];
    let said = refusal(&[wasm[0].clone(), wasm[1].clone(), "--function".into(), recognize]);
    assert!(said.contains("the function recognize has two files"), "{said}");
    for name in ["history", "uploads", "status", "functions"] {
        let said = refusal(&["--function".into(), argument(name, &function(), "")]);
        assert!(said.contains(&format!("/v1/{name} is the service's own")), "{said}");
    }
}

/// The nurseries of a service: that of the first function is the front's child, those of the others are its children, as its
/// workers are. Those have no children.
fn other_nursery(server: &Server) -> u32 {
    let [first] = children(server.id())[..] else { panic!("{:?}", children(server.id())) };
    let nurseries: Vec<u32> =
        children(first).into_iter().filter(|child| !children(*child).is_empty()).collect();
    let [other] = nurseries[..] else { panic!("{nurseries:?}") };
    other
}

#[test]
fn workers_of_one_function_that_die_cost_the_other_nothing() {
    let server = recognizers(&["--workers", "1"]);
    let expected = labels_of_run(&tomato());
    let nursery = other_nursery(&server);
    let died = || server.metric(r#"vision_workers_died_total{function="beans"} "#);
    for (name, count) in [("-KILL", 1.0), ("-ABRT", 2.0), ("-STOP", 2.0)] {
        eventually("a worker is there", || !children(nursery).is_empty());
        children(nursery).into_iter().for_each(|worker| signal(name, worker));
        assert_eq!(server.recognize(&tomato()).json(), expected, "{name}");
        // One that was killed before it was ready counts as a start that failed.
        eventually("it is counted", || {
            let counted = died() >= count;
            if !counted {
                children(nursery).into_iter().for_each(|worker| signal(name, worker));
            }
            counted
        });
    }
    assert_eq!(server.metric(r#"vision_workers_died_total{function="recognize"} "#), 0.0);
    eventually("beans answers again", || server.post("/v1/beans", "image/jpeg", &leaf()).status == 200);
}

#[test]
fn a_function_that_never_ends_keeps_its_own_workers_queue_and_memory_only() {
    let endless = Wat::new(ENDLESS_FOR_PHOTOS);
    let server = serve(
        &[
            argument("recognize", &function(), ",workers=1"),
            argument("endless", &endless.path, ",workers=1,queue-limit=1,time-limit=2s"),
        ],
        // Room for one body and its event.
        &["--body-limit", "1", "--bodies-limit", "1"],
    );
    let expected = labels_of_run(&tomato());
    let call = || {
        let mut stream = server.connect();
        stream.write_all(&request("POST", "/v1/endless", &[], &tomato())).unwrap();
        stream
    };
    let mut clients = vec![call()];
    let busy = r#"vision_instances_busy{function="endless"} "#;
    eventually("it is busy", || server.metric(busy) == 1.0);
    clients.push(call());
    eventually("one waits", || server.metric(r#"vision_queue_length{function="endless"} "#) == 1.0);
    assert_eq!(server.post("/v1/endless", "image/jpeg", &tomato()).error(), (503, "overloaded".to_owned()));
    for _ in 0..5 {
        assert_eq!(server.recognize(&tomato()).json(), expected);
    }
    assert_eq!(server.metric(busy), 1.0, "and it was busy all the while");
    for mut client in clients {
        assert_eq!(Reply::read(&mut client).unwrap().error(), (504, "timeout".to_owned()));
    }
}

#[test]
fn a_service_is_ready_only_where_each_function_has_a_worker() {
    let server = recognizers(&["--workers", "1"]);
    assert_eq!(server.get("/readyz").text(), "ready\n");
    let other = other_nursery(&server);
    // Stopped, it starts no others.
    signal("-STOP", other);
    children(other).into_iter().for_each(|worker| signal("-KILL", worker));
    eventually("it is not ready", || server.get("/readyz").status == 503);
    assert_eq!(server.get("/readyz").text(), "no worker of beans is alive\n");
    assert_eq!(server.recognize(&tomato()).status, 200);
}

#[test]
fn a_service_that_loses_the_nursery_of_one_function_ends_and_names_it() {
    let mut server = recognizers(&["--workers", "1"]);
    signal("-KILL", other_nursery(&server));
    assert_eq!(server.wait().code(), Some(1));
    eventually("it says why", || server.log().contains("start workers of the function beans are gone"));
}

#[test]
fn the_end_is_clean_for_all_functions_and_a_front_that_dies_takes_all_along() {
    let processes = |server: &Server| {
        let [first] = children(server.id())[..] else { panic!("{:?}", children(server.id())) };
        let below = children(first).into_iter().flat_map(|child| [vec![child], children(child)].concat());
        below.chain([first]).collect::<BTreeSet<u32>>()
    };
    let are_gone = |all: &BTreeSet<u32>| {
        all.iter().all(|process| {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        })
    };
    let mut server = recognizers(&["--workers", "1"]);
    let all = processes(&server);
    assert_eq!(all.len(), 4, "two nurseries and two workers");
    server.terminate();
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    eventually("all are gone", || are_gone(&all));
    let server = recognizers(&["--workers", "1"]);
    let all = processes(&server);
    signal("-KILL", server.id());
    eventually("all are gone", || are_gone(&all));
}

#[test]
fn no_process_of_any_function_knows_the_environment_or_the_command_line() {
    let mut command = vision();
    command.env("VISION_TEST_SECRET", "s3cr3t-value");
    command.args(["serve", "--listen", "127.0.0.1:0", "--cors-origin", "https://s3cr3t.example"]);
    command.args(["--function", &argument("recognize", &function(), "")]);
    command.args(["--function", &argument("beans", beans(), "")]);
    let server = Server::spawn(command);
    let other = other_nursery(&server);
    for process in children(other).into_iter().chain([other]) {
        for file in ["environ", "cmdline"] {
            // Only root may read them at all.
            let text = std::fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
            assert!(!text.windows(6).any(|window| window == b"s3cr3t"), "{file}");
        }
    }
}

#[test]
fn metrics_and_the_description_of_the_interface_know_each_function() {
    let server = recognizers(&["--workers", "2"]);
    server.recognize(&tomato());
    server.post("/v1/beans", "image/jpeg", &leaf());
    let text = server.get("/metrics").text();
    for line in [
        r#"vision_requests_total{route="/v1/beans",status="200"} 1"#,
        r#"vision_stage_seconds_count{function="beans",stage="inference"} 1"#,
        r#"vision_stage_seconds_count{function="recognize",stage="inference"} 1"#,
        r#"vision_instances{function="beans"} 1"#,
        r#"vision_instances{function="recognize"} 2"#,
        r#"vision_workers_alive{function="recognize"} 2"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
    }
    let described = server.get("/openapi.json").json();
    let operation = &described["paths"]["/v1/beans"]["post"];
    assert_eq!(operation["summary"], "Bean leaves: the likeliest labels for a picture.");
    assert!(
        operation["responses"]["200"]["content"]["application/json"]["schema"].is_object(),
        "{operation}"
    );
    let ids: Vec<&Value> = described["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| &operation["operationId"])
        .collect();
    assert_eq!(ids.iter().map(|id| id.to_string()).collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

/// Prints what answers of pictures are, in the form of an HTTP event's answer.
const ANSWERS_A_PICTURE: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\6e\00\00\00")
    (data (i32.const 16) "{\22statusCode\22: 200, \22isBase64Encoded\22: true, \22headers\22: {\22content-type\22: \22image/png\22}, \22body\22: \22iVBORw0KGgo=\22}")
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

#[test]
fn a_function_says_of_itself_that_it_answers_pictures_and_nothing_of_them_is_kept() {
    let plain = Wat::new(ANSWERS_A_PICTURE);
    let folder = tempfile::tempdir().unwrap();
    let [about, compiled] = ["function.toml", "compiled.wasm"].map(|name| folder.path().join(name));
    std::fs::write(&about, "answers = \"picture\"\n[title]\nen = \"Marks\"\nzh = \"标记\"\n").unwrap();
    let output =
        vision().arg("compile").arg(&plain.path).arg(&compiled).arg("--about").arg(&about).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let history = folder.path().join("history.sqlite");
    let functions = [argument("recognize", &function(), ""), argument("marks", &compiled, "")];
    let server = serve(&functions, &["--history", history.to_str().unwrap()]);
    let listed = server.get("/v1/functions").json();
    assert_eq!(
        listed["functions"][1],
        json!({"name": "marks", "path": "/v1/marks", "answers": "picture", "model": null,
               "title": {"en": "Marks", "zh": "标记"}})
    );
    let reply = server.post("/v1/marks", "image/jpeg", &tomato());
    assert_eq!(reply.header("content-type"), Some("image/png"));
    assert_eq!(reply.body, b"\x89PNG\r\n\x1a\n");
    server.recognize(&tomato());
    eventually("the labels are kept", || server.metric("vision_history_kept_total ") >= 1.0);
    assert_eq!(server.get("/v1/history").json()["entries"].as_array().unwrap().len(), 1);
    let described = server.get("/openapi.json").json();
    let content = &described["paths"]["/v1/marks"]["post"]["responses"]["200"]["content"];
    assert!(content["image/png"].is_object() && content["application/json"].is_null(), "{content}");
    // One with nothing to say keeps its place among the recognizers' names.
    let refused = server.post("/v1/recognize?model=marks", "image/jpeg", &tomato());
    assert_eq!(refused.error(), (400, "bad_request".to_owned()));
}

#[test]
fn an_about_that_can_t_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let about = folder.path().join("function.toml");
    std::fs::write(&about, "answers = \"everything\"\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vision"));
    command.arg("compile").arg(function()).arg(folder.path().join("out.wasm")).arg("--about").arg(&about);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("function.toml is damaged") && said.contains("everything"), "{said}");
    assert!(!folder.path().join("out.wasm").exists());
}
