//! Bodies of HTTP requests, as a gateway passes them on: for any type and content the result is a picture, or the reason
//! why there is none.
//!
//! The input: content type, content encoding (often empty), each on a line, then the body.

#![no_main]

use base64::prelude::{BASE64_STANDARD, Engine as _};
use contract::HttpAnswer;
use kit::{Answer, Format};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |&byte| byte == b'\n');
    let (Some(content_type), Some(encoding), Some(body)) = (lines.next(), lines.next(), lines.next()) else {
        return;
    };
    let headers = json!({
        "content-type": String::from_utf8_lossy(content_type),
        "content-encoding": String::from_utf8_lossy(encoding),
    });
    let binary = json!({"httpMethod": "POST", "headers": headers, "isBase64Encoded": true,
        "body": BASE64_STANDARD.encode(body)});
    check(&binary.to_string());
    // A gateway that takes bodies for text.
    let text = json!({"httpMethod": "POST", "headers": headers, "body": String::from_utf8_lossy(body)});
    check(&text.to_string());
});

fn check(event: &str) {
    let reply = kit::respond(event.as_bytes(), &mut |event| {
        let picture = event.picture()?;
        let start: &[u8] = match picture.format() {
            Format::Jpeg => b"\xFF\xD8\xFF",
            Format::Png => b"\x89PNG",
        };
        assert!(picture.bytes().starts_with(start));
        Ok(Answer::text("a picture"))
    });
    let stdout = String::from_utf8(reply.stdout).expect("answers are text");
    let answer = HttpAnswer::parse(&stdout).expect("an HTTP answer");
    assert!(matches!(answer.status, 200 | 400 | 415) && !answer.body.is_empty(), "{stdout}");
}
