//! The name of a photo, which may be any bytes.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use base64_simd::STANDARD;
use ring::digest::{SHA256, digest};

/// A path below the folder, a name of the list, or a key: what tells photos of one source apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PhotoName(Vec<u8>);

/// What stands for a name where there may be millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameSum {
    /// Decides about the shard.
    pub(super) shard: u64,
    /// Tells names apart.
    pub(super) id: u128,
}

impl PhotoName {
    pub(super) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The name as it was written into an output.
    ///
    /// # Errors
    /// The base64 is none.
    pub(super) fn written(text: &str, base64: Option<&str>) -> Result<Self, base64_simd::Error> {
        match base64 {
            Some(base64) => STANDARD.decode_to_vec(base64).map(Self),
            None => Ok(Self(text.as_bytes().to_vec())),
        }
    }

    pub(super) fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// As text; what is not UTF-8 becomes U+FFFD.
    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The bytes as base64, where the text does not say all.
    pub(super) fn base64(&self) -> Option<String> {
        std::str::from_utf8(&self.0).is_err().then(|| STANDARD.encode_to_string(&self.0))
    }

    /// Two parts of the sha256, so that names of one shard have all ids.
    pub(super) fn sum(&self) -> NameSum {
        let sum = digest(&SHA256, &self.0);
        let number =
            |bytes: &[u8]| bytes.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        let (shard, rest) = sum.as_ref().split_at(size_of::<u64>());
        NameSum { shard: number(shard) as u64, id: number(rest.get(..size_of::<u128>()).unwrap_or(rest)) }
    }

    /// Whether a name ends as those of JPEG and PNG files do.
    pub(super) fn looks_like_a_photo(&self) -> bool {
        const ENDINGS: [&str; 5] = ["jpg", "jpeg", "jpe", "jfif", "png"];
        let ending = self.path().extension().unwrap_or_default();
        ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_name_is_read_as_it_was_written(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let name = PhotoName::new(bytes);
            let read = PhotoName::written(&name.text(), name.base64().as_deref()).unwrap();
            prop_assert_eq!(read, name);
        }
    }

    #[test]
    fn the_sum_stays_as_it_is() {
        // sha256 of "a.jpg", from its start: whoever divides the photos elsewhere can rely on it.
        let NameSum { shard, id } = PhotoName::new("a.jpg").sum();
        let sum = hex::encode(digest(&SHA256, b"a.jpg").as_ref());
        assert_eq!(
            (format!("{shard:016x}"), format!("{id:032x}")),
            (sum[..16].to_owned(), sum[16..48].to_owned())
        );
    }

    #[test]
    fn photos_are_told_by_the_end_of_their_names() {
        for name in ["a.jpg", "b/c.JPEG", "d.x.png", " .png", "\n.jpe"] {
            assert!(PhotoName::new(name).looks_like_a_photo(), "{name}");
        }
        for name in ["jpg", ".jpg", "a.jpg.txt", "a.gif", "", "a.jpg/b"] {
            assert!(!PhotoName::new(name).looks_like_a_photo(), "{name}");
        }
    }
}
