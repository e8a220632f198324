use super::*;
use axum::http::HeaderValue;
use proptest::prelude::*;
use serde_json::{Value, json};

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0picture";

fn headers(kind: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_str(kind).unwrap())])
}

async fn find(kind: &str, body: impl Into<Bytes>) -> Result<Content, Problem> {
    Content::find(&headers(kind), body.into()).await
}

fn event(content: &Content) -> Value {
    serde_json::from_slice(&content.to_event(&Wishes::default())).unwrap()
}

#[tokio::test]
async fn a_picture_becomes_base64_whatever_its_type_is_called() {
    for kind in ["image/jpeg", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"]
    {
        let content = find(kind, JPEG).await.unwrap();
        let event = event(&content);
        assert_eq!(event["body"], STANDARD.encode_to_string(JPEG), "{kind}");
        assert_eq!(event["isBase64Encoded"], true);
    }
}

#[tokio::test]
async fn texts_go_to_the_module_as_they_are() {
    let base64 = STANDARD.encode_to_string(JPEG);
    for text in [
        base64.clone(),
        format!("data:image/jpeg;base64,{base64}\n"),
        json!({"image": base64}).to_string(),
        json!({"image": format!("data:image/jpeg;base64,{base64}")}).to_string(),
    ] {
        let content = find("application/json", text.clone()).await.unwrap();
        assert_eq!(
            (&event(&content)["body"], &event(&content)["isBase64Encoded"]),
            (&json!(text), &json!(false))
        );
    }
}

#[tokio::test]
async fn an_event_in_the_body_is_unpacked() {
    let base64 = STANDARD.encode_to_string(JPEG);
    for (body, is_base64) in [
        (json!({"body": base64}), false),
        (json!({"httpMethod": "POST", "headers": {}, "body": base64, "isBase64Encoded": true}), true),
    ] {
        let content = find("application/json", body.to_string()).await.unwrap();
        assert_eq!(content, Content::Text { text: base64.clone(), is_base64 });
    }
}

#[tokio::test]
async fn of_a_form_the_file_counts_else_the_first_field() {
    let form = |parts: &str| format!("{parts}--X--\r\n").replace('\n', "\r\n").replace("\r\r", "\r");
    let field = "--X\nContent-Disposition: form-data; name=\"note\"\n\nQUJD\n";
    let file = "--X\nContent-Disposition: form-data; name=\"f\"; filename=\"a.gif\"\nContent-Type: image/gif\n\nGIF89a\n";
    let both = find("multipart/form-data; boundary=X", form(&format!("{field}{file}"))).await.unwrap();
    assert_eq!(both, Content::Bytes(Bytes::from_static(b"GIF89a")));
    let only_field = find("multipart/form-data; boundary=X", form(field)).await.unwrap();
    assert_eq!(only_field, Content::Text { text: "QUJD".to_owned(), is_base64: false });
}

#[tokio::test]
async fn forms_that_are_none_and_compressed_bodies_are_named() {
    for (kind, body, message) in [
        ("multipart/form-data", "", "the form can't be read"),
        ("multipart/form-data; boundary=X", "--X--\r\n", "the form has no field"),
        ("multipart/form-data; boundary=X", "--X\r\nContent-Dis", "the form can't be read"),
    ] {
        let problem = find(kind, body).await.unwrap_err();
        assert_eq!(problem.code, ErrorCode::BadRequest);
        assert!(problem.message.contains(message), "{}", problem.message);
    }
    let mut compressed = headers("image/jpeg");
    compressed.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let problem = Content::find(&compressed, Bytes::from_static(JPEG)).await.unwrap_err();
    assert!(problem.message.contains("\"gzip\""), "{}", problem.message);
}

proptest! {
    #[test]
    fn any_body_of_any_kind_is_an_event_or_a_problem(
        kind in "(text/plain|image/png|multipart/form-data; boundary=X|application/json)",
        start in r#"(|\{"body":|\{"image": "|--X\r\nContent-Disposition: form-data; name="f"|data:;base64,)"#,
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let body = [start.as_bytes(), &body].concat();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Ok(content) = runtime.block_on(find(&kind, body)) {
            prop_assert!(event(&content)["body"].is_string());
        }
    }
}
