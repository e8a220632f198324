//! Events: JSON from a shell, an API gateway or a function URL.
//!
//! An event with `httpMethod` is an HTTP event, any other a bare one. Unknown fields are skipped, whatever is in
//! them; the fields that count may stand once.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::error::FunctionError;

/// An event, borrowed from its bytes where it can be.
#[derive(Debug)]
pub struct Event<'a> {
    /// Who asks.
    pub kind: EventKind<'a>,
    pub(crate) body: Body<'a>,
    pub(crate) is_base64: bool,
}

/// Who asks, and how the answer goes back.
#[derive(Debug)]
pub enum EventKind<'a> {
    /// A person or script: three lines.
    Bare,
    /// A web client: an HTTP response as JSON.
    Http(HttpRequest<'a>),
}

/// What counts of an HTTP request besides its body.
#[derive(Debug, Default)]
pub struct HttpRequest<'a> {
    pub(crate) method: Cow<'a, str>,
    pub(crate) headers: Headers,
    pub(crate) query: Query,
}

impl<'a> Event<'a> {
    /// Reads an event.
    ///
    /// # Errors
    /// [`FunctionError::BadRequest`] says what was found instead.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FunctionError> {
        let bad = |message: String| Err(FunctionError::BadRequest(message));
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}'),
            Err(error) => {
                return bad(format!("the event is not UTF-8: byte {} is damaged", error.valid_up_to()));
            }
        };
        match text.trim_start().chars().next() {
            None => {
                return bad(
                    "the event is empty; accepted is JSON such as {\"body\": \"<base64 image>\"}".to_owned()
                );
            }
            Some('{') => {}
            Some(_) if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
                return bad(
                    "the event is JSON, but no object; accepted is {\"body\": \"<base64 image>\"}".to_owned()
                );
            }
            Some(_) => {}
        }
        match serde_json::from_str::<Fields<'a>>(text) {
            Ok(fields) => Ok(fields.into_event()),
            Err(error) => bad(format!("the event is not as expected: {error}")),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, default)]
    http_method: Option<Cow<'a, str>>,
    #[serde(default)]
    headers: Option<Headers>,
    #[serde(default)]
    query_string: Option<Query>,
    #[serde(default)]
    query_string_parameters: Option<Query>,
    #[serde(borrow, default)]
    body: Body<'a>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

impl<'a> Fields<'a> {
    fn into_event(self) -> Event<'a> {
        let kind = match self.http_method {
            None => EventKind::Bare,
            Some(method) => {
                let mut query = self.query_string.unwrap_or_default();
                query.fill_from(self.query_string_parameters.unwrap_or_default());
                EventKind::Http(HttpRequest { method, headers: self.headers.unwrap_or_default(), query })
            }
        };
        Event { kind, body: self.body, is_base64: self.is_base64_encoded.unwrap_or(false) }
    }
}

/// The body as it stood in the event.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Body<'a> {
    #[default]
    Missing,
    Text(Cow<'a, str>),
    /// Something else than text, by name.
    Other(&'static str),
}

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a body")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Body::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Body::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Body::Other("null"))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Body::Other("a truth value"))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Body::Other("a number"))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Body::Other("a number"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Body::Other("a number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Body::Other("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Body::Other("an object (its JSON must be written as a string)"))
    }
}

/// The headers that count; the rest is skipped, however much it is.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Headers {
    pub(crate) accept: Option<String>,
    pub(crate) accept_language: Option<String>,
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut headers = Self::default();
        deserializer.deserialize_any(NamedTexts(|name: &str, value: String| {
            if name.eq_ignore_ascii_case("accept") {
                headers.accept.get_or_insert(value);
            } else if name.eq_ignore_ascii_case("accept-language") {
                headers.accept_language.get_or_insert(value);
            }
        }))?;
        Ok(headers)
    }
}

/// The query parameters that count.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Query {
    pub(crate) lang: Option<String>,
    pub(crate) top: Option<String>,
}

impl Query {
    fn fill_from(&mut self, other: Self) {
        self.lang = self.lang.take().or(other.lang);
        self.top = self.top.take().or(other.top);
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut query = Self::default();
        deserializer.deserialize_any(NamedTexts(|name: &str, value: String| match name {
            "lang" => query.lang = Some(value),
            "top" => query.top = Some(value),
            _ => {}
        }))?;
        Ok(query)
    }
}

/// Reads an object of texts (or lists of texts, of which the first counts), or a query such as `a=1&b=2`. Gateways
/// also send null or nothing where there are none.
struct NamedTexts<F>(F);

impl<'de, F: FnMut(&str, String)> Visitor<'de> for NamedTexts<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with names and texts")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(mut self, query: &str) -> Result<(), E> {
        for (name, value) in query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='))
        {
            (self.0)(name, value.to_owned());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            if let FirstText(Some(value)) = map.next_value()? {
                (self.0)(&name, value);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Values longer than this are no header that counts.
const MOST_VALUE_BYTES: usize = 4096;

struct FirstText(Option<String>);

impl<'de> Deserialize<'de> for FirstText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FirstTextVisitor)
    }
}

struct FirstTextVisitor;

impl<'de> Visitor<'de> for FirstTextVisitor {
    type Value = FirstText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<FirstText, E> {
        Ok(FirstText((text.len() <= MOST_VALUE_BYTES).then(|| text.to_owned())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<FirstText, E> {
        Ok(FirstText(None))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<FirstText, E> {
        Ok(FirstText(Some(value.to_string())))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<FirstText, E> {
        Ok(FirstText(Some(value.to_string())))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<FirstText, E> {
        Ok(FirstText(Some(value.to_string())))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<FirstText, E> {
        Ok(FirstText(Some(value.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<FirstText, A::Error> {
        let first = match sequence.next_element::<Cow<'_, str>>() {
            Ok(first) => first.map(Cow::into_owned),
            Err(error) => return Err(error),
        };
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(FirstText(first))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FirstText, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(FirstText(None))
    }
}

#[cfg(test)]
mod tests;
