//! For the fuzz target `objects`: everything here that reads what strangers write.

use super::cos::Cos;
use super::s3::{S3, S3Args, UploadMethod, check_bucket};
use super::service::{Change, Service};
use super::uploads::{NewUpload, UploadId, upload_event};
use super::{Endpoint, tags};
use crate::trigger::managed::asks_for_status;

/// Reads `input`, whose first byte says as what.
pub fn read(input: &[u8]) {
    let Some((kind, input)) = input.split_first() else { return };
    match kind % 5 {
        0 => {
            let s3 = S3::new(&S3Args::default(), UploadMethod::Post).expect("the usual settings make sense");
            for bucket in created(&s3, input) {
                assert!(check_bucket(&bucket).is_ok(), "{bucket:?}");
            }
        }
        1 => {
            let endpoint = Endpoint::new("ENDPOINT", "https://{bucket}.example").expect("it has a bucket");
            created(&Cos::new(endpoint), input);
        }
        2 => {
            if let Ok(NewUpload { size, language, .. }) = NewUpload::parse(input) {
                assert!(
                    size > 0 && language.iter().all(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
                );
            }
        }
        3 => {
            upload_event(input);
            asks_for_status(input);
            if let Ok(id) = std::str::from_utf8(input).unwrap_or_default().parse::<UploadId>() {
                assert_eq!(id.to_string().as_bytes(), input);
            }
        }
        _ => {
            let Ok(read) = tags::read(input) else { return };
            let _ = tags::with_label(read.clone(), "Lemon").map(|tags| tags::written(&tags));
        }
    }
}

/// The buckets of new objects, each of which leads to a URL or none.
fn created(service: &impl Service, event: &[u8]) -> Vec<String> {
    let records = service.notification(event).unwrap_or_default();
    let created = records.into_iter().filter_map(|record| match record.change {
        Change::Created(created) => Some(created.address.bucket),
        _ => None,
    });
    created.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read(kind in 0_u8..5, input in proptest::collection::vec(any::<u8>(), 0..200)) {
            super::read(&[&[kind], input.as_slice()].concat());
        }

        #[test]
        fn any_json_is_read(
            kind in 0_u8..4,
            json in r#"\{("(Records|s3|bucket|name|object|key|eventName|size|path|httpMethod|body|content_type)": ?(\[?\{|"[a-z/.:]{0,9}"|[0-9]{1,3}),?){0,6}[\]}]{0,6}"#,
        ) {
            super::read(&[&[kind], json.as_bytes()].concat());
        }
    }
}
