//! For the fuzz target `envelope`: any bytes as an event, and the same within the envelopes of other services.

use serde_json::json;

use super::envelope::source;
use crate::trigger::managed::{Content, EventSource};
use crate::trigger::objects::Notification;
use crate::trigger::objects::s3::{S3, S3Args, UploadMethod};

/// Reads `event` as the function does. What a storage says by itself, it also says by a topic and by a queue.
pub fn envelope(event: &[u8]) {
    let storage = S3::new(&S3Args::default(), UploadMethod::Post).expect("the settings make sense");
    let direct = source(event, &storage);
    let plain = Notification::of(event, &storage);
    let (Ok(text), EventSource::ObjectStorage(said)) = (std::str::from_utf8(event), &direct) else { return };
    if plain.as_ref() != Some(said) {
        return;
    }
    let topic = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text}}]}).to_string();
    assert_eq!(source(topic.as_bytes(), &storage), direct);
    let queue = json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": text}]}).to_string();
    let EventSource::Queue(batch) = source(queue.as_bytes(), &storage) else { panic!("no queue: {queue}") };
    assert_eq!(batch.messages[0].content, Content::Notification(said.clone()));
}
