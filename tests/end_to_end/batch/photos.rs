//! Where photos come from, and what is answered of each.

use super::{Photos, batch, rows, slow, well};
use crate::program::{ANSWERS, Vision};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::process::Stdio;
use support::{file, read};

#[test]
fn a_folder_becomes_a_line_for_each_photo_as_the_function_answers_it() {
    let photos = Photos::new(2);
    photos.put("deep/er/apple.PNG", b"GIF89a is no PNG");
    photos.put("notes.txt", b"no photo");
    let tomato = read("tests/samples/tomato.jpg");
    photos.put("cut.jpg", &tomato[..tomato.len() * 9 / 10]);
    let outcome = photos.batch().call();
    let rows = rows(well(&outcome).as_bytes());
    let names: Vec<_> = rows.keys().map(|name| String::from_utf8_lossy(name)).collect();
    assert_eq!(names, ["0/0.jpg", "1/1.jpg", "cut.jpg", "deep/er/apple.PNG"]);
    let tomato = &rows[&b"0/0.jpg"[..]];
    assert_eq!(tomato["model"], "groceries");
    assert_eq!(tomato["predictions"].as_array().unwrap().len(), 3);
    assert_eq!(tomato["predictions"][0]["label"], "Vine tomato");
    assert!(tomato.get("error").is_none() && tomato.get("notice").is_none(), "{tomato}");
    assert!(rows[&b"cut.jpg"[..]]["notice"].as_str().unwrap().contains("% of the picture is there"));
    let refused = &rows[&b"deep/er/apple.PNG"[..]];
    assert_eq!(refused["error"]["code"], "unsupported_image");
    assert_eq!(refused["error"]["message"], "found GIF, accepted are JPEG and PNG");
    assert!(
        outcome.stderr.contains("4 photos in") && outcome.stderr.contains("1 of them failed"),
        "{}",
        outcome.stderr
    );
    let strict = photos.batch().argument("--strict").argument("--quiet").call();
    assert_eq!(
        (strict.code, strict.stderr.as_str()),
        (Some(1), "vision: 1 photos have an error for an answer\n")
    );
}

#[test]
fn parameters_go_to_the_function() {
    let photos = Photos::new(1);
    let call = photos.batch().option("--top", "1").option("--lang", "zh").argument("--quiet").call();
    let row: Value = serde_json::from_str(well(&call)).unwrap();
    assert_eq!(row["predictions"].as_array().unwrap().len(), 1);
    assert_eq!(row["predictions"][0]["label"], "串番茄");
    let odd = photos.batch().option("--query", "top=x").call();
    let row: Value = serde_json::from_str(well(&odd)).unwrap();
    assert_eq!(row["error"]["code"], "bad_request");
    let no_query = photos.batch().option("--query", "a b\n").call();
    assert_eq!(no_query.code, Some(2), "{no_query:?}");
}

