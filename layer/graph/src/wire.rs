//! The wire format of Protocol Buffers, read in place (<https://protobuf.dev/programming-guides/encoding/>).
//!
//! Libraries that decode messages copy every byte string; the weights of a graph are most of it, and are only looked at when the
//! model is written.

use crate::error::GraphError;

/// The value of a field, as its wire type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    /// Integers, booleans and enumerations.
    Varint(u64),
    /// Eight bytes, little-endian.
    Fixed64(u64),
    /// Texts, bytes, messages and packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes, little-endian.
    Fixed32(u32),
}

impl<'a> Field<'a> {
    /// What stands in a field of bytes; nothing of another.
    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// What stands in a field of a text.
    pub(crate) fn text(self) -> Result<&'a str, GraphError> {
        std::str::from_utf8(self.bytes()).map_err(|_| damage("a name is not UTF-8"))
    }

    /// A signed integer; 0 for other fields.
    pub(crate) fn int(self) -> i64 {
        match self {
            Self::Varint(number) => number.cast_signed(),
            _ => 0,
        }
    }

    /// A float; 0 for other fields.
    pub(crate) fn float(self) -> f32 {
        match self {
            Self::Fixed32(bits) => f32::from_bits(bits),
            _ => 0.0,
        }
    }
}

/// The fields of a message, in their order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Those of the message in `bytes`.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], GraphError> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or_else(|| damage("it ends within a field"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], GraphError> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| damage("it ends within a field"))
    }

    fn varint(&mut self) -> Result<u64, GraphError> {
        let (number, rest) = varint(self.rest)?;
        self.rest = rest;
        Ok(number)
    }

    fn field(&mut self) -> Result<(u32, Field<'a>), GraphError> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| damage("a field has no number"))?;
        let field = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).map_err(|_| damage("it ends within a field"))?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.array()?)),
            other => return Err(damage(&format!("a field has the wire type {other}"))),
        };
        Ok((number, field))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Field<'a>), GraphError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// A number of up to 64 bits, seven a byte, and what follows it.
pub(crate) fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), GraphError> {
    let mut number = 0_u64;
    for (place, &byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok((number, bytes.get(place + 1..).unwrap_or_default()));
        }
    }
    Err(damage("a number does not end"))
}

/// The last field of that number.
pub(crate) fn last(message: &[u8], wanted: u32) -> Result<Option<Field<'_>>, GraphError> {
    let mut found = None;
    for field in Fields::of(message) {
        let (number, field) = field?;
        if number == wanted {
            found = Some(field);
        }
    }
    Ok(found)
}

/// The bytes are no graph.
pub(crate) fn damage(reason: &str) -> GraphError {
    GraphError::NotAGraph(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_all_wire_types_are_read() {
        let message = [
            0x08, 0x96, 0x01, // 1: 150
            0x12, 0x02, b'h', b'i', // 2: "hi"
            0x1d, 0, 0, 0x80, 0x3f, // 3: 1.0
            0x21, 1, 0, 0, 0, 0, 0, 0, 0, // 4: 1
        ];
        let fields: Vec<_> = Fields::of(&message).collect::<Result<_, _>>().unwrap();
        assert_eq!(
            fields,
            [
                (1, Field::Varint(150)),
                (2, Field::Bytes(b"hi")),
                (3, Field::Fixed32(1.0_f32.to_bits())),
                (4, Field::Fixed64(1)),
            ]
        );
    }

    #[test]
    fn what_ends_too_early_or_never_is_refused() {
        for message in [&[0x08][..], &[0x12, 5, 1], &[0x80; 11], &[0x1d, 0], &[0x0b], &[0x0c]] {
            assert!(Fields::of(message).any(|field| field.is_err()), "{message:?}");
        }
    }
}
