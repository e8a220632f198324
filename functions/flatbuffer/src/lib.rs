//! Reading a flatbuffer that nobody vouches for, such as a model: every offset and length is checked when it is followed.
//! The build of the function and the runtime's verifier read TensorFlow Lite's models by it.
//!
//! The crate flatbuffers needs generated code or `unsafe` to read without a schema; this needs neither. The format:
//! <https://flatbuffers.dev/internals>.

#![deny(clippy::indexing_slicing)]

#[cfg(test)]
mod tests;

use std::ops::Range;

use thiserror::Error;

/// What stands in the buffer leads out of it, or out of its table.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("what stands at byte {at} leads out of its {length} bytes")]
pub struct Outside {
    /// Where.
    pub at: usize,
    /// Bytes of the buffer.
    pub length: usize,
}

type Read<T> = Result<T, Outside>;

/// A number as it stands in a flatbuffer, little-endian.
pub trait Number: Sized {
    /// Its size.
    const BYTES: usize;

    /// `bytes` has [`Self::BYTES`] bytes; None otherwise.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Number for $number {
            const BYTES: usize = size_of::<Self>();

            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8, i8, u16, i32, u32, i64, u64, f32);

/// The whole buffer.
#[derive(Clone, Copy, Debug)]
pub struct Buffer<'a>(&'a [u8]);

impl<'a> Buffer<'a> {
    /// A buffer of these bytes, of which nothing is known.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The four bytes that name the schema; None where it is shorter.
    pub fn identifier(self) -> Option<[u8; 4]> {
        self.0.get(4..8)?.try_into().ok()
    }

    /// The table that the buffer begins with.
    ///
    /// # Errors
    /// [`Outside`].
    pub fn root(self) -> Read<Table<'a>> {
        Table::at(self, self.target(0)?)
    }

    fn number<N: Number>(self, at: usize) -> Read<N> {
        let end = at.checked_add(N::BYTES);
        end.and_then(|end| self.0.get(at..end)).and_then(N::from_bytes).ok_or(self.outside(at))
    }

    /// Where the offset at `at` leads.
    fn target(self, at: usize) -> Read<usize> {
        let offset: u32 = self.number(at)?;
        Ok(at.saturating_add(offset as usize))
    }

    fn outside(self, at: usize) -> Outside {
        Outside { at, length: self.0.len() }
    }
}

/// A table; its fields are known by number.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    buffer: Buffer<'a>,
    at: usize,
    vtable: usize,
    vtable_length: usize,
    length: usize,
}

impl<'a> Table<'a> {
    fn at(buffer: Buffer<'a>, at: usize) -> Read<Self> {
        let back: i32 = buffer.number(at)?;
        let vtable = i64::try_from(at).ok().and_then(|at| at.checked_sub(i64::from(back)));
        let vtable = vtable.and_then(|vtable| usize::try_from(vtable).ok()).ok_or(buffer.outside(at))?;
        let vtable_length: u16 = buffer.number(vtable)?;
        let length: u16 = buffer.number(vtable + 2)?;
        let is_inside = |at: usize, length: u16| at + usize::from(length) <= buffer.0.len();
        if vtable_length < 4 || !is_inside(vtable, vtable_length) || length < 4 || !is_inside(at, length) {
            return Err(buffer.outside(at));
        }
        Ok(Self { buffer, at, vtable, vtable_length: vtable_length.into(), length: length.into() })
    }

    /// Where field `number` is; None where it has its default.
    fn field(self, number: usize, bytes: usize) -> Read<Option<usize>> {
        let entry = 4 + number * 2;
        if entry + 2 > self.vtable_length {
            return Ok(None);
        }
        let offset = usize::from(self.buffer.number::<u16>(self.vtable + entry)?);
        if offset == 0 {
            return Ok(None);
        }
        if offset < 4 || offset + bytes > self.length {
            return Err(self.buffer.outside(self.at + offset));
        }
        Ok(Some(self.at + offset))
    }

    /// The number in field `number`; None where it has its default.
    ///
    /// # Errors
    /// [`Outside`].
    pub fn number<N: Number>(self, number: usize) -> Read<Option<N>> {
        self.field(number, N::BYTES)?.map(|at| self.buffer.number(at)).transpose()
    }

    /// The table that field `number` refers to; None where the field is not there.
    ///
    /// # Errors
    /// [`Outside`].
    pub fn table(self, number: usize) -> Read<Option<Self>> {
        let Some(at) = self.field(number, 4)? else { return Ok(None) };
        Self::at(self.buffer, self.buffer.target(at)?).map(Some)
    }

    /// The numbers that field `number` refers to; none where the field is not there.
    ///
    /// # Errors
    /// [`Outside`].
    pub fn numbers<N: Number>(self, number: usize) -> Read<Vector<'a>> {
        self.vector(number, N::BYTES)
    }

    /// The tables that field `number` refers to; none where the field is not there.
    ///
    /// # Errors
    /// [`Outside`].
    pub fn tables(self, number: usize) -> Read<Vector<'a>> {
        self.vector(number, 4)
    }

    fn vector(self, number: usize, element: usize) -> Read<Vector<'a>> {
        let Some(at) = self.field(number, 4)? else {
            return Ok(Vector { buffer: self.buffer, at: 0, length: 0 });
        };
        let start = self.buffer.target(at)?;
        let length = self.buffer.number::<u32>(start)? as usize;
        let at = start + 4;
        match length.checked_mul(element).and_then(|bytes| bytes.checked_add(at)) {
            Some(end) if end <= self.buffer.0.len() => Ok(Vector { buffer: self.buffer, at, length }),
            _ => Err(self.buffer.outside(at)),
        }
    }
}

/// A vector; all its elements are inside the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Vector<'a> {
    buffer: Buffer<'a>,
    at: usize,
    length: usize,
}

impl<'a> Vector<'a> {
    /// How many elements it has.
    pub fn len(self) -> usize {
        self.length
    }

    /// Whether it has none.
    pub fn is_empty(self) -> bool {
        self.length == 0
    }

    /// Where its elements, which must be bytes, are in the buffer.
    pub fn byte_range(self) -> Range<usize> {
        self.at..self.at + self.length
    }

    /// Its elements, which must be bytes, such as those of a text.
    pub fn as_bytes(self) -> &'a [u8] {
        self.buffer.0.get(self.byte_range()).unwrap_or_default()
    }

    /// Its numbers, which must be of the type that it was found with.
    pub fn iter_numbers<N: Number + 'a>(self) -> impl Iterator<Item = Read<N>> + 'a {
        (0..self.length).map(move |index| self.buffer.number(self.at + index * N::BYTES))
    }

    /// Its tables; it must be a vector of tables.
    pub fn iter_tables(self) -> impl Iterator<Item = Read<Table<'a>>> + 'a {
        (0..self.length).map(move |index| Table::at(self.buffer, self.buffer.target(self.at + index * 4)?))
    }
}
