//! Structured and batched mode: the JSON format.

use std::fmt;

use base64_simd::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::attributes::Attributes;
use super::{CloudEvent, NoEvent};

const DATA: &str = "data";
const DATA_BASE64: &str = "data_base64";

/// Reads one event.
///
/// # Errors
/// It is no JSON, or no event; says why.
pub(in crate::trigger) fn from_structured(body: &Bytes) -> Result<CloudEvent, NoEvent> {
    let Parsed(event) = parse(body)?;
    event?.into_event(body)
}

/// Reads a batch of at most `most` events; one that is wrong does not cost the others theirs.
///
/// # Errors
/// It is no JSON, no list, or has more events.
pub(in crate::trigger) fn from_batch(
    body: &Bytes,
    most: usize,
) -> Result<Vec<Result<CloudEvent, NoEvent>>, NoEvent> {
    let Batch(events) = parse(body)?;
    if events.len() > most {
        return Err(NoEvent::new(format!("the batch has more than {most} events")));
    }
    Ok(events
        .into_iter()
        .map(|event| parse::<Parsed<'_>>(event.get().as_bytes())?.0?.into_event(body))
        .collect())
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, NoEvent> {
    serde_json::from_slice(json).map_err(|error| NoEvent::new(error.to_string()))
}

/// Events that nobody has looked at; no more than one over the most that a batch may have are kept.
struct Batch<'a>(Vec<&'a RawValue>);

/// More than any batch may have; what follows is only counted as being there.
const MAX_KEPT: usize = 1025;

impl<'de> Deserialize<'de> for Batch<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Batch<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of events")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Batch<'de>, A::Error> {
                let mut events = Vec::new();
                while let Some(event) = list.next_element()? {
                    if events.len() < MAX_KEPT {
                        events.push(event);
                    }
                }
                Ok(Batch(events))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// What an event carries, as it stands in JSON.
enum Data<'a> {
    Json(&'a RawValue),
    Base64(&'a RawValue),
}

#[derive(Default)]
struct Fields<'a> {
    attributes: Attributes,
    data: Option<Data<'a>>,
}

/// An object whose names were looked at, or what is wrong with them. JSON that breaks off is an error of the parser.
struct Parsed<'a>(Result<Fields<'a>, NoEvent>);

impl<'de> Deserialize<'de> for Parsed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Parsed<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an event, which is an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Parsed<'de>, A::Error> {
                let mut fields = Ok(Fields::default());
                while let Some(name) = object.next_key::<String>()? {
                    let value: &'de RawValue = object.next_value()?;
                    fields = fields.and_then(|fields| fields.with(&name, value));
                }
                Ok(Parsed(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'a> Fields<'a> {
    fn with(mut self, name: &str, value: &'a RawValue) -> Result<Self, NoEvent> {
        let data = match name {
            // The same as if it were not there.
            _ if value.get() == "null" => return Ok(self),
            DATA => Data::Json(value),
            DATA_BASE64 => Data::Base64(value),
            name => {
                self.attributes.take(name, canonical(name, value)?)?;
                return Ok(self);
            }
        };
        match self.data.replace(data) {
            None => Ok(self),
            Some(_) => Err(NoEvent::new(format!("it has more than one of {DATA} and {DATA_BASE64}"))),
        }
    }

    fn into_event(self, body: &Bytes) -> Result<CloudEvent, NoEvent> {
        let data = match self.data {
            None => Bytes::new(),
            Some(Data::Json(value)) if value.get().starts_with('"') => {
                parse::<String>(value.get().as_bytes())?.into()
            }
            Some(Data::Json(value)) => body.slice_ref(value.get().as_bytes()),
            Some(Data::Base64(value)) => {
                let wrong = || {
                    NoEvent::new(format!(
                        "{DATA_BASE64} is no base64 (with the letters + and /, padded, in one line)"
                    ))
                };
                let text: String = serde_json::from_str(value.get()).map_err(|_| wrong())?;
                STANDARD.decode_to_vec(text).map_err(|_| wrong())?.into()
            }
        };
        Ok(CloudEvent { attributes: self.attributes.complete()?, data })
    }
}

/// Names whose values are texts and nothing else.
const TEXTS: [&str; 8] =
    ["id", "source", "specversion", "type", "subject", "time", "datacontenttype", "dataschema"];

/// The canonical text of an attribute's value.
fn canonical(name: &str, value: &RawValue) -> Result<String, NoEvent> {
    match serde_json::from_str(value.get()) {
        Ok(Value::String(text)) => Ok(text),
        Ok(Value::Bool(is)) if !TEXTS.contains(&name) => Ok(is.to_string()),
        Ok(Value::Number(number)) if !TEXTS.contains(&name) && is_integer(&number) => Ok(number.to_string()),
        _ => {
            let (found, accepted) = (
                super::short(value.get()),
                if TEXTS.contains(&name) { "a text" } else { "a text, true, false or a whole number" },
            );
            Err(NoEvent::new(format!(
                "the attribute {} is {found}, accepted is {accepted}",
                super::short(name)
            )))
        }
    }
}

/// Integers of the specification have 32 bits.
fn is_integer(number: &serde_json::Number) -> bool {
    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}

/// What an event of ours carries, ready to be written.
pub(in crate::trigger) struct Written<'a> {
    /// What is said of it; the type of the data says how the data is written.
    pub(in crate::trigger) attributes: &'a Attributes,
    /// What it carries.
    pub(in crate::trigger) data: &'a [u8],
}

/// Writes one event.
pub(in crate::trigger) fn to_structured(event: &Written<'_>) -> Vec<u8> {
    object(event).to_string().into_bytes()
}

/// Writes these events as a batch, in their order.
pub(in crate::trigger) fn to_batch<'a>(events: impl Iterator<Item = Written<'a>>) -> Vec<u8> {
    Value::Array(events.map(|event| object(&event)).collect()).to_string().into_bytes()
}

fn object(Written { attributes, data }: &Written<'_>) -> Value {
    let values = attributes.iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    let mut object: Map<String, Value> = values.collect();
    let media_type = attributes.get("datacontenttype").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let is_json = media_type.ends_with("/json") || media_type.ends_with("+json");
    let json = is_json.then(|| serde_json::from_slice(data).ok()).flatten();
    let text = || std::str::from_utf8(data).ok().filter(|_| !is_json && media_type.starts_with("text/"));
    match (json, text()) {
        _ if data.is_empty() => {}
        (Some(json), _) => drop(object.insert(DATA.to_owned(), json)),
        (None, Some(text)) => drop(object.insert(DATA.to_owned(), text.into())),
        (None, None) => drop(object.insert(DATA_BASE64.to_owned(), STANDARD.encode_to_string(data).into())),
    }
    Value::Object(object)
}