#[test]
fn any_functions_answer_is_kept() {
    let photos = Photos::new(1);
    let of = |wat: &str| {
        let (_folder, module) = support::module(wat);
        let call = Vision::new(&["batch", "--quiet", "--log-level", "error"]).argument(photos.path());
        let row: Value = serde_json::from_str(well(&call.option("--wasm", module).call())).unwrap();
        row
    };
    assert_eq!(of(ANSWERS)["answer"], "answer");
    assert_eq!(of(&slow(1))["answer"]["seen"], 1);
    let traps = of(r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#);
    assert_eq!(traps["error"]["code"], "internal");
}

#[test]
fn names_may_be_any_bytes() {
    let photos = Photos::new(0);
    let names: [&[u8]; 7] = [
        b"new\nline.jpg",
        b"not \xFF utf-8.jpg",
        b"{\"path\":\"x\"}.jpg",
        b"=HYPERLINK(1),\"quoted\".jpg",
        b"\r.jpg",
        "番茄\u{2028}.jpg".as_bytes(),
        b"-.jpg",
    ];
    names.iter().for_each(|name| photos.put(OsStr::from_bytes(name), b"nothing"));
    let expected: BTreeSet<Vec<u8>> = names.iter().map(|name| name.to_vec()).collect();
    let found: BTreeSet<_> = rows(well(&photos.batch().call()).as_bytes()).into_keys().collect();
    assert_eq!(found, expected);
    // The same names in a list, and as a table that is gone on with.
    let list: Vec<u8> = names.iter().flat_map(|name| [b"photos/", *name, b"\0"].concat()).collect();
    std::fs::write(photos.output("list"), list).unwrap();
    let listed = batch(photos.output("list")).argument("--null").call();
    assert_eq!(rows(well(&listed).as_bytes()).len(), names.len());
    let table = photos.output("out.csv");
    for done_before in [0, names.len()] {
        let outcome = photos.batch().option("--output", &table).call();
        well(&outcome);
        let told = format!("{} photos in", names.len() - done_before);
        assert!(outcome.stderr.contains(&told), "{}", outcome.stderr);
    }
    assert_eq!(column(&std::fs::read(&table).unwrap(), "path").len(), names.len());
}

/// A column of a table, without its head.
fn column(table: &[u8], name: &str) -> Vec<String> {
    let script = "import csv, json, sys; print(json.dumps([row[sys.argv[1]] for row in csv.DictReader(sys.stdin, strict=True)]))";
    let mut python = Command::new("python3")
        .args(["-c", script, name])
        .env("PYTHONIOENCODING", "utf-8:surrogateescape")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), table).unwrap();
    serde_json::from_slice(&python.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_table_has_the_same_as_the_lines() {
    let photos = Photos::new(1);
    photos.put("bad.jpg", b"GIF89a");
    let table = photos.output("labels.csv");
    well(&photos.batch().option("--output", &table).call());
    let table = std::fs::read(table).unwrap();
    let row = column(&table, "path").iter().position(|path| path == "0/0.jpg").unwrap();
    assert_eq!(column(&table, "label")[row], "Vine tomato");
    assert!(column(&table, "probability")[row].parse::<f64>().unwrap() > 0.5);
    let predictions: Value = serde_json::from_str(&column(&table, "predictions")[row]).unwrap();
    assert_eq!(predictions.as_array().unwrap().len(), 3);
    assert_eq!(column(&table, "error")[1 - row], "unsupported_image");
    assert_eq!(column(&table, "message")[1 - row], "found GIF, accepted are JPEG and PNG");
}

#[test]
fn lists_name_photos_anywhere_and_may_come_through_a_pipe() {
    let photos = Photos::new(0);
    let samples = file("tests/samples");
    std::fs::write(photos.output("here.jpg"), read("tests/samples/tomato.jpg")).unwrap();
    let list =
        format!("{}/granny-smith.jpg\r\n\nhere.jpg\nnowhere.jpg\n{}", samples.display(), samples.display());
    std::fs::write(photos.output("list.txt"), &list).unwrap();
    let outcome = batch(photos.output("list.txt")).call();
    let listed = rows(well(&outcome).as_bytes());
    assert_eq!(listed.len(), 4);
    assert_eq!(listed[&b"here.jpg"[..]]["predictions"][0]["label"], "Vine tomato");
    assert_eq!(listed[&b"nowhere.jpg"[..]]["error"]["code"], "not_found");
    let folder = &listed[samples.as_os_str().as_bytes()];
    assert_eq!(
        (&folder["error"]["code"], &folder["error"]["message"]),
        (&"unreadable".into(), &"it is no file".into())
    );
    let piped = batch("-").stdin(format!("{}/tomato.jpg\n", samples.display())).call();
    assert_eq!(rows(well(&piped).as_bytes()).len(), 1);
    let picture = batch(samples.join("tomato.jpg")).call();
    assert_eq!(picture.code, Some(2));
    assert!(picture.stderr.contains("is a picture: name a folder or a list"), "{}", picture.stderr);
}

#[test]
fn shards_share_all_photos_and_have_none_twice() {
    let photos = Photos::new(40);
    let (_folder, module) = support::module(ANSWERS);
    let mut all = BTreeSet::new();
    for index in 0..3 {
        let output = photos.output("out-{shard}.jsonl");
        let call = Vision::new(&["batch", "--log-level", "error"])
            .argument(photos.path())
            .option("--wasm", &module)
            .option("--output", output);
        let call = match index {
            0 => call.option("--shard", "0/3"),
            1 => call.option("--shards", "3").env("JOB_COMPLETION_INDEX", "1"),
            _ => call.env("AWS_BATCH_JOB_ARRAY_INDEX", "2").env("AWS_BATCH_JOB_ARRAY_SIZE", "3"),
        };
        well(&call.call());
        let written = rows(&std::fs::read(photos.output(&format!("out-{index}.jsonl"))).unwrap());
        assert!(!written.is_empty());
        for name in written.into_keys() {
            assert!(all.insert(name), "in two shards");
        }
    }
    assert_eq!(all.len(), 40);
    let no_count = photos.batch().env("JOB_COMPLETION_INDEX", "1").call();
    assert_eq!(no_count.code, Some(2));
    assert!(no_count.stderr.contains("say with --shards how many there are"), "{}", no_count.stderr);
}

#[test]
fn links_are_followed_when_asked_and_loops_end() {
    let photos = Photos::new(1);
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("out.jpg"), read("tests/samples/tomato.jpg")).unwrap();
    symlink(outside.path(), photos.path().join("elsewhere")).unwrap();
    symlink(outside.path().join("out.jpg"), photos.path().join("link.jpg")).unwrap();
    symlink(photos.path(), photos.path().join("0/loop")).unwrap();
    symlink("dangling", photos.path().join("nothing.jpg")).unwrap();
    let plain = photos.batch().call();
    assert_eq!(rows(well(&plain).as_bytes()).len(), 1);
    assert!(plain.stderr.contains("4 links were not followed (--follow)"), "{}", plain.stderr);
    let followed = photos.batch().argument("--follow").call();
    // A link to nothing is a place that could not be looked into.
    assert_eq!(followed.code, Some(1), "{followed:?}");
    let found = rows(followed.stdout.as_bytes());
    let names: Vec<_> = found.keys().map(|name| String::from_utf8_lossy(name)).collect();
    assert_eq!(names, ["0/0.jpg", "elsewhere/out.jpg", "link.jpg"]);
    assert!(found.values().all(|row| row["predictions"][0]["label"] == "Vine tomato"), "{found:?}");
    assert!(followed.stderr.contains("loop leads back to a folder that it is in"), "{}", followed.stderr);
}

