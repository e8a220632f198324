//! The fields of an event that the kit does not know itself: in a bare event they are options of the function.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{CowStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::texts::{CommaTexts, Texts};

/// An object whose known fields make a `T`; the others are kept as texts, where they are texts, numbers, truth values or lists of
/// these.
pub(super) struct WithOptions<T> {
    pub(super) fields: T,
    pub(super) options: Texts,
}

impl<T> WithOptions<T> {
    /// Reads an object; `known` are the names of the fields of `T`.
    pub(super) fn from_json<'de>(text: &'de str, known: &'static [&'static str]) -> serde_json::Result<Self>
    where
        T: Deserialize<'de>,
    {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = deserializer.deserialize_map(ObjectVisitor { known, fields: PhantomData })?;
        deserializer.end()?;
        Ok(read)
    }
}

struct ObjectVisitor<T> {
    known: &'static [&'static str],
    fields: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = WithOptions<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut options = Texts::default();
        let known = KnownFields { map, known: self.known, options: &mut options };
        let fields = T::deserialize(MapAccessDeserializer::new(known))?;
        Ok(WithOptions { fields, options })
    }
}

/// The known fields of an object; the others are taken out on the way.
struct KnownFields<'o, A> {
    map: A,
    known: &'static [&'static str],
    options: &'o mut Texts,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for KnownFields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key::<Cow<'de, str>>()? {
            if self.known.contains(&name.as_ref()) {
                return seed.deserialize(CowStrDeserializer::new(name)).map(Some);
            }
            if let CommaTexts(Some(value)) = self.map.next_value()? {
                self.options.add(name, value);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
