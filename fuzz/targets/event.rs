//! Whole events through the function and its kit: any bytes end in an answer of the contract or in one line.

#![no_main]

use std::sync::LazyLock;

use contract::ErrorCode;
use kit::{FunctionError, Picture};
use libfuzzer_sys::fuzz_target;
use packed::{Description, Element, Input, Output, Parts, Quantization, Scores, Unsure};
use recognize::{Classification, Classifier, Model};
use serde_json::Value;

/// Stands in for the host's model: the picture's own bytes are the values.
struct Bytes;

impl Classifier for Bytes {
    fn classify(
        &mut self,
        picture: &Picture<'_>,
        model: &Model<'_>,
    ) -> Result<Classification, FunctionError> {
        let values =
            (0..model.classes()).map(|index| picture.bytes().get(index).copied().unwrap_or_default());
        Ok(Classification { output: values.collect(), notice: None })
    }
}

/// A model of eighty classes.
static BLOCK: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let quantization = Some(Quantization { scale: 1.0 / 256.0, zero_point: 0 });
    let (classes, element, scores) = (80, Element::Uint8, Scores::Probabilities);
    let description = Description {
        name: "numbers".to_owned(),
        input: Input {
            tensor: "in".to_owned(),
            width: 1,
            height: 1,
            channels: 3,
            channels_first: false,
            element,
            normalization: None,
            quantization: None,
        },
        output: Output { tensor: "out".to_owned(), classes, element, quantization, scores },
        unsure: Unsure::default(),
    };
    let labels: Vec<String> = (0..classes).map(|class| format!("number {class}")).collect();
    let parts =
        Parts { description: &description, english: &labels, chinese: &labels, model: &[], sha256: [0; 32] };
    parts.pack().expect("a sound block")
});

fuzz_target!(|event: &[u8]| {
    let model = Model::read(&BLOCK).expect("a sound block");
    let reply = kit::respond(event, &mut |event| recognize::answer(event, &model, &mut Bytes));
    let stdout = String::from_utf8(reply.stdout).expect("answers are text");
    match reply.exit_code {
        0 if stdout.starts_with('{') => {
            // Escapes in the names of fields are read, but not looked for.
            assert!(contract::http::is_http(event) || event.contains(&b'\\'), "{stdout}");
            check_http(&stdout);
        }
        0 => check_lines(&stdout),
        code => {
            let code = ErrorCode::from_exit_code(code.into()).expect("a code of the contract");
            // Anything else would be our fault, and the classifier here makes none.
            assert!(code.is_the_callers(), "{code:?}: {}", reply.stderr);
            assert_eq!(stdout, "");
            check_one_line(&reply.stderr);
        }
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
