//! The files of the page.

use support::file;

use crate::client::Client;
use crate::in_process::InProcess;

#[test]
fn the_page_and_all_it_names_come_from_the_service_itself() {
    let server = InProcess::start(&[]);
    for path in ["/", "/history"] {
        let page = server.get(path);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let html = page.text();
        for attribute in ["src=\"", "href=\""] {
            for target in html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let is_link = attribute == "href=\"" && target.starts_with("https://");
                assert!(is_link || !target.contains("//"), "{path} names {target}");
                if let Some(file) = target.trim_start_matches('/').strip_prefix("assets/") {
                    assert_eq!(server.get(&format!("/assets/{file}")).status, 200, "{path} names {target}");
                }
            }
        }
    }
}

#[test]
fn files_are_the_ones_of_the_project_and_are_not_sent_twice() {
    let server = InProcess::start(&[]);
    let first = server.get("/");
    assert_eq!(first.body, std::fs::read(file("web/index.html")).unwrap());
    let tag = first.header("etag").unwrap();
    let second = server.send("GET", "/", &[("if-none-match", tag)], b"");
    assert_eq!((second.status, second.body.len()), (304, 0));
    assert_eq!(server.send("GET", "/", &[("if-none-match", "\"other\"")], b"").status, 200);
}

#[test]
fn nothing_foreign_and_nothing_inline_may_run() {
    let page = InProcess::start(&[]).get("/");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

#[test]
fn files_beside_the_page_are_not_served() {
    let server = InProcess::start(&[]);
    for path in ["/assets/", "/assets/nothing.js", "/assets/../layer/Cargo.toml", "/assets/%2e%2e/Cargo.toml"]
    {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}
