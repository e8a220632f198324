use super::*;
use crate::trigger::objects::{
    Change, Created, ObjectAddress, Presigned, Record, Signed, Unaddressable, Unsigned, Upload,
};
use proptest::prelude::*;

/// A storage that reads plain notifications and is never asked for an object.
#[derive(Debug)]
struct Plain;

impl Service for Plain {
    type Credentials = ();

    const SCHEME: &str = "plain";
    const METADATA: &str = "x-plain-";
    const VERSION: &str = "x-plain-version";
    const CONDITIONAL: bool = false;
    const DOCUMENT: &str = "";

    fn notification(&self, event: &[u8]) -> Option<Vec<Record>> {
        let event: Value = serde_json::from_slice(event).ok()?;
        let records = event["Records"].as_array()?.iter().filter(|record| record["s3"].is_object());
        Some(records.map(record).collect())
    }

    async fn credentials(&self) -> Result<(), String> {
        Ok(())
    }

    fn sign(&self, _: &Unsigned<'_>, (): &()) -> Result<Signed, Unaddressable> {
        Err(Unaddressable)
    }

    fn listing(&self, _: &str, _: &str, _: usize) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn presign(&self, _: &Upload<'_>, (): &()) -> Result<Presigned, Unaddressable> {
        Err(Unaddressable)
    }

    fn home_region(&self) -> Result<String, String> {
        Ok(String::new())
    }
}

fn record(record: &Value) -> Record {
    let key = record["s3"]["object"]["key"].as_str().unwrap_or_default().replace('+', " ");
    let key = percent_encoding::percent_decode_str(&key).decode_utf8_lossy().into_owned();
    let name = record["eventName"].as_str().unwrap_or_default();
    let change = if name.trim_start_matches("s3:").starts_with("ObjectCreated:") {
        Change::Created(Created::at(ObjectAddress {
            bucket: record["s3"]["bucket"]["name"].as_str().unwrap_or_default().to_owned(),
            region: record["awsRegion"].as_str().unwrap_or_default().to_owned(),
            key: key.clone(),
        }))
    } else {
        Change::Other(name.to_owned())
    };
    Record { key, change }
}

fn source(event: &Value) -> EventSource {
    super::source(event.to_string().as_bytes(), &Plain)
}

/// What S3 sends for an object, with its key as S3 writes it.
fn s3(key: &str) -> Value {
    json!({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1",
        "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "photos", "arn": "arn:aws:s3:::photos"},
               "object": {"key": key, "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e"}}}]})
}

fn sqs(bodies: &[String], queue: &str) -> Value {
    let records = bodies.iter().enumerate().map(|(number, body)| {
        json!({"messageId": format!("message-{number}"), "receiptHandle": "AQEB", "body": body,
               "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}, "eventSource": "aws:sqs",
               "eventSourceARN": format!("arn:aws:sqs:eu-west-1:123456789012:{queue}"), "awsRegion": "eu-west-1"})
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

fn sns(message: &str) -> Value {
    json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:x",
        "Sns": {"Type": "Notification", "MessageId": "95df01b4", "TopicArn": "arn:aws:sns:x", "Subject": "Amazon S3 Notification",
                "Message": message, "Timestamp": "2026-01-01T00:00:00.000Z"}}]})
}

/// A topic's message, as a queue gets it.
fn sns_in_sqs(message: &str) -> String {
    json!({"Type": "Notification", "MessageId": "95df01b4", "TopicArn": "arn:aws:sns:x", "Message": message})
        .to_string()
}

fn event_bridge(key: &str) -> Value {
    json!({"version": "0", "id": "17793124", "detail-type": "Object Created", "source": "aws.s3", "account": "111122223333",
        "time": "2026-01-01T00:00:00Z", "region": "eu-west-1", "resources": ["arn:aws:s3:::photos"],
        "detail": {"version": "0", "bucket": {"name": "photos"},
                   "object": {"key": key, "size": 1024, "etag": "d41d8cd9", "sequencer": "00617F08299329D189"},
                   "request-id": "N4N7GDK58NMKJ12R", "requester": "123456789012", "reason": "PutObject"}})
}

