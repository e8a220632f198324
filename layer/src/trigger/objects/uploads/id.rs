//! The name of an upload: when its place was given, 128 random bits, and its kind. Whoever has the name may ask for the answer.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom as _, SystemRandom};

/// What an upload may be; what the function reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::trigger) enum Kind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    /// The kind of a MIME type.
    pub(in crate::trigger) fn of_type(content_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.content_type().eq_ignore_ascii_case(content_type))
    }

    /// The MIME type.
    pub(in crate::trigger) fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// How the names of such files end; notifications are often filtered by it.
    fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// An upload's name, such as `67f0c1a2…d3.jpg`.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::trigger) struct UploadId {
    /// Seconds since 1970.
    since: u32,
    random: [u8; 16],
    kind: Kind,
}

impl UploadId {
    /// A name that nobody can guess.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(in crate::trigger) fn new(kind: Kind, now: SystemTime) -> Result<Self, ()> {
        let mut random = [0; 16];
        SystemRandom::new().fill(&mut random).map_err(drop)?;
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Ok(Self { since: u32::try_from(seconds).unwrap_or(u32::MAX), random, kind })
    }

    /// How long ago its place was given; None for a name of the future (beyond what clocks differ), which nobody was given.
    pub(in crate::trigger) fn age(&self, now: SystemTime, grace: Duration) -> Option<Duration> {
        let since = UNIX_EPOCH + Duration::from_secs(self.since.into());
        match now.duration_since(since) {
            Ok(age) => Some(age),
            Err(early) => (early.duration() <= grace).then_some(Duration::ZERO),
        }
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}{}.{}", self.since, hex::encode(self.random), self.kind.ending())
    }
}

/// Whoever has the name may ask for the answer, so it is not for logs.
impl fmt::Debug for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadId(hidden)")
    }
}

impl FromStr for UploadId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (digits, ending) = text.split_once('.').ok_or(())?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.ending() == ending).ok_or(())?;
        let (since, random) = digits.split_at_checked(8).ok_or(())?;
        let is_ours =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !is_ours(digits) {
            return Err(());
        }
        let since = u32::from_str_radix(since, 16).map_err(drop)?;
        let random: [u8; 16] = hex::decode(random).map_err(drop)?.try_into().map_err(drop)?;
        Ok(Self { since, random, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_says_when_and_what_and_is_new_each_time() {
        let now = UNIX_EPOCH + Duration::from_secs(1_764_500_000);
        let id = UploadId::new(Kind::Jpeg, now).unwrap();
        let text = id.to_string();
        assert!(text.starts_with("692c2220") && text.ends_with(".jpg") && text.len() == 44, "{text}");
        assert_eq!(text.parse(), Ok(id.clone()));
        assert_ne!(UploadId::new(Kind::Jpeg, now).unwrap(), id);
        let minute = Duration::from_secs(60);
        assert_eq!(id.age(now + minute, minute), Some(minute));
        assert_eq!(id.age(now - minute, minute), Some(Duration::ZERO));
        assert_eq!(id.age(now - 2 * minute, minute), None);
        assert_eq!(format!("{id:?}"), "UploadId(hidden)");
    }

    #[test]
    fn names_of_nothing_are_refused() {
        let digits = "692c2620000102030405060708090a0b0c0d0e0f";
        assert!(format!("{digits}.png").parse::<UploadId>().is_ok());
        for text in [
            "",
            ".jpg",
            digits,
            &format!("{digits}.gif"),
            &format!("{digits}.jpg.labels.json"),
            &format!("{digits}0.jpg"),
            &format!("{}.jpg", digits.to_uppercase()),
            &format!("../{digits}.jpg"),
            &format!("+{}.jpg", &digits[1..]),
        ] {
            assert!(text.parse::<UploadId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_not(text in ".{0,60}") {
            if let Ok(id) = text.parse::<UploadId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn every_name_is_read_again(since: u32, random: [u8; 16], is_png: bool) {
            let kind = if is_png { Kind::Png } else { Kind::Jpeg };
            let id = UploadId { since, random, kind };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }
    }
}
