//! The file of a history: what is left after deleting, who may read it, and damaged files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use support::{file, read};

use crate::client::Client;
use crate::server::{Server, eventually, tomato, vision};

const LEMON: &str = "tests/samples/lemon.jpg";

fn serve(path: &Path) -> Server {
    Server::start(&["--history", path.to_str().unwrap()])
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    (folder, path)
}

fn keep(server: &Server, picture: &[u8]) {
    let before = server.metric("vision_history_kept_total ");
    assert_eq!(server.recognize(picture).status, 200);
    eventually("it is kept", || server.metric("vision_history_kept_total ") > before);
}

/// All bytes of the database and of the files beside it.
fn bytes(path: &Path) -> Vec<u8> {
    let files = ["", "-wal", "-shm"].map(|suffix| format!("{}{suffix}", path.display()));
    files.iter().flat_map(|file| std::fs::read(file).unwrap_or_default()).collect()
}

fn contains(bytes: &[u8], searched: &[u8]) -> bool {
    bytes.windows(searched.len()).any(|window| window == searched)
}

/// What an entry leaves: its name, the picture's sum, its labels, and pieces of the small picture beyond the tables that
/// all JPEGs of one encoder share.
fn traces(server: &Server, entry: &serde_json::Value) -> Vec<Vec<u8>> {
    let thumbnail = server.get(entry["thumbnail"].as_str().unwrap()).body;
    let pieces = thumbnail[700..].chunks_exact(24).map(<[u8]>::to_vec);
    let texts = [&entry["id"], &entry["sha256"], &entry["predictions"][0]["label"]];
    texts.map(|text| text.as_str().unwrap().as_bytes().to_vec()).into_iter().chain(pieces).collect()
}

fn forget(server: &Server, path: &str) {
    assert_eq!(server.send("DELETE", path, &[], b"").status, 204);
}

fn sqlite(path: &Path, statement: &str) {
    let run =
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.executescript(sys.argv[2])\nc.close()";
    assert!(Command::new("python3").args(["-c", run]).arg(path).arg(statement).status().unwrap().success());
}

#[test]
fn what_is_deleted_is_not_in_the_file_any_more() {
    let (_folder, path) = place();
    let server = serve(&path);
    for _ in 0..20 {
        keep(&server, &read(LEMON));
    }
    keep(&server, &tomato());
    for _ in 0..20 {
        keep(&server, &read(LEMON));
    }
    let page = server.get("/v1/history?label=tomato").json();
    let entry = &page["entries"][0];
    assert_eq!(entry["sha256"].as_str().unwrap(), format!("{:x}", Sha256::digest(tomato())));
    let traces = traces(&server, entry);
    let before = bytes(&path);
    // A piece may be cut in two by the end of a page.
    let there = traces.iter().filter(|trace| contains(&before, trace)).count();
    assert!(there > 20 && there + 5 > traces.len(), "{there} of {}", traces.len());
    forget(&server, &format!("/v1/history/{}", entry["id"].as_str().unwrap()));
    let after = bytes(&path);
    for trace in &traces {
        assert!(!contains(&after, trace), "{}", String::from_utf8_lossy(trace));
    }
    assert_eq!(server.get("/v1/history?limit=100").json()["entries"].as_array().unwrap().len(), 40);
}

#[test]
fn a_file_of_which_all_is_deleted_is_small_again() {
    let (_folder, path) = place();
    let server = serve(&path);
    let empty = bytes(&path).len();
    for _ in 0..20 {
        keep(&server, &read(LEMON));
    }
    let page = server.get("/v1/history").json();
    let traces = traces(&server, &page["entries"][0]);
    assert!(bytes(&path).len() > 2 * empty && contains(&bytes(&path), &traces[0]));
    forget(&server, "/v1/history");
    let after = bytes(&path);
    assert!(traces.iter().all(|trace| !contains(&after, trace)));
    assert!(std::fs::metadata(&path).unwrap().len() < 40_000, "{}", std::fs::metadata(&path).unwrap().len());
}

#[test]
fn entries_that_are_pruned_leave_the_file_too() {
    let (_folder, path) = place();
    let first = serve(&path);
    keep(&first, &tomato());
    let page = first.get("/v1/history").json();
    let traces = traces(&first, &page["entries"][0]);
    drop(first);
    let second = Server::start(&["--history", path.to_str().unwrap(), "--history-limit", "1"]);
    keep(&second, &read(LEMON));
    eventually("the first is forgotten", || {
        let after = bytes(&path);
        traces.iter().all(|trace| !contains(&after, trace))
    });
}

