//! Whole events through the function's library: any bytes end in an answer of the contract or in one line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use recognize::{Classifier, Format, FunctionError, MODEL, Quantization};
use serde_json::Value;

/// Stands in for the host's model: the picture's own bytes are the values.
struct Bytes;

impl Classifier for Bytes {
    fn classify(&mut self, encoded: &[u8], _: Format) -> Result<(Vec<u8>, Quantization), FunctionError> {
        let values = (0..MODEL.classes()).map(|index| encoded.get(index).copied().unwrap_or_default());
        Ok((values.collect(), Quantization { scale: 1.0 / 256.0, zero_point: 0 }))
    }
}

fuzz_target!(|event: &[u8]| {
    let reply = recognize::answer(event, &mut Bytes);
    match reply.exit_code {
        0 if reply.stdout.starts_with('{') => check_http(&reply.stdout),
        0 => check_lines(&reply.stdout),
        1 => {
            assert_eq!(reply.stdout, "");
            check_one_line(&reply.stderr);
        }
        code => panic!("exit code {code}"),
    }
});

fn check_http(stdout: &str) {
    let answer: Value = serde_json::from_str(stdout).expect("an HTTP answer is JSON");
    let status = answer["statusCode"].as_u64().expect("it has a status");
    let body = answer["body"].as_str().expect("its body is a text");
    match status {
        200 | 204 => {}
        400 | 413 | 415 | 422 => {
            let body: Value = serde_json::from_str(body).expect("an error's body is JSON");
            assert!(body["error"]["code"].is_string() && body["error"]["message"].is_string());
        }
        // 500 would be our fault, and the classifier here makes none.
        status => panic!("status {status}: {body}"),
    }
}

fn check_lines(stdout: &str) {
    assert_eq!(stdout.lines().count(), 3, "{stdout:?}");
    assert!(stdout.lines().all(|line| line.contains(": ") && line.ends_with('%')), "{stdout:?}");
}

fn check_one_line(stderr: &str) {
    let line = stderr.strip_suffix('\n').expect("the reason ends its line");
    assert!(!line.is_empty() && !line.contains('\n'), "{stderr:?}");
}
