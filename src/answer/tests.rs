//! Whole events against a classifier that knows one answer; the real one runs in the end-to-end tests.

use super::*;
use crate::Classification;
use kit::{Picture, Reply};
use packed::{Description, Element, Input, Output, Parts, Quantization, Scores, Unsure};
use serde_json::Value;

const PNG_BASE64: &str = "iVBORw0KGgoAAAANSUhEUg==";

/// Gives class 1 three quarters, class 0 and the last class an eighth each.
#[derive(Default)]
struct Fixed {
    notice: Option<String>,
}

impl Classifier for Fixed {
    fn classify(&mut self, _: &Picture<'_>, model: &Model<'_>) -> Result<Classification, FunctionError> {
        let mut output = vec![0; model.classes()];
        output[1] = 192;
        output[0] = 32;
        *output.last_mut().unwrap() = 32;
        Ok(Classification { output, notice: self.notice.clone() })
    }
}

const CLASSES: usize = 5;

/// A model of five classes, whose answers are unsure below this probability.
fn block(below: Option<f64>) -> Vec<u8> {
    let quantization = Some(Quantization { scale: 1.0 / 256.0, zero_point: 0 });
    let description = Description {
        name: "letters".to_owned(),
        input: Input {
            tensor: "picture".to_owned(),
            width: 8,
            height: 8,
            channels: 3,
            channels_first: false,
            element: Element::Uint8,
            normalization: None,
            quantization: None,
        },
        output: Output {
            tensor: "letter".to_owned(),
            classes: CLASSES,
            element: Element::Uint8,
            quantization,
            scores: Scores::Probabilities,
        },
        unsure: Unsure { below, ..Unsure::default() },
    };
    let [english, chinese] = [Language::English, Language::Chinese]
        .map(|language| (0..CLASSES).map(|index| label(index, language)).collect::<Vec<_>>());
    let parts = Parts {
        description: &description,
        english: &english,
        chinese: &chinese,
        model: b"",
        sha256: [0; 32],
    };
    parts.pack().unwrap()
}

fn label(index: usize, language: Language) -> String {
    let letters = match language {
        Language::English => ["A", "B", "C", "D", "E"],
        Language::Chinese => ["甲", "乙", "丙", "丁", "戊"],
    };
    letters[index].to_owned()
}

fn reply_of(event: &Value, classifier: &mut Fixed) -> Reply {
    reply_of_model(event, classifier, None)
}

fn reply_of_model(event: &Value, classifier: &mut Fixed, below: Option<f64>) -> Reply {
    let block = block(below);
    let model = Model::read(&block).unwrap();
    kit::respond(event.to_string().as_bytes(), &mut |event| answer(event, &model, classifier))
}

fn http(extra: &Value) -> Value {
    let mut event = json!({"httpMethod": "POST", "path": "/", "headers": {}, "body": PNG_BASE64});
    event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    event
}

/// Status, headers and body of an HTTP answer.
fn response(event: &Value) -> (u64, Value, Value) {
    let reply = reply_of(event, &mut Fixed::default());
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""), "HTTP errors are answers");
    let response: Value = serde_json::from_slice(&reply.stdout).unwrap();
    let body = response["body"].as_str().unwrap();
    let body = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
    (response["statusCode"].as_u64().unwrap(), response["headers"].clone(), body)
}

#[test]
fn a_bare_event_gets_three_lines_likeliest_first() {
    let last = CLASSES - 1;
    let [first, second, third] = [1, 0, last].map(|index| label(index, Language::English));
    let reply = reply_of(&json!({"body": PNG_BASE64}), &mut Fixed::default());
    let expected = format!("{first}: 75.00%\n{second}: 12.50%\n{third}: 12.50%\n");
    assert_eq!(String::from_utf8(reply.stdout).unwrap(), expected);
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
}

#[test]
fn an_http_event_gets_json_with_labels_numbers_and_probabilities() {
    let (status, headers, body) = response(&http(&json!({})));
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(body["model"], "letters");
    assert_eq!(
        body["predictions"][0],
        json!({"label": label(1, Language::English), "index": 1, "probability": 0.75})
    );
    assert_eq!(body["predictions"].as_array().unwrap().len(), 3);
    assert_eq!(body.get("notice"), None);
}

#[test]
fn an_http_event_may_ask_for_text_and_for_chinese() {
    let (_, headers, body) =
        response(&http(&json!({"headers": {"Accept": "text/plain"}, "queryString": {"lang": "zh"}})));
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(headers["content-language"], "zh");
    assert!(body.as_str().unwrap().starts_with(&format!("{}: 75.00%\n", label(1, Language::Chinese))));
}

#[test]
fn an_http_event_may_ask_for_another_number_of_labels() {
    let (_, _, body) = response(&http(&json!({"queryString": {"top": "1"}})));
    assert_eq!(body["predictions"].as_array().unwrap().len(), 1);
    for top in ["0", "-1", "many", "100000"] {
        let (status, _, body) = response(&http(&json!({"queryStringParameters": {"top": top}})));
        assert_eq!((status, &body["error"]["code"]), (400, &json!("bad_request")), "{top}");
    }
}

#[test]
fn what_the_host_says_of_the_picture_goes_into_the_answer() {
    let mut classifier = Fixed { notice: Some("7 % of it are missing".to_owned()) };
    let reply = reply_of(&json!({"body": PNG_BASE64}), &mut classifier);
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, "7 % of it are missing\n"));
    let reply = reply_of(&http(&json!({})), &mut classifier);
    let response: Value = serde_json::from_slice(&reply.stdout).unwrap();
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["notice"], "7 % of it are missing");
    let reply = reply_of(&http(&json!({"headers": {"accept": "text/plain"}})), &mut classifier);
    let response: Value = serde_json::from_slice(&reply.stdout).unwrap();
    assert_eq!(response["headers"]["x-vision-notice"], "7 %25 of it are missing");
}

#[test]
fn below_the_models_threshold_an_answer_is_marked_as_unsure() {
    let text = |below, language| {
        let event = http(&json!({"headers": {"Accept": "text/plain"}, "queryString": {"lang": language}}));
        let reply = reply_of_model(&event, &mut Fixed::default(), Some(below));
        let answer: Value = serde_json::from_slice(&reply.stdout).unwrap();
        answer["body"].as_str().unwrap().to_owned()
    };
    assert_eq!(text(0.75, "en").lines().count(), 3, "not below");
    let hints = ["en", "zh"].map(|language| text(0.76, language).lines().nth(3).unwrap().to_owned());
    assert_eq!(hints, [hint(Language::English), hint(Language::Chinese)]);
    let json = |below| {
        let reply = reply_of_model(&http(&json!({})), &mut Fixed::default(), below);
        let answer: Value = serde_json::from_slice(&reply.stdout).unwrap();
        serde_json::from_str::<Value>(answer["body"].as_str().unwrap()).unwrap()
    };
    assert_eq!(json(Some(0.76))["unsure"], true);
    assert_eq!((json(Some(0.75)).get("unsure"), json(None).get("unsure")), (None, None));
}