fn notification(plain: &Value) -> Notification {
    Notification::of(plain.to_string().as_bytes(), &Plain).unwrap()
}

fn contents(batch: EventSource) -> Vec<Content> {
    let EventSource::Queue(batch) = batch else { panic!("{batch:?}") };
    batch.messages.into_iter().map(|message| message.content).collect()
}

#[test]
fn a_name_of_megabytes_is_told_in_a_few_letters() {
    let name = "n".repeat(5_000_000);
    for body in [format!(r#"{{"{name}":1}}"#), format!(r#"{{"detail-type":"{name}","source":"{name}"}}"#)] {
        assert!(described(&body).len() < 1000);
    }
}

#[test]
fn requests_of_every_gateway_want_their_answer_in_its_form() {
    for (event, form) in [
        (
            json!({"version": "2.0", "rawPath": "/", "requestContext": {"http": {"method": "POST"}}}),
            HttpForm::Payload2,
        ),
        (json!({"resource": "/", "httpMethod": "POST", "requestContext": {"stage": "prod"}}), HttpForm::Rest),
        (json!({"requestContext": {"elb": {}}, "httpMethod": "POST", "headers": {}}), HttpForm::Balancer),
        (
            json!({"requestContext": {"elb": {}}, "httpMethod": "POST", "multiValueHeaders": {}}),
            HttpForm::BalancerLists,
        ),
    ] {
        assert_eq!(source(&event), EventSource::Caller(Form::Http(form)), "{event}");
    }
}

#[test]
fn a_callers_own_event_is_bare() {
    let quoted = json!({"body": json!({"Records": [{"s3": {}}]}).to_string()});
    for event in [json!({"body": "QUJD"}), json!({"name": "Ada"}), json!([1]), quoted] {
        assert_eq!(source(&event), EventSource::Caller(Form::Bare), "{event}");
    }
    for event in
        [&b"\xFF\xD8\xFF\xE0"[..], b"", b"{\"Records\":", b"{\"Records\": 5}", b"{\"Records\": [null]}"]
    {
        assert_eq!(super::source(event, &Plain), EventSource::Caller(Form::Bare), "{event:?}");
    }
}

#[test]
fn events_of_other_services_are_the_modules() {
    for event in [
        json!({"Records": [{"eventSource": "aws:dynamodb", "eventName": "INSERT", "dynamodb": {}}]}),
        json!({"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": "QQ=="}}]}),
        json!({"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}),
        sns("hello"),
        sqs(&["hello".to_owned()], "queue"),
    ] {
        assert_eq!(source(&event), EventSource::Caller(Form::Bare), "{event}");
    }
}

#[test]
fn s3_and_minio_are_heard_directly() {
    let minio = json!({"EventName": "s3:ObjectCreated:Put", "Key": "photos/a.jpg", "Records": [{"eventSource": "minio:s3",
        "eventName": "s3:ObjectCreated:Put", "s3": {"bucket": {"name": "photos"}, "object": {"key": "a.jpg"}}}]});
    for event in [s3("in/%E7%95%AA+1.jpg"), minio] {
        assert_eq!(source(&event), EventSource::ObjectStorage(notification(&event)));
    }
}

#[test]
fn what_a_topic_or_a_bus_passes_on_is_the_same() {
    let plain = notification(&s3("in/a.jpg"));
    assert_eq!(source(&sns(&s3("in/a.jpg").to_string())), EventSource::ObjectStorage(plain.clone()));
    assert_eq!(source(&event_bridge("in/a.jpg")), EventSource::ObjectStorage(plain));
}

#[test]
fn what_happens_to_objects_otherwise_is_told_by_its_name() {
    let mut event = event_bridge("in/a.jpg");
    event["detail-type"] = json!("Object Tags Added");
    let EventSource::ObjectStorage(notification) = source(&event) else { panic!("{event}") };
    assert!(format!("{notification:?}").contains("Other(\"ObjectTagsAdded\")"), "{notification:?}");
}

