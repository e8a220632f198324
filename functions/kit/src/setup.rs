//! What a function is told at its start, before any event.

use std::ffi::OsString;

use contract::settings::QUERY_ARGUMENT;

use crate::event::Texts;

/// What a function is told at its start: its name, and options for events that don't say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    pub(crate) name: Option<&'static str>,
    pub(crate) settings: Texts,
}

impl Setup {
    /// For a function of this name (lower-case letters, digits, `-`), which its files in buckets bear: `KEY.cutout.png`.
    pub const fn named(name: &'static str) -> Self {
        Self { name: Some(name), settings: Texts::NONE }
    }

    /// The same with options, written as a query: `size=1024&background=blur`.
    #[must_use]
    pub fn with_query(mut self, query: &str) -> Self {
        self.settings.fill_from(Texts::of_query(query));
        self
    }

    /// The same with the options among a module's arguments: `--query size=1024`, `--query=size=1024`. Other arguments are ignored.
    pub fn with_arguments(mut self, arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let behind = argument.to_str().and_then(|text| text.strip_prefix(QUERY_ARGUMENT));
            let query = match behind {
                Some("") => arguments.next().and_then(|query| query.into_string().ok()),
                Some(behind) => behind.strip_prefix('=').map(str::to_owned),
                None => None,
            };
            self = query.iter().fold(self, |setup, query| setup.with_query(query));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_as_arguments_in_either_spelling_and_others_are_ignored() {
        let arguments =
            ["module", "--query", "a=1", "--verbose", "--query=b=2&a=3", "--querying", "c=4", "--query"];
        let setup = Setup::named("x").with_arguments(arguments.map(OsString::from));
        let found = ["a", "b", "c"].map(|name| setup.settings.get(name));
        assert_eq!(found, [Some("1"), Some("2"), None]);
    }
}
