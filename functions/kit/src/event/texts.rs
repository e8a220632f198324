//! Headers, query parameters and other texts, which each gateway writes in its own way.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Names and values, in their order; of a name that comes several times, the first value counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts(Vec<(String, String)>);

/// Names that are kept; what comes behind them is skipped, however much it is.
const MAX_NAMES: usize = 100;

/// Headers that are kept wherever they stand.
const ALWAYS_KEPT: [&str; 5] = ["accept", "accept-language", "content-encoding", "content-type", "cookie"];

/// Longer values are no header or parameter that counts.
const MAX_VALUE_BYTES: usize = 4096;

impl Texts {
    /// None at all.
    pub(crate) const NONE: Self = Self(Vec::new());

    /// Those of a query such as `a=1&b=2`.
    pub(crate) fn of_query(query: &str) -> Self {
        let mut texts = Self::default();
        let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
        for (name, value) in pairs.filter(|(_, value)| value.len() <= MAX_VALUE_BYTES) {
            texts.add(decoded(name).into(), decoded(value));
        }
        texts
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn with_lower_case_names(mut self) -> Self {
        for (name, _) in &mut self.0 {
            name.make_ascii_lowercase();
        }
        self
    }

    /// Takes what has a name that is not here yet.
    pub(crate) fn fill_from(&mut self, other: Self) {
        for (name, value) in other.0 {
            self.fill(&name, Some(value));
        }
    }

    pub(crate) fn fill(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value.filter(|_| self.get(name).is_none()) {
            self.0.push((name.to_owned(), value));
        }
    }

    pub(super) fn add(&mut self, name: Cow<'_, str>, value: String) {
        let is_kept = || ALWAYS_KEPT.iter().any(|kept| name.eq_ignore_ascii_case(kept));
        if self.0.len() < MAX_NAMES || (self.0.len() < 2 * MAX_NAMES && is_kept()) {
            self.0.push((name.into_owned(), value));
        }
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

/// Reads an object of texts (or lists of texts, of which the first counts), or a query such as `a=1&b=2`. Gateways
/// also send null or nothing where there are none.
struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with names and texts")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Texts, E> {
        Ok(Texts::default())
    }

    fn visit_str<E: de::Error>(self, query: &str) -> Result<Texts, E> {
        Ok(Texts::of_query(query))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
        let mut texts = Texts::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            if let FirstText(Some(value)) = map.next_value()? {
                texts.add(name, value);
            }
        }
        Ok(texts)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Texts, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Texts::default())
    }
}

/// A part of a query, as forms write it.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// A text, or the first one of a list; None for anything else and for what is too long.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct FirstText(pub(crate) Option<String>);

impl<'de> Deserialize<'de> for FirstText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(deserializer.deserialize_any(ListVisitor)?.into_iter().next()))
    }
}

/// A list of texts as one, with `; ` between them, as cookies stand in a header.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct JoinedTexts(pub(crate) Option<String>);

impl<'de> Deserialize<'de> for JoinedTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = deserializer.deserialize_any(ListVisitor)?;
        Ok(Self((!texts.is_empty()).then(|| texts.join("; "))))
    }
}

/// A list of texts as one, with commas between them, as options such as `sizes` have them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct CommaTexts(pub(crate) Option<String>);

impl<'de> Deserialize<'de> for CommaTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = deserializer.deserialize_any(ListVisitor)?;
        let joined = (!texts.is_empty()).then(|| texts.join(","));
        Ok(Self(joined.filter(|text| text.len() <= MAX_VALUE_BYTES)))
    }
}

/// Reads a text, number or truth value, or a list of them, as texts.
struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok((text.len() <= MAX_VALUE_BYTES).then(|| text.to_owned()).into_iter().collect())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Vec<String>, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Vec<String>, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Vec<String>, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Vec<String>, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while texts.len() < MAX_NAMES {
            match sequence.next_element::<Element>()? {
                Some(Element::Text(text)) => texts.push(text),
                Some(Element::Whole(number)) => texts.push(number.to_string()),
                Some(Element::Number(number)) => texts.push(number.to_string()),
                Some(Element::Other(_)) => {}
                None => return Ok(texts),
            }
        }
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(texts)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Element {
    Text(String),
    Whole(i64),
    Number(f64),
    Other(IgnoredAny),
}
