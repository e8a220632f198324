//! What is said of an event: names and values, each checked by the rules of the specification.

use std::collections::BTreeMap;

use super::{NoEvent, short, time};

/// Attributes of one event. The specification names nine; the rest is for its extensions.
pub(super) const MAX_ATTRIBUTES: usize = 64;

/// Bytes of one value: the longest are keys of objects (1 KiB) in any letters, and addresses.
pub(in crate::trigger) const MAX_VALUE_BYTES: usize = 8 << 10;

/// Bytes of a name; the specification recommends 20.
const MAX_NAME_BYTES: usize = 64;

/// What each event has to say.
const REQUIRED: [&str; 4] = ["id", "source", "specversion", "type"];

/// What can't be an attribute's name, since JSON has the data under it.
const DATA: &str = "data";

/// The version of the specification, of this event and of our own ones.
pub(super) const VERSION: &str = "1.0";

/// Attributes of a sound event: all values are texts, in the canonical form of their type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::trigger) struct Attributes {
    values: BTreeMap<String, String>,
}

impl Attributes {
    /// Attributes of an event of ours, of which `id` is new each time.
    pub(in crate::trigger) fn new(id: String, source: String, kind: &str, time: String) -> Self {
        let values = [("id", id), ("source", source), ("type", kind.to_owned()), ("time", time)];
        let version = ("specversion", VERSION.to_owned());
        let values = values.into_iter().chain([version]);
        Self { values: values.map(|(name, value)| (name.to_owned(), value)).collect() }
    }

    /// The same with one more, if there is a value; the name and the value are sound.
    pub(in crate::trigger) fn with(mut self, name: &str, value: Option<String>) -> Self {
        self.values.extend(value.map(|value| (name.to_owned(), value)));
        self
    }

    /// The value of an attribute.
    pub(in crate::trigger) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Names and values, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Takes one that somebody sent.
    ///
    /// # Errors
    /// Says what is wrong with its name, its value, or their number.
    pub(super) fn take(&mut self, name: &str, value: String) -> Result<(), NoEvent> {
        check_name(name)?;
        check_value(name, &value)?;
        if self.values.len() == MAX_ATTRIBUTES {
            return Err(NoEvent::new(format!("it has more than {MAX_ATTRIBUTES} attributes")));
        }
        match self.values.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(NoEvent::new(format!("the attribute {name} is there twice"))),
        }
    }

    /// The same, if nothing is missing.
    ///
    /// # Errors
    /// Says what is.
    pub(super) fn complete(self) -> Result<Self, NoEvent> {
        let missing: Vec<_> = REQUIRED.into_iter().filter(|name| !self.values.contains_key(*name)).collect();
        if missing.is_empty() {
            return Ok(self);
        }
        Err(NoEvent::new(format!("it lacks {}", missing.join(", "))))
    }
}

fn check_name(name: &str) -> Result<(), NoEvent> {
    let is_name = (1..=MAX_NAME_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && name != DATA;
    if is_name {
        return Ok(());
    }
    let found = short(name);
    Err(NoEvent::new(format!(
        "{found:?} is no attribute's name, accepted are up to {MAX_NAME_BYTES} letters a to z and digits"
    )))
}

fn check_value(name: &str, value: &str) -> Result<(), NoEvent> {
    let wrong = |accepted: &str| {
        let found = short(value);
        Err(NoEvent::new(format!("the attribute {name} is {found:?}, accepted is {accepted}")))
    };
    if value.len() > MAX_VALUE_BYTES {
        let found = value.len();
        return Err(NoEvent::new(format!(
            "the attribute {name} has {found} bytes, accepted are up to {MAX_VALUE_BYTES}"
        )));
    }
    if value.chars().any(char::is_control) {
        return wrong("text without control characters");
    }
    match name {
        "specversion" if value != VERSION => wrong("1.0"),
        "id" | "source" | "type" | "subject" | "dataschema" if value.is_empty() => {
            wrong("a text of one letter or more")
        }
        "datacontenttype" if !is_media_type(value) => wrong("a media type such as image/jpeg"),
        "time" if !time::is_timestamp(value) => wrong("a time such as 2026-11-30T08:00:00Z"),
        _ => Ok(()),
    }
}

/// Whether it begins with a type and a subtype (RFC 2046).
fn is_media_type(value: &str) -> bool {
    let is_token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}
