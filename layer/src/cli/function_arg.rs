//! `--function NAME=FILE[,SETTING=VALUE…]`: a function of a service, with what it may use of its own.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use worker::limits::{Limits, parse_duration};

use super::engine_args::parse_count;
use crate::trigger::serve::check_function_name;

/// A function of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FunctionArg {
    pub(super) name: String,
    pub(super) file: PathBuf,
    pub(super) workers: Option<NonZeroUsize>,
    pub(super) queue: Option<u16>,
    memory_mib: Option<u32>,
    time: Option<Duration>,
    answer_mib: Option<u32>,
}

/// The settings by their names, which are those of the options for all functions.
const SETTINGS: [&str; 5] = ["workers", "memory-limit", "time-limit", "answer-limit", "queue-limit"];

/// MiB that an answer may have where nobody said otherwise: the largest picture of 2,048 pixels wide and high, without
/// compression and as base64, fits.
const ANSWER_MIB: u32 = 24;

impl FunctionArg {
    /// With nothing of its own.
    pub(super) fn new(name: &str, file: PathBuf) -> Self {
        let name = name.to_owned();
        Self { name, file, workers: None, queue: None, memory_mib: None, time: None, answer_mib: None }
    }

    /// Reads the argument.
    ///
    /// # Errors
    /// What was found, and what is accepted.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, mut rest) =
            text.split_once('=').ok_or_else(|| format!("found {text:?}, accepted is NAME=FILE"))?;
        check_function_name(name)?;
        let mut settings = Vec::new();
        // From the end: a file's name may have commas.
        while let Some((before, last)) = rest.rsplit_once(',') {
            let Some((setting, value)) =
                last.split_once('=').filter(|(setting, _)| SETTINGS.contains(setting))
            else {
                break;
            };
            settings.push((setting, value));
            rest = before;
        }
        if let Some((_, last)) = rest.rsplit_once(',')
            && let Some((setting, _)) = last.split_once('=')
            && !PathBuf::from(rest).exists()
        {
            return Err(format!("found the setting {setting:?}, accepted are {}", SETTINGS.join(", ")));
        }
        if rest.is_empty() {
            return Err(format!("the function {name} has no file, accepted is NAME=FILE"));
        }
        let mut function = Self::new(name, rest.into());
        for (setting, value) in settings {
            function.set(setting, value).map_err(|reason| format!("{setting}: {reason}"))?;
        }
        Ok(function)
    }

    fn set(&mut self, setting: &str, value: &str) -> Result<(), String> {
        match setting {
            "workers" => self.workers = Some(parse_count(value)?),
            "memory-limit" => self.memory_mib = Some(within(value, 1, 4096)?),
            "time-limit" => self.time = Some(parse_duration(value)?),
            "answer-limit" => self.answer_mib = Some(within(value, 1, 1024)?),
            _ => self.queue = Some(u16::try_from(within(value, 0, 4096)?).unwrap_or(u16::MAX)),
        }
        Ok(())
    }

    /// Its limits where those of all functions are `general`.
    pub(super) fn limits(&self, general: Limits) -> Limits {
        let is_default = general.answer_mib == Limits::default().answer_mib;
        // The default is what clouds take, which a service of one's own need not look at.
        let answer_mib = if is_default { ANSWER_MIB } else { general.answer_mib };
        Limits {
            memory_mib: self.memory_mib.unwrap_or(general.memory_mib),
            time: self.time.unwrap_or(general.time),
            answer_mib: self.answer_mib.unwrap_or(answer_mib),
            ..general
        }
    }
}

fn within(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("found {text:?}, accepted are {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_a_name_a_file_and_settings_of_its_own() {
        assert_eq!(
            FunctionArg::parse("cutout=dist/cutout.wasm"),
            Ok(FunctionArg::new("cutout", "dist/cutout.wasm".into()))
        );
        let function = FunctionArg::parse(
            "beans=a,b=c/beans.wasm,workers=3,memory-limit=64,time-limit=500ms,answer-limit=2,queue-limit=0",
        );
        // The comma before belongs to the file, but only where such a file is.
        assert!(function.is_err(), "{function:?}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a,b=c.wasm");
        std::fs::write(&file, "").unwrap();
        let function = FunctionArg::parse(&format!(
            "beans={},workers=3,memory-limit=64,time-limit=500ms,answer-limit=2,queue-limit=0",
            file.display()
        ))
        .unwrap();
        assert_eq!(
            (&function.file, function.workers, function.queue),
            (&file, NonZeroUsize::new(3), Some(0))
        );
        let limits = function.limits(Limits::default());
        assert_eq!(
            (limits.memory_mib, limits.time, limits.answer_mib, limits.picture_mib),
            (64, Duration::from_millis(500), 2, Limits::default().picture_mib)
        );
    }

    #[test]
    fn what_is_not_set_is_as_for_all_functions() {
        let function = FunctionArg::new("cutout", "x".into());
        assert_eq!(function.limits(Limits::default()).answer_mib, ANSWER_MIB);
        let general = Limits { answer_mib: 3, memory_mib: 9, ..Limits::default() };
        assert_eq!(function.limits(general), general);
    }

    #[test]
    fn others_are_refused_with_what_is_accepted() {
        for (text, named) in [
            ("dist/cutout.wasm", "accepted is NAME=FILE"),
            ("cutout=", "the function cutout has no file"),
            ("cutout=,workers=1", "the function cutout has no file"),
            ("Cutout=x", "lower case"),
            ("history=x", "history"),
            ("cutout=x,workers=0", "workers: found \"0\""),
            ("cutout=x,memory-limit=4097", "memory-limit: found \"4097\", accepted are 1 to 4096"),
            ("cutout=x,time-limit=5", "time-limit: found \"5\""),
            ("cutout=x,queue-limit=-1", "queue-limit: found \"-1\""),
            ("cutout=x,colour=red", "found the setting \"colour\", accepted are workers"),
        ] {
            let message = FunctionArg::parse(text).unwrap_err();
            assert!(message.contains(named), "{text}: {message}");
        }
    }
}
