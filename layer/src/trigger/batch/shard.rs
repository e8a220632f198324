//! Which photos are this process's, where several share the work.

use std::num::NonZeroU32;
use std::str::FromStr;

use clap::Args;
use thiserror::Error;

use super::photo_name::NameSum;

/// One of several parts of equal size, told apart by the photos' names alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: NonZeroU32,
}

/// What was given names no shard.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ShardError {
    /// The text.
    #[error("found {0:?}, accepted is INDEX/COUNT, from 0/COUNT to COUNT-1/COUNT, as 3/16")]
    Form(String),
    /// There is no such part.
    #[error("there is no shard {index} of {count}: the first is 0, the last {}", .count.get() - 1)]
    Index {
        /// The part that was asked for.
        index: u32,
        /// How many there are.
        count: NonZeroU32,
    },
    /// The platform counts in letters.
    #[error("{name} is {found:?}, accepted is a number")]
    Variable {
        /// The variable.
        name: &'static str,
        /// Its value.
        found: String,
    },
    /// There is a count and no index.
    #[error(
        "--shards {0} needs the index in JOB_COMPLETION_INDEX (Kubernetes) or AWS_BATCH_JOB_ARRAY_INDEX, or --shard INDEX/{0}"
    )]
    NoIndex(NonZeroU32),
    /// There is an index and no count.
    #[error("{0} is set: say with --shards how many there are, or ask for all photos with --shard 0/1")]
    NoCount(&'static str),
}

/// Options about shards.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Shards")]
pub struct ShardArgs {
    /// Only photos of this part of all, from 0/16 to 15/16; which part a photo is in follows from its name alone
    #[arg(long, env = "VISION_SHARD", value_name = "INDEX/COUNT", conflicts_with = "shards")]
    pub shard: Option<Shard>,

    /// How many parts there are, where the platform says which one this is (JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX)
    #[arg(long, env = "VISION_SHARDS", value_name = "COUNT")]
    pub shards: Option<NonZeroU32>,
}

/// Variables with the index of a part, and those with the number of parts where the platform tells it.
const PLATFORMS: [(&str, Option<&str>); 2] =
    [("JOB_COMPLETION_INDEX", None), ("AWS_BATCH_JOB_ARRAY_INDEX", Some("AWS_BATCH_JOB_ARRAY_SIZE"))];

impl ShardArgs {
    /// The part that is asked for; `variable` gives the environment's.
    ///
    /// # Errors
    /// See [`ShardError`].
    pub(super) fn resolve(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Shard, ShardError> {
        if let Some(shard) = self.shard {
            return Ok(shard);
        }
        let number = |name: &'static str| {
            let value = variable(name).filter(|value| !value.is_empty())?;
            Some(value.trim().parse::<u32>().map_err(|_| ShardError::Variable { name, found: value }))
        };
        let found = PLATFORMS.iter().find_map(|(index, count)| Some((index, number(index)?, *count)));
        let Some((name, index, count)) = found else {
            return self.shards.map_or(Ok(Shard::ALL), |count| Err(ShardError::NoIndex(count)));
        };
        let told = count.and_then(number).transpose()?.and_then(NonZeroU32::new);
        Shard::new(index?, self.shards.or(told).ok_or(ShardError::NoCount(name))?)
    }
}

impl Shard {
    /// All photos.
    const ALL: Self = Self { index: 0, count: NonZeroU32::MIN };

    fn new(index: u32, count: NonZeroU32) -> Result<Self, ShardError> {
        if index < count.get() { Ok(Self { index, count }) } else { Err(ShardError::Index { index, count }) }
    }

    /// Whether a photo is in this part.
    pub(super) fn has(&self, name: &NameSum) -> bool {
        name.shard % u64::from(self.count.get()) == u64::from(self.index)
    }

    /// The part's number, from 0.
    pub(super) fn index(&self) -> u32 {
        self.index
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parsed = text
            .split_once('/')
            .and_then(|(index, count)| Some((index.trim().parse().ok()?, count.trim().parse().ok()?)));
        let (index, count) = parsed.ok_or_else(|| ShardError::Form(text.to_owned()))?;
        Self::new(index, count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::photo_name::PhotoName;
    use super::*;
    use proptest::prelude::*;

    fn resolve(arguments: ShardArgs, variables: &[(&str, &str)]) -> Result<Shard, ShardError> {
        let variables = variables.to_vec();
        arguments.resolve(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_platforms_say_which_shard_this_is() {
        let of = |count: u32| ShardArgs { shard: None, shards: NonZeroU32::new(count) };
        let none = ShardArgs::default();
        for (arguments, variables, expected) in [
            (none, &[][..], "0/1"),
            (of(16), &[("JOB_COMPLETION_INDEX", "3")], "3/16"),
            (of(16), &[("AWS_BATCH_JOB_ARRAY_INDEX", "15"), ("AWS_BATCH_JOB_ARRAY_SIZE", "20")], "15/16"),
            (none, &[("AWS_BATCH_JOB_ARRAY_INDEX", "15"), ("AWS_BATCH_JOB_ARRAY_SIZE", "20")], "15/20"),
            (
                ShardArgs { shard: Some("0/1".parse().unwrap()), shards: None },
                &[("JOB_COMPLETION_INDEX", "3")],
                "0/1",
            ),
        ] {
            assert_eq!(resolve(arguments, variables).unwrap(), expected.parse().unwrap(), "{variables:?}");
        }
        for (arguments, variables, expected) in [
            (of(16), &[][..], "--shards 16 needs the index"),
            (none, &[("JOB_COMPLETION_INDEX", "3")], "JOB_COMPLETION_INDEX is set: say with --shards"),
            (of(3), &[("JOB_COMPLETION_INDEX", "3")], "there is no shard 3 of 3: the first is 0, the last 2"),
            (of(3), &[("JOB_COMPLETION_INDEX", "x")], "JOB_COMPLETION_INDEX is \"x\""),
        ] {
            let message = resolve(arguments, variables).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn what_names_no_shard_is_refused() {
        for text in ["", "3", "3/", "/3", "a/3", "-1/3", "0/0", "1/2/3", "4294967296/2"] {
            assert_eq!(text.parse::<Shard>().unwrap_err(), ShardError::Form(text.to_owned()), "{text}");
        }
        assert!("3/3".parse::<Shard>().unwrap_err().to_string().contains("the last 2"));
    }

    proptest! {
        #[test]
        fn every_name_is_in_one_shard(name in proptest::collection::vec(any::<u8>(), 0..40), count in 1_u32..50) {
            let sum = PhotoName::new(name).sum();
            let count = NonZeroU32::new(count).unwrap();
            let shards = (0..count.get()).map(|index| Shard::new(index, count).unwrap());
            prop_assert_eq!(shards.filter(|shard| shard.has(&sum)).count(), 1);
        }
    }

    #[test]
    fn shards_are_of_about_the_same_size() {
        let shards: Vec<Shard> = (0..16).map(|index| format!("{index}/16").parse().unwrap()).collect();
        let mut sizes = [0_usize; 16];
        for number in 0..16_000 {
            let sum = PhotoName::new(format!("IMG_{number:05}.jpg")).sum();
            shards.iter().zip(&mut sizes).for_each(|(shard, size)| *size += usize::from(shard.has(&sum)));
        }
        assert!(sizes.iter().all(|size| (850..1150).contains(size)), "{sizes:?}");
    }
}
