//! The objects of a bucket one after another: their names in pages, and each by its name.

use std::time::{Duration, Instant};

use bytes::Bytes;
use percent_encoding::percent_decode_str;

use super::address::ObjectAddress;
use super::client::{Ask, Storage, StorageError};
use super::service::Service;

/// Names that are asked for at once; storages give no more.
const PAGE: usize = 1000;

/// Bytes of a page: so many names of 1,024 bytes, each of which may be encoded, and what is told of each.
const PAGE_BYTES: usize = PAGE * (3 * 1024 + 1024);

/// The longest that a page or an object may take, all attempts together.
const PATIENCE: Duration = Duration::from_secs(120);

/// Reads the objects of one bucket.
#[derive(Debug)]
pub(in crate::trigger) struct BucketReader<S> {
    storage: Storage<S>,
    /// Without a key.
    bucket: ObjectAddress,
}

/// Names of objects, in the order of their bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::trigger) struct Page {
    pub(in crate::trigger) keys: Vec<String>,
    /// Whether there are more after these.
    pub(in crate::trigger) has_more: bool,
}

impl Page {
    /// Whether it is an answer to what was asked for.
    ///
    /// # Errors
    /// How it goes on, or does not.
    fn check(&self, prefix: &str, after: &str) -> Result<(), String> {
        if let Some(key) = self.keys.iter().find(|key| !key.starts_with(prefix)) {
            return Err(format!("has {key:?}, which does not begin with {prefix:?}"));
        }
        // It would be asked for ever.
        match self.keys.last() {
            None if self.has_more => Err(format!("ends after {after:?}, and shall go on")),
            Some(last) if last.as_str() <= after => {
                Err(format!("has {last:?} after {after:?}: it does not go on"))
            }
            _ => Ok(()),
        }
    }
}

impl<S: Service> BucketReader<S> {
    /// Reads `bucket`, which is in the service's own region.
    ///
    /// # Errors
    /// Says which variable is missing.
    pub(in crate::trigger) fn new(service: S, bucket: String) -> Result<Self, String> {
        let region = service.home_region()?;
        let bucket = ObjectAddress { bucket, region, key: String::new() };
        Ok(Self { storage: Storage::new(service), bucket })
    }

    /// The names that begin with `prefix` and come after `after`, as many as fit into a page.
    ///
    /// # Errors
    /// Why there is no list.
    pub(in crate::trigger) async fn page(&self, prefix: &str, after: &str) -> Result<Page, String> {
        let credentials = self.storage.service.credentials().await?;
        let query = self.storage.service.listing(prefix, after, PAGE);
        let ask = Ask::list(&self.bucket, query, PAGE_BYTES);
        let answer = self.storage.ask(&ask, &credentials, Instant::now() + PATIENCE).await;
        let answer = answer.map_err(|error| match error {
            StorageError::NotFound => format!("there is no bucket {}", self.bucket.bucket),
            error => error.to_string(),
        })?;
        let page = read(&answer.body).map_err(|reason| {
            format!("what the storage answered is no list of the bucket {}: {reason}", self.bucket.bucket)
        })?;
        page.check(prefix, after)
            .map_err(|reason| format!("the list of the bucket {} {reason}", self.bucket.bucket))?;
        Ok(page)
    }

    /// An object of at most `limit` bytes.
    ///
    /// # Errors
    /// The storage's, or why there are no credentials.
    pub(in crate::trigger) async fn object(
        &self,
        key: &str,
        limit: usize,
    ) -> Result<Bytes, Result<StorageError, String>> {
        let credentials = self.storage.service.credentials().await.map_err(Err)?;
        let object = ObjectAddress { key: key.to_owned(), ..self.bucket.clone() };
        let ask = Ask::read(&object, limit);
        let received = self.storage.ask(&ask, &credentials, Instant::now() + PATIENCE).await.map_err(Ok)?;
        Ok(received.body)
    }
}