#[test]
fn a_file_of_an_earlier_version_goes_on_and_is_cleaned_once() {
    let (_folder, path) = place();
    let mut first = serve(&path);
    keep(&first, &read(LEMON));
    first.terminate();
    first.wait();
    // As versions before made it, with something that was deleted and is still there.
    sqlite(
        &path,
        "PRAGMA secure_delete = OFF; PRAGMA auto_vacuum = NONE; VACUUM; CREATE TABLE t (x); \
        INSERT INTO t SELECT printf('remains of %d', value) FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL \
        SELECT value + 1 FROM n LIMIT 2000) SELECT value FROM n); DROP TABLE t;",
    );
    assert!(contains(&bytes(&path), b"remains of 1"));
    let second = serve(&path);
    keep(&second, &tomato());
    assert!(!contains(&bytes(&path), b"remains of"));
    assert_eq!(second.get("/v1/history").json()["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn only_its_owner_can_read_a_history() {
    let (_folder, path) = place();
    // One that others could read.
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let server = serve(&path);
    keep(&server, &tomato());
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{}{suffix}", path.display())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}

#[test]
fn a_file_that_is_removed_is_noticed() {
    let (_folder, path) = place();
    let server = serve(&path);
    keep(&server, &tomato());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(server.recognize(&tomato()).status, 200);
    eventually("it is counted", || server.metric("vision_history_failed_total ") >= 1.0);
    assert_eq!(server.get("/v1/history").error(), (503, "overloaded".to_owned()));
    assert!(server.log().contains("was removed or replaced while the service runs"), "{}", server.log());
    assert!(!path.exists());
}

#[test]
fn without_a_path_it_is_in_the_users_data_folder() {
    let home = tempfile::tempdir().unwrap();
    for (name, expected) in [
        ("HOME", "home/.local/share/wasm-vision/history.sqlite"),
        ("XDG_DATA_HOME", "data/wasm-vision/history.sqlite"),
    ] {
        let path = home.path().join(expected);
        let mut command = vision();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--wasm"])
            .arg(file("dist/recognize.wasm"))
            .arg("--history");
        command.env("HOME", home.path().join("home"));
        command.env_remove("XDG_DATA_HOME");
        if name == "XDG_DATA_HOME" {
            command.env(name, home.path().join("data"));
        }
        let server = Server::spawn(command);
        keep(&server, &tomato());
        assert!(
            server.log().contains(&format!("the history is kept in {}", path.display())),
            "{}",
            server.log()
        );
        assert!(path.exists());
        let mode = std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

/// The exit code of a service that can't be started with this history, and what it says.
fn start(path: &Path) -> (Option<i32>, String) {
    let mut command = vision();
    command.args(["serve", "--listen", "127.0.0.1:0", "--wasm"]).arg(file("dist/recognize.wasm"));
    let output = command.arg("--history").arg(path).stdout(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// What can be seen of a path without opening it: its kind and mode, its size, what it links to, its bytes.
fn picture_of(path: &Path) -> (u32, u64, Option<PathBuf>, Vec<u8>) {
    let there = std::fs::symlink_metadata(path).unwrap();
    let bytes = if there.is_file() { std::fs::read(path).unwrap() } else { Vec::new() };
    (there.permissions().mode(), there.len(), std::fs::read_link(path).ok(), bytes)
}

/// Makes a file that everybody may read.
fn public_file(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn what_is_no_history_is_named_and_stays_as_it_is() {
    let (folder, path) = place();
    let at = |name: &str| folder.path().join(name);
    public_file(&at("notes"), b"my notes\n");
    std::fs::create_dir(at("folder")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    std::fs::set_permissions(at("pipe"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    for (link, target) in [("to-notes", at("notes")), ("to-pipe", at("pipe")), ("to-nothing", at("nothing"))]
    {
        std::os::unix::fs::symlink(target, at(link)).unwrap();
    }
    std::os::unix::fs::symlink("/dev/null", at("to-device")).unwrap();
    sqlite(
        &at("database-of-others"),
        "CREATE TABLE bookmarks (address TEXT); INSERT INTO bookmarks VALUES ('x');",
    );
    std::fs::set_permissions(at("database-of-others"), std::fs::Permissions::from_mode(0o644)).unwrap();
    for (name, what) in [
        ("notes", "is a file, but none of SQLite"),
        ("to-notes", "is a file, but none of SQLite"),
        ("folder", "is a folder"),
        ("pipe", "is a pipe (FIFO)"),
        ("to-pipe", "is a pipe (FIFO)"),
        ("socket", "is a socket"),
        ("to-device", "is a device"),
        ("to-nothing", "is a link that leads to nothing"),
        ("database-of-others", "is a database of another program, with 1 tables"),
    ] {
        let before = (picture_of(&at(name)), picture_of(&at("notes")));
        let (code, said) = start(&at(name));
        let remedy = said.contains("it was left as it is") && said.contains("--history FILE");
        assert!(code == Some(2) && said.contains(what) && remedy, "{name}: {said}");
        assert_eq!((picture_of(&at(name)), picture_of(&at("notes"))), before, "{name}");
    }
    assert!(!at("nothing").exists() && !path.exists());
    assert_eq!(std::fs::metadata("/dev/null").unwrap().permissions().mode() & 0o777, 0o666);
}

#[test]
fn what_others_put_where_sqlite_puts_its_files_stays_as_it_is() {
    let (folder, path) = place();
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    let notes = folder.path().join("notes");
    public_file(&notes, b"my notes\n");
    for suffix in ["-wal", "-shm", "-journal"] {
        public_file(&beside(suffix), b"notes of somebody else's\n");
        let before = picture_of(&beside(suffix));
        let (code, said) = start(&path);
        assert!(code == Some(2) && said.contains(&format!("{suffix} stands where SQLite puts")), "{said}");
        assert_eq!(picture_of(&beside(suffix)), before);
        std::fs::remove_file(beside(suffix)).unwrap();

        std::os::unix::fs::symlink(&notes, beside(suffix)).unwrap();
        let (code, said) = start(&path);
        assert!(code == Some(2) && said.contains(&format!("{suffix} is a link")), "{said}");
        std::fs::remove_file(beside(suffix)).unwrap();
        assert_eq!(picture_of(&notes).0 & 0o777, 0o644);
    }
    // What deleting on a full disk would remove, and a link through which it would be made.
    public_file(&beside("-reserve"), b"notes of somebody else's\n");
    let server = serve(&path);
    assert!(server.log().contains("-reserve is not of this program"), "{}", server.log());
    assert_eq!(std::fs::read(beside("-reserve")).unwrap(), b"notes of somebody else's\n");
    drop(server);
    std::fs::remove_file(beside("-reserve")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), beside("-reserve")).unwrap();
    drop(serve(&path));
    assert!(!folder.path().join("elsewhere").exists());
}

#[test]
fn a_link_to_a_history_is_followed_and_what_lies_beside_it_is_restricted_where_it_lies() {
    let (folder, path) = place();
    let first = serve(&path);
    keep(&first, &tomato());
    // Killed, it leaves its log.
    drop(first);
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", path.display());
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    std::fs::create_dir(folder.path().join("links")).unwrap();
    let link = folder.path().join("links/history");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let second = serve(&link);
    keep(&second, &tomato());
    assert_eq!(second.get("/v1/history").json()["entries"].as_array().unwrap().len(), 2);
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{}{suffix}", path.display())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
    assert_eq!(std::fs::read_dir(folder.path().join("links")).unwrap().count(), 1);
}

#[test]
fn a_file_that_cannot_be_used_ends_the_start_with_what_helps() {
    let (_folder, path) = place();
    std::fs::write(&path, "certainly not a database ".repeat(1000)).unwrap();
    let (code, said) = start(&path);
    assert!(code == Some(2) && said.contains("none of SQLite: it was left as it is; move it away"), "{said}");

    std::fs::remove_file(&path).unwrap();
    let mut server = serve(&path);
    for _ in 0..10 {
        keep(&server, &read(LEMON));
    }
    server.terminate();
    server.wait();
    let sound = std::fs::read(&path).unwrap();
    let mut damaged = sound.clone();
    damaged[4096..12288].fill(0x5A);
    std::fs::write(&path, &damaged).unwrap();
    let (code, said) = start(&path);
    assert!(code == Some(2) && said.contains("damaged"), "{said}");

    std::fs::write(&path, &sound).unwrap();
    sqlite(
        &path,
        "INSERT INTO _sqlx_migrations SELECT 99, 'later', installed_on, success, checksum, 0 FROM _sqlx_migrations LIMIT 1;",
    );
    let (code, said) = start(&path);
    assert!(code == Some(2) && said.contains("step 99") && said.contains("newer version"), "{said}");
}

#[test]
fn on_a_full_disk_deleting_works_and_makes_room() {
    let (folder, path) = place();
    let mounted = r#"mount -t tmpfs -o size=2m none "$0" && exec "$@""#;
    let in_a_small_disk = |program: &std::ffi::OsStr, arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", mounted]).arg(folder.path()).arg(program);
        command.args(arguments);
        command
    };
    let can = in_a_small_disk("true".as_ref(), &[]).stderr(Stdio::null()).status();
    if !can.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("CI").is_none(), "CI needs user namespaces");
        return;
    }
    let (module, path) = (file("dist/recognize.wasm"), path.to_str().unwrap());
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--history",
        path,
        "--wasm",
        module.to_str().unwrap(),
        "--log-level",
        "error",
    ];
    let server = Server::spawn(in_a_small_disk(vision().get_program(), &arguments));
    let recognised = std::cell::Cell::new(0.0);
    eventually("the disk is full", || {
        assert_eq!(server.recognize(&read(LEMON)).status, 200);
        recognised.set(recognised.get() + 1.0);
        server.metric("vision_history_failed_total ") > 0.0
    });
    // What is left of the disk goes, too.
    let filler = format!("/proc/{}/root{}/filler", server.id(), folder.path().display());
    assert!(std::fs::write(filler, vec![0; 4 << 20]).is_err());
    eventually("none waits to be kept", || {
        let ended =
            server.metric("vision_history_kept_total ") + server.metric("vision_history_failed_total ");
        ended >= recognised.get()
    });
    let page = server.get("/v1/history?limit=100").json();
    let count = page["entries"].as_array().unwrap().len();
    for entry in page["entries"].as_array().unwrap().iter().take(3) {
        forget(&server, &format!("/v1/history/{}", entry["id"].as_str().unwrap()));
    }
    assert!(count > 10);
    forget(&server, "/v1/history");
    assert_eq!(server.get("/v1/history").json()["entries"].as_array().unwrap().len(), 0);
    keep(&server, &tomato());
}
