//! Clients that send malformed requests, by mistake or on purpose. After all of it, a good request is answered.

use std::io::Write;
use std::net::TcpStream;

use crate::client::{Client, Reply, form, request};
use crate::server::{Server, eventually, tomato};

/// Numbers that look random and are the same in every run (xorshift, by G. Marsaglia).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

fn assert_well(server: &Server) {
    assert_eq!(server.recognize(&tomato()).status, 200, "{}", server.log());
}

/// A status that tells the client of its mistake, or a picture that survived the damage.
fn assert_told(reply: &Reply) {
    assert!([200, 400, 413, 415, 422].contains(&reply.status), "{reply:?}");
}

#[test]
fn two_hundred_damaged_forms_are_answered() {
    let server = Server::start(&[]);
    let mut numbers = Numbers(20_261_121);
    let (content_type, body) = form(&tomato()[..4000]);
    for _ in 0..200 {
        let mut body = body.clone();
        for _ in 0..=numbers.below(8) {
            // Most of the damage to the form, some to the picture.
            let reach = if numbers.below(4) == 0 { body.len() } else { 100 };
            let place = numbers.below(reach);
            match numbers.below(3) {
                0 => body[place] = u8::try_from(numbers.below(256)).unwrap(),
                1 => drop(body.remove(place)),
                _ => body.truncate(body.len() - numbers.below(body.len() / 2)),
            }
        }
        assert_told(&server.post("/", content_type, &body));
    }
    assert_well(&server);
}

#[test]
fn bodies_that_break_off_do_no_harm() {
    let server = Server::start(&[]);
    let mut numbers = Numbers(7);
    let picture = tomato();
    for _ in 0..50 {
        let part = &picture[..numbers.below(picture.len())];
        let chunk = format!("{:x}\r\n", part.len() + numbers.below(100));
        let head = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
        let reply = server.raw(&[head.as_bytes(), chunk.as_bytes(), part].concat());
        assert!(reply.is_none_or(|reply| reply.status == 400));
    }
    assert_well(&server);
}

#[test]
fn wrong_lengths_do_no_harm() {
    let server = Server::start(&[]);
    let picture = tomato();
    for length in
        ["-1", "1e3", "99999999999999999999999", "0x10", "", "12, 13", "1", "2000000", "20000000000"]
    {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        let reply = server.raw(&[head.as_bytes(), &picture].concat());
        assert!(reply.is_none_or(|reply| [400, 413, 415, 422].contains(&reply.status)), "{length}");
    }
    assert_well(&server);
}

#[test]
fn what_is_no_http_does_no_harm() {
    let server = Server::start(&[]);
    let mut numbers = Numbers(99);
    for length in 1..100 {
        let bytes: Vec<u8> = (0..length * 7).map(|_| u8::try_from(numbers.below(256)).unwrap()).collect();
        assert!(server.raw(&bytes).is_none_or(|reply| reply.status == 400));
    }
    for text in
        ["GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        assert!(
            server.raw(text.as_bytes()).is_none_or(|reply| [400, 505].contains(&reply.status)),
            "{text:?}"
        );
    }
    assert_well(&server);
}

#[test]
fn a_hundred_clients_that_never_finish_hold_no_worker() {
    let server = Server::start(&["--workers", "1"]);
    let whole = request("POST", "/", &[], &tomato());
    let mut held: Vec<TcpStream> = (0..100).map(|_| server.connect()).collect();
    for (number, stream) in held.iter_mut().enumerate() {
        // A third each: in the request line, in the headers, in the body.
        let sent = [8, 40, 4000][number % 3];
        stream.write_all(&whole[..sent]).unwrap();
    }
    assert_well(&server);
    assert!(server.metric("vision_connections ") >= 100.0);
    for stream in &mut held {
        stream.write_all(b"x").unwrap();
    }
    assert_well(&server);
}

#[test]
fn a_client_that_closes_its_side_after_the_request_gets_its_answer() {
    let server = Server::start(&[]);
    // `raw` closes its side.
    let reply = server.raw(&request("POST", "/", &[], &tomato())).expect("an answer");
    assert_eq!(reply.status, 200);
    assert_eq!(
        server.raw(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("an answer").status,
        200
    );
    eventually("the connections are closed", || server.metric("vision_connections ") <= 1.0);
}

#[test]
fn clients_that_go_away_are_forgotten() {
    let server = Server::start(&["--workers", "1"]);
    let whole = request("POST", "/", &[], &tomato());
    for _ in 0..20 {
        server.connect().write_all(&whole).unwrap();
    }
    assert_well(&server);
}

#[test]
fn a_body_in_another_transfer_encoding_than_chunked_is_refused() {
    let server = Server::start(&[]);
    for encoding in
        ["gzip, chunked", "gzip,chunked", "identity, chunked", "chunked\r\ntransfer-encoding: chunked"]
    {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: {encoding}\r\n\r\n"
        );
        let reply = server.raw(&[head.as_bytes(), b"3\r\nabc\r\n0\r\n\r\n"].concat()).expect("an answer");
        assert_eq!(reply.status, 400, "{encoding}");
    }
    assert_well(&server);
}

#[test]
fn paths_that_are_not_utf_8_are_answered_like_others_that_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["--history", folder.path().join("h.sqlite").to_str().unwrap()]);
    for (method, path) in [
        ("GET", "/%ff"),
        ("GET", "/assets/%ff"),
        ("GET", "/v1/history/%ff/thumbnail"),
        ("DELETE", "/v1/history/%ff"),
        ("DELETE", "/v1/history/nonsense"),
    ] {
        assert_eq!(
            server.send(method, path, &[], b"").error(),
            (404, "not_found".to_owned()),
            "{method} {path}"
        );
    }
}

#[test]
fn nobody_is_told_to_send_what_will_be_refused() {
    let server = Server::start(&[]);
    let ask = |headers: &str| {
        let mut client = server.connect();
        let head = format!("POST / HTTP/1.1\r\nexpect: 100-continue\r\n{headers}\r\n\r\n");
        client.write_all(head.as_bytes()).unwrap();
        Reply::read(&mut client).expect("an answer").status
    };
    assert_eq!(ask("host: localhost\r\ncontent-length: 70000000"), 413);
    assert_eq!(ask("host: rebound.example\r\ncontent-length: 7"), 403);
    assert_eq!(ask("host: localhost\r\norigin: https://elsewhere.example\r\ncontent-length: 7"), 403);
    assert_eq!(ask("host: localhost\r\ntransfer-encoding: gzip, chunked"), 400);
    // One that is taken is told so.
    let mut client = server.connect();
    let picture = tomato();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        picture.len()
    );
    client.write_all(head.as_bytes()).unwrap();
    let mut told = [0; 25];
    std::io::Read::read_exact(&mut client, &mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(&picture).unwrap();
    assert_eq!(Reply::read(&mut client).expect("an answer").status, 200);
}
