//! `vision run` with good events.

use serde_json::json;

use support::{file, read};

use crate::program::{Vision, encode, http, labels, response};

#[test]
fn the_tomato_is_named_first_in_three_lines() {
    let outcome = Vision::run_function().argument(file("tests/tomato.json")).call();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", outcome.stdout);
    assert!(lines[0].contains("omato"), "{}", lines[0]);
    let shares: Vec<f64> = lines
        .iter()
        .map(|line| line.rsplit_once(": ").unwrap().1.strip_suffix('%').unwrap().parse().unwrap())
        .collect();
    assert!(shares.is_sorted_by(|a, b| a >= b) && shares.iter().sum::<f64>() <= 100.5, "{shares:?}");
}

#[test]
fn an_event_comes_from_standard_input_as_well() {
    let from_file = Vision::run_function().argument(file("tests/tomato.json")).call();
    let from_stdin = Vision::run_function().stdin(read("tests/tomato.json")).call();
    assert_eq!(from_file.stdout, from_stdin.stdout);
}

#[test]
fn a_picture_is_an_event_by_itself() {
    let from_event = Vision::run_function().argument(file("tests/tomato.json")).call();
    let from_file = Vision::run_function().argument(file("tests/samples/tomato.jpg")).call();
    let from_stdin = Vision::run_function().stdin(read("tests/samples/tomato.jpg")).call();
    assert_eq!((from_file.code, &from_file.stdout), (Some(0), &from_event.stdout), "{}", from_file.stderr);
    assert_eq!(from_stdin.stdout, from_event.stdout);
}

#[test]
fn an_http_event_gets_a_response_with_labels_numbers_and_probabilities() {
    let body = json!(encode(read("tests/samples/tomato.jpg")));
    let (status, body) = response(&Vision::run_function().stdin(http(&body, &json!({}))).call());
    assert_eq!(status, 200);
    let predictions = body["predictions"].as_array().unwrap();
    assert_eq!(predictions.len(), 3);
    for prediction in predictions {
        let index = usize::try_from(prediction["index"].as_u64().unwrap()).unwrap();
        assert_eq!(prediction["label"], labels("en")[index]);
    }
}

#[test]
fn an_http_event_may_ask_for_chinese_text() {
    let body = json!(encode(read("tests/samples/tomato.jpg")));
    let extra = json!({"headers": {"accept": "text/plain", "accept-language": "zh-CN,zh;q=0.9"}});
    let (_, text) = response(&Vision::run_function().stdin(http(&body, &extra)).call());
    let first = text.as_str().unwrap().lines().next().unwrap().rsplit_once(": ").unwrap().0.to_owned();
    assert!(labels("zh").contains(&first), "{first}");
}

#[test]
fn the_same_picture_gets_the_same_labels_in_every_form_of_a_body() {
    let picture = encode(read("tests/samples/lemon.jpg"));
    let expected = response(&Vision::run_function().stdin(http(&json!(picture), &json!({}))).call());
    let url_safe = picture.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned();
    let wrapped: Vec<&str> =
        picture.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    for body in [
        url_safe,
        wrapped.join("\r\n"),
        format!("data:image/jpeg;base64,{picture}"),
        format!("data:text/plain;base64,{picture}"),
        json!({"image": picture}).to_string(),
        json!({"image": format!("data:image/jpeg;base64,{picture}")}).to_string(),
    ] {
        let plain = response(&Vision::run_function().stdin(http(&json!(body), &json!({}))).call());
        assert_eq!(plain, expected);
    }
    let encoded = json!(encode(json!({"image": picture}).to_string()));
    let extra = json!({"isBase64Encoded": true});
    assert_eq!(response(&Vision::run_function().stdin(http(&encoded, &extra)).call()), expected);
}

#[test]
fn timings_are_told_on_standard_error() {
    let outcome = Vision::run_function().argument("--timings").argument(file("tests/tomato.json")).call();
    assert!(outcome.stderr.starts_with("timings: instantiate"), "{}", outcome.stderr);
}

#[test]
fn the_interpreter_gives_the_same_answer_as_native_code() {
    let native = Vision::run_function().argument(file("tests/tomato.json")).call();
    let interpreted =
        Vision::run_function().option("--code", "interpret").argument(file("tests/tomato.json")).call();
    assert_eq!((interpreted.code, interpreted.stdout), (Some(0), native.stdout));
}
