use axum::body::Body;
use proptest::prelude::*;

use super::*;

/// How a request is answered: 200 where it goes on.
fn status(callers: &Callers, method: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri("/v1/history");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let checked = callers.check(&request.body(Body::empty()).unwrap());
    checked.map_or_else(|problem| problem.code.status(), |()| 200)
}

fn callers(hosts: &[&str], origins: &[&str]) -> Callers {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    Callers::new(&owned(hosts), &owned(origins))
}

#[test]
fn addresses_and_localhost_are_the_services_own_names_with_any_port() {
    let strict = callers(&[], &[]);
    for host in [
        "127.0.0.1",
        "10.1.2.3:9000",
        "localhost",
        "LocalHost:80",
        "[::1]",
        "[2001:db8::7]:9000",
        "localhost:",
    ] {
        assert_eq!(status(&strict, "GET", &[("host", host)]), 200, "{host}");
    }
    for host in [
        "rebound.example",
        "localhost.example:9000",
        "127.0.0.1.example",
        "127.1",
        "0x7f.0.0.1",
        "localhosts",
    ] {
        assert_eq!(status(&strict, "GET", &[("host", host)]), 403, "{host}");
    }
    for host in
        ["", ":9000", "::1", "[::1", "[::1]x", "localhost:x", "localhost:99999", "a b", "user@localhost"]
    {
        assert_eq!(status(&strict, "GET", &[("host", host)]), 400, "{host}");
    }
    assert_eq!(status(&strict, "GET", &[("host", "[::1::]")]), 403);
}

#[test]
fn other_names_are_given_and_have_no_case() {
    let named = callers(&["Pictures.example"], &[]);
    assert_eq!(status(&named, "GET", &[("host", "pictures.EXAMPLE:8443")]), 200);
    assert_eq!(status(&named, "GET", &[("host", "example")]), 403);
    assert_eq!(status(&callers(&["*"], &[]), "GET", &[("host", "anything")]), 200);
}

#[test]
fn there_is_exactly_one_host() {
    let any = callers(&["*"], &[]);
    assert_eq!(status(&any, "GET", &[]), 400);
    assert_eq!(status(&any, "GET", &[("host", "localhost"), ("host", "localhost")]), 400);
}

#[test]
fn a_first_line_with_another_name_is_refused() {
    let request =
        |uri: &str| Request::builder().uri(uri).header("host", "localhost").body(Body::empty()).unwrap();
    let check = |uri: &str| callers(&[], &[]).check(&request(uri)).map_err(|problem| problem.code);
    assert_eq!(check("http://localhost:9000/v1/history"), Ok(()));
    assert_eq!(check("http://rebound.example/v1/history"), Err(ErrorCode::Forbidden));
}

#[test]
fn health_is_told_to_anybody() {
    for path in FOR_ANYBODY {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        assert!(callers(&[], &[]).check(&request).is_ok(), "{path}");
    }
}

#[test]
fn only_pages_of_the_service_itself_may_change_anything() {
    let strict = callers(&["pictures.example"], &[]);
    let from = |method, host, origin| status(&strict, method, &[("host", host), ("origin", origin)]);
    for (host, origin) in [
        ("localhost:9000", "http://localhost:9000"),
        ("pictures.example", "https://pictures.example"),
        ("pictures.example:443", "https://Pictures.example"),
        ("127.0.0.1", "http://127.0.0.1:80"),
    ] {
        assert_eq!(from("POST", host, origin), 200, "{host} {origin}");
    }
    for origin in [
        "http://evil.example",
        "null",
        "",
        "http://localhost",
        "http://localhost:9001",
        "http://localhost:9000.evil.example",
        "file://localhost:9000",
        "http://127.0.0.1:9000",
    ] {
        for method in ["POST", "DELETE", "PUT"] {
            assert_eq!(from(method, "localhost:9000", origin), 403, "{method} {origin}");
        }
        assert_eq!(from("GET", "localhost:9000", origin), 200, "{origin}");
    }
    let twice = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://evil.example")];
    assert_eq!(status(&strict, "POST", &twice), 403);
}

#[test]
fn a_page_at_https_is_the_services_own_only_under_a_name_that_was_given() {
    fn delete(hosts: &[&str], host: &str, origin: &str) -> u16 {
        status(&callers(hosts, &[]), "DELETE", &[("host", host), ("origin", origin)])
    }
    for (host, origin) in [
        ("localhost", "https://localhost"),
        ("localhost:443", "https://localhost"),
        ("localhost:9000", "https://localhost:9000"),
        ("127.0.0.1", "https://127.0.0.1"),
        ("[::1]", "https://[::1]"),
    ] {
        // Any name is none in particular.
        for hosts in [&[][..], &["*"], &["pictures.example"]] {
            assert_eq!(delete(hosts, host, origin), 403, "{hosts:?} {host} {origin}");
        }
    }
    assert_eq!(delete(&[], "localhost", "http://localhost"), 200);
    assert_eq!(delete(&["*"], "pictures.example", "https://pictures.example"), 403);
    for given in ["pictures.example", "localhost", "10.1.2.3"] {
        let origin = format!("https://{given}");
        assert_eq!(delete(&[given], given, &origin), 200, "{given}");
        assert_eq!(delete(&[given], given, &format!("{origin}:8443")), 403, "{given}");
        assert_eq!(delete(&[given], &format!("{given}:8443"), &format!("{origin}:8443")), 200, "{given}");
        assert_eq!(delete(&[given], given, "https://other.example"), 403, "{given}");
    }
    // Whatever the names are, an origin can be named itself.
    let headers = [("host", "localhost"), ("origin", "https://localhost")];
    assert_eq!(status(&callers(&[], &["https://localhost"]), "DELETE", &headers), 200);
}

#[test]
fn what_a_browser_says_of_a_page_counts_beside_its_origin() {
    for (site, expected) in [("same-origin", 200), ("same-site", 403), ("cross-site", 403)] {
        let headers =
            [("host", "pictures.example"), ("origin", "https://pictures.example"), ("sec-fetch-site", site)];
        assert_eq!(status(&callers(&["pictures.example"], &[]), "DELETE", &headers), expected, "{site}");
    }
}

#[test]
fn what_a_browser_calls_cross_site_is_refused_without_an_origin_too() {
    let site = |site| status(&callers(&[], &[]), "POST", &[("host", "localhost"), ("sec-fetch-site", site)]);
    assert_eq!((site("same-origin"), site("none")), (200, 200));
    assert_eq!((site("cross-site"), site("same-site")), (403, 403));
}

#[test]
fn pages_of_origins_that_were_named_may() {
    let headers =
        [("host", "localhost"), ("origin", "https://shop.example"), ("sec-fetch-site", "cross-site")];
    for (origin, expected) in [("https://shop.example", 200), ("*", 200), ("https://other.example", 403)] {
        assert_eq!(status(&callers(&[], &[origin]), "POST", &headers), expected, "{origin}");
    }
}

proptest! {
    #[test]
    fn any_host_and_origin_get_an_answer(host in "[ -~]{0,20}", origin in "[ -~]{0,30}") {
        status(&callers(&[], &[]), "POST", &[("host", &host), ("origin", &origin)]);
        let (address, foreign) = ("127.0.0.1", format!("http://x{origin}"));
        prop_assert_eq!(status(&callers(&[], &[]), "POST", &[("host", address), ("origin", &foreign)]), 403);
    }
}