#[test]
fn a_queue_holds_messages_of_every_way() {
    let s3 = s3("in/a.jpg");
    let batch = source(&sqs(
        &[
            s3.to_string(),
            sns_in_sqs(&s3.to_string()),
            event_bridge("in/a.jpg").to_string(),
            "hello".to_owned(),
        ],
        "queue",
    ));
    let contents = contents(batch);
    for content in &contents[..3] {
        assert_eq!(*content, Content::Notification(notification(&s3)));
    }
    let Content::Unknown(found) = &contents[3] else { panic!("{contents:?}") };
    assert_eq!(
        found,
        "found 5 bytes that are no JSON; accepted are notifications of S3 and MinIO, also by SNS and EventBridge"
    );
}

#[test]
fn a_storage_that_tries_whether_it_is_heard_is_no_mistake() {
    let trial = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos", "RequestId": "5582815E1AEA5ADF"});
    assert_eq!(source(&trial), EventSource::Trial);
    assert_eq!(source(&sns(&trial.to_string())), EventSource::Trial);
    assert_eq!(
        contents(source(&sqs(&[trial.to_string(), sns_in_sqs(&trial.to_string())], "queue"))),
        [Content::Trial, Content::Trial]
    );
}

#[test]
fn only_a_queue_of_that_kind_is_ordered() {
    for (name, is_ordered) in [("photos", false), ("photos.fifo", true)] {
        let EventSource::Queue(batch) = source(&sqs(&[s3("a.jpg").to_string()], name)) else {
            panic!("{name}")
        };
        assert_eq!((batch.is_ordered, batch.messages[0].id.as_str()), (is_ordered, "message-0"));
    }
}

#[test]
fn an_unknown_message_is_told_by_its_names_and_not_by_what_it_says() {
    for (body, found) in [
        (json!({"secret": "1234", "b": 2}).to_string(), "JSON with the fields b, secret;"),
        (
            json!({"detail-type": "Scheduled Event", "source": "aws.events"}).to_string(),
            "an event \"Scheduled Event\" of \"aws.events\";",
        ),
        ("[1]".to_owned(), "JSON that is no object;"),
    ] {
        let contents = contents(source(&sqs(&[s3("a.jpg").to_string(), body.clone()], "queue")));
        let Content::Unknown(text) = &contents[1] else { panic!("{contents:?}") };
        assert!(text.contains(found) && !text.contains("1234"), "{body}: {text}");
    }
}

#[test]
fn envelopes_without_end_are_not_opened() {
    let mut text = s3("a.jpg").to_string();
    for _ in 0..10 {
        text = sns_in_sqs(&text);
    }
    assert_eq!(source(&sqs(&[text], "queue")), EventSource::Caller(Form::Bare));
}

proptest! {
    #[test]
    fn any_bytes_have_a_source(
        event in proptest::collection::vec(any::<u8>(), 0..200),
        text in r#"\{("(Records|Message|Event|source|detail-type|detail|eventSource|body)": ?("[^"\\]{0,9}"|null|[0-9]{1,4}|\[\{?\}?\]|\{"bucket": ?\{"name": ?"a"\}\}),?){0,5}\}?"#,
    ) {
        super::source(&event, &Plain);
        super::source(text.as_bytes(), &Plain);
    }

    #[test]
    fn any_key_comes_through_every_envelope(key in "[^\0]{1,40}") {
        let written = utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string();
        let plain = s3(&written);
        let expected = notification(&plain);
        let Change::Created(created) = &expected.records()[0].change else { panic!() };
        prop_assert_eq!(&created.address.key, &key);
        let plain = plain.to_string();
        prop_assert_eq!(source(&sns(&plain)), EventSource::ObjectStorage(expected.clone()));
        prop_assert_eq!(source(&event_bridge(&key)), EventSource::ObjectStorage(expected.clone()));
        let bodies = [plain.clone(), sns_in_sqs(&plain), event_bridge(&key).to_string(), sns_in_sqs(&event_bridge(&key).to_string())];
        for content in contents(source(&sqs(&bodies, "queue"))) {
            prop_assert_eq!(content, Content::Notification(expected.clone()));
        }
    }
}