/// Reads `ListBucketResult`, which S3 and COS write alike.
fn read(xml: &[u8]) -> Result<Page, String> {
    let text = std::str::from_utf8(xml).map_err(|error| error.to_string())?;
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let root = document.root_element();
    if root.tag_name().name() != "ListBucketResult" {
        return Err(format!("found <{}>", root.tag_name().name()));
    }
    let text_of = |node: roxmltree::Node<'_, '_>, name: &str| {
        let child = node.children().find(|child| child.has_tag_name_of(name));
        child.and_then(|child| child.text()).unwrap_or_default().to_owned()
    };
    // Storages that know no encoding say nothing of it and write names as they are.
    let is_encoded = text_of(root, "EncodingType") == "url";
    let mut keys = Vec::new();
    for entry in root.children().filter(|node| node.has_tag_name_of("Contents")) {
        let key = text_of(entry, "Key");
        keys.push(if is_encoded { decoded(&key)? } else { key });
    }
    Ok(Page { keys, has_more: text_of(root, "IsTruncated") == "true" })
}

/// Some storages write a space as `+`, as forms do, and `+` itself as `%2B`.
fn decoded(key: &str) -> Result<String, String> {
    let spaced = key.replace('+', "%20");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|error| format!("{key:?}: {error}"))?;
    Ok(decoded.into_owned())
}

/// Tags by their own name: storages differ in namespaces.
trait LocalName {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl LocalName for roxmltree::Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_from_the_lists_of_storages() {
        let s3 = r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>photos</Name><Prefix>in/</Prefix>
            <KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
            <Contents><Key>in/a+b%2Bc.jpg</Key><Size>3</Size></Contents>
            <Contents><Key>in/%E7%95%AA%0A.jpg</Key><Owner><ID>x</ID></Owner></Contents></ListBucketResult>"#;
        let page = read(s3.as_bytes()).unwrap();
        assert_eq!(page, Page { keys: vec!["in/a b+c.jpg".into(), "in/番\n.jpg".into()], has_more: true });
        let plain = "<ListBucketResult><IsTruncated>false</IsTruncated>\
                     <Contents><Key>a+b%20&amp;c</Key></Contents></ListBucketResult>";
        assert_eq!(read(plain.as_bytes()).unwrap(), Page { keys: vec!["a+b%20&c".into()], has_more: false });
        assert_eq!(read(b"<ListBucketResult/>").unwrap(), Page::default());
    }

    #[test]
    fn lists_that_do_not_go_on_or_leave_the_prefix_are_told_from_others() {
        let said = |keys: &[&str], has_more, after| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            Page { keys, has_more }.check("in/", after)
        };
        for (keys, has_more, after) in [
            (&["in/a", "in/b"][..], true, ""),
            (&["in/b"], false, "in/a"),
            (&[], false, ""),
            (&[], false, "in/b"),
        ] {
            assert_eq!(said(keys, has_more, after), Ok(()));
        }
        for (keys, has_more, after, reason) in [
            (&[][..], true, "", "ends after \"\", and shall go on"),
            (&[], true, "in/b", "ends after \"in/b\", and shall go on"),
            (&["in/a", "in/b"], true, "in/b", "has \"in/b\" after \"in/b\": it does not go on"),
            (&["in/a"], false, "in/b", "has \"in/a\" after \"in/b\": it does not go on"),
            (&["in/a", "out/b"], false, "", "has \"out/b\", which does not begin with \"in/\""),
        ] {
            assert_eq!(said(keys, has_more, after), Err(reason.to_owned()));
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for xml in ["", "<Error><Code>x</Code></Error>", "<ListBucketResult>", "{}"] {
            assert!(read(xml.as_bytes()).is_err(), "{xml}");
        }
        assert!(read(b"<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%FF</Key></Contents></ListBucketResult>").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_list_or_none(xml in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(read(&xml));
        }
    }
}