#[test]
fn files_that_can_t_be_read_have_a_row_and_folders_are_told_of() {
    let photos = Photos::new(1);
    photos.put("large.jpg", &vec![b'x'; 3 << 20]);
    Command::new("mkfifo").arg(photos.path().join("pipe.jpg")).status().unwrap();
    let list = "photos/pipe.jpg\nphotos/large.jpg\nphotos/0/0.jpg\n/dev/zero\n";
    std::fs::write(photos.output("list"), list).unwrap();
    let call = batch(photos.output("list")).option("--photo-limit", "2").call();
    let found = rows(well(&call).as_bytes());
    for (name, code) in
        [("photos/pipe.jpg", "unreadable"), ("photos/large.jpg", "too_large"), ("/dev/zero", "unreadable")]
    {
        assert_eq!(found[name.as_bytes()]["error"]["code"], code, "{name}");
    }
    let missing = batch("no/such/folder").call();
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("can't read no/such/folder"), "{}", missing.stderr);
}

#[test]
fn progress_is_a_line_now_and_then_with_the_time_left() {
    let photos = Photos::new(120);
    let (_folder, module) = support::module(&slow(1_000));
    let call = Vision::new(&["batch", "--log-level", "error", "--progress", "20ms"])
        .argument(photos.path())
        .option("--wasm", module)
        .call();
    well(&call);
    let line = call.stderr.lines().rev().find(|line| line.contains(" of 120 photos (")).expect(&call.stderr);
    assert!(line.starts_with("vision: ") && line.contains("/s, ") && line.ends_with(" left"), "{line}");
}
