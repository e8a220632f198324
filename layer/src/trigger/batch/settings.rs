//! What can be said about a batch.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use thiserror::Error;
use worker::limits::parse_duration;

use super::shard::ShardArgs;
use crate::trigger::shutdown::ShutdownArgs;

/// Which photos, what is asked of them, and where the answers go.
#[derive(Clone, Debug, Args)]
pub struct BatchArgs {
    /// A folder with all that is below it, a file that lists photos, one a line, - for such a list on standard input,
    /// s3://BUCKET/PREFIX or cos://BUCKET-APPID/PREFIX
    #[arg(value_name = "SOURCE")]
    pub source: OsString,

    /// Where the answers go, {shard} in it is the shard's number; the same command goes on where an earlier one was
    /// stopped. Standard output without it
    #[arg(short, long, env = "VISION_BATCH_OUTPUT", value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Form of the answers [default: by the end of the file's name, else jsonl]
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// Lines of a list end with a zero byte, as those of `find -print0`
    #[arg(short = '0', long)]
    pub null: bool,

    /// Take every file, not only those whose names end in .jpg, .jpeg, .jpe, .jfif or .png
    #[arg(long)]
    pub every_file: bool,

    /// Follow links in the folder, also out of it
    #[arg(long)]
    pub follow: bool,

    /// Ask again about photos whose answer in the output is an error
    #[arg(long)]
    pub retry: bool,

    /// End with exit code 1 if a photo failed
    #[arg(long)]
    pub strict: bool,

    /// Labels of each photo [default: the function's, 3]
    #[arg(long, value_name = "N")]
    pub top: Option<NonZeroU32>,

    /// Language of labels: en, zh
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<String>,

    /// Size of a photo, in MiB
    #[arg(long, env = "VISION_PHOTO_LIMIT", value_name = "MIB", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=512))]
    pub photo_limit: u32,

    /// Time between two lines about the progress, where standard error is no terminal
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub progress: Duration,

    /// Say nothing about the progress
    #[arg(short, long)]
    pub quiet: bool,

    /// Which photos are this process's.
    #[command(flatten)]
    pub shards: ShardArgs,

    /// Address of another storage than Amazon's, such as http://minio:9000, or with {bucket} (and {region}) in it
    #[arg(
        long,
        env = "VISION_S3_ENDPOINT",
        value_name = "URL",
        default_value = "",
        hide_env_values = true,
        help_heading = "Buckets"
    )]
    pub s3_endpoint: String,

    /// Address of a bucket of COS
    #[arg(
        long,
        env = "VISION_COS_ENDPOINT",
        value_name = "URL",
        help_heading = "Buckets",
        default_value = "https://{bucket}.cos.{region}.myqcloud.com"
    )]
    pub cos_endpoint: String,

    /// How long the end may take.
    #[command(flatten)]
    pub shutdown: ShutdownArgs,
}

/// Form of the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Jsonl,
    /// A table with a head
    Csv,
    /// Columns for analysis, in a file that is written when the batch is complete; builds by `make package` have it
    Parquet,
}

/// The answers can't have the form that is asked for.
#[derive(Debug, Error)]
pub(super) enum FormatError {
    /// Nobody would find in the output what its name promises.
    #[error(
        "the output's name ends in .{0}, but answers are JSON lines, CSV or Parquet: name it so, or say --format jsonl, csv or parquet"
    )]
    Unknown(String),
    /// The feature is off.
    #[error(
        "this build writes no Parquet: the program of `make package` does, and that of `cargo build --release --package vision --features parquet`"
    )]
    NotBuilt,
    /// It is no stream.
    #[error("Parquet needs a file: --output FILE")]
    NoFile,
}

impl BatchArgs {
    /// Bytes of a photo.
    pub(super) fn photo_bytes(&self) -> usize {
        (self.photo_limit as usize) << 20
    }

    /// MiB of the event of the largest photo: base64 adds a third.
    pub(super) fn event_mib(&self) -> u32 {
        self.photo_limit + self.photo_limit.div_ceil(3) + 1
    }

    /// The form that the answers have.
    ///
    /// # Errors
    /// See [`FormatError`].
    pub(super) fn form(&self) -> Result<Format, FormatError> {
        let ending = self.output.as_deref().and_then(|output| output.extension()).unwrap_or_default();
        let format = match (self.format, ending.to_ascii_lowercase().to_str()) {
            (Some(format), _) => format,
            (None, Some("csv")) => Format::Csv,
            (None, Some("parquet")) => Format::Parquet,
            (None, Some(other @ ("tsv" | "xlsx" | "gz" | "zst"))) => {
                return Err(FormatError::Unknown(other.to_owned()));
            }
            (None, _) => Format::Jsonl,
        };
        match format {
            Format::Parquet if !cfg!(feature = "parquet") => Err(FormatError::NotBuilt),
            Format::Parquet if self.output.is_none() => Err(FormatError::NoFile),
            format => Ok(format),
        }
    }
}
