//! Writes flatbuffers, beginning with the root (<https://flatbuffers.dev/internals>).
//!
//! The crate flatbuffers writes them from the end, can't align weights, and copies them twice. Here they are written where
//! they stay.

use super::linear::Linear;
use crate::constant::Constant;

/// What stands in a flatbuffer.
pub(super) enum Item<'m, 'g> {
    /// A byte or a boolean.
    Byte(u8),
    Int(i32),
    Float(f32),
    /// Fields by number.
    Table(Vec<(u16, Item<'m, 'g>)>),
    Tables(Vec<Item<'m, 'g>>),
    Ints(Vec<i32>),
    Text(String),
    Data(Data<'m, 'g>),
}

/// Bytes that LiteRT reads in place.
pub(super) enum Data<'m, 'g> {
    Constant(&'m Constant<'g>),
    Weights(&'m Linear<'g>),
    Floats(Vec<f32>),
}

impl Data<'_, '_> {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Constant(constant) => constant.bytes.as_slice().len(),
            Self::Weights(linear) => linear.bytes(),
            Self::Floats(floats) => floats.len() * 4,
        }
    }

    fn write(&self, to: &mut [u8]) {
        match self {
            Self::Constant(constant) => to.copy_from_slice(constant.bytes.as_slice()),
            Self::Weights(linear) => linear.write(to),
            Self::Floats(floats) => {
                let pairs = to.chunks_exact_mut(4).zip(floats);
                pairs.for_each(|(to, float)| to.copy_from_slice(&float.to_le_bytes()));
            }
        }
    }
}

/// Where the kernels expect data to begin: at a multiple of this.
const ALIGNMENT: usize = 16;

/// Writes the table `root`, with the file's `identifier`; `capacity` is about what it takes.
pub(super) fn write(root: &Item<'_, '_>, identifier: [u8; 4], capacity: usize) -> Vec<u8> {
    let mut writer = Writer { bytes: Vec::with_capacity(capacity) };
    writer.int(0);
    writer.bytes.extend(identifier);
    let place = writer.item(root);
    writer.point(0, place);
    writer.bytes
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn align(&mut self, alignment: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(alignment), 0);
    }

    fn int(&mut self, number: u32) {
        self.bytes.extend(number.to_le_bytes());
    }

    /// Lets the offset at `from` lead to `to`.
    fn point(&mut self, from: usize, to: usize) {
        let offset = u32::try_from(to - from).unwrap_or(u32::MAX);
        self.set(from, &offset.to_le_bytes());
    }

    fn set(&mut self, place: usize, bytes: &[u8]) {
        if let Some(slot) = self.bytes.get_mut(place..place + bytes.len()) {
            slot.copy_from_slice(bytes);
        }
    }

    /// Writes what an offset leads to; returns its place.
    fn item(&mut self, item: &Item<'_, '_>) -> usize {
        match item {
            Item::Table(fields) => self.table(fields),
            Item::Tables(tables) => {
                let place = self.length(tables.len());
                let slots = self.bytes.len();
                self.bytes.resize(slots + 4 * tables.len(), 0);
                for (number, table) in tables.iter().enumerate() {
                    let table = self.item(table);
                    self.point(slots + 4 * number, table);
                }
                place
            }
            Item::Ints(numbers) => {
                let place = self.length(numbers.len());
                self.bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                place
            }
            Item::Text(text) => {
                let place = self.length(text.len());
                self.bytes.extend(text.as_bytes());
                self.bytes.push(0);
                place
            }
            Item::Data(data) => {
                let start = (self.bytes.len() + 4).next_multiple_of(ALIGNMENT);
                self.bytes.resize(start - 4, 0);
                let place = self.length(data.bytes());
                self.bytes.resize(start + data.bytes(), 0);
                data.write(self.bytes.get_mut(start..).unwrap_or_default());
                place
            }
            // Numbers stand in their tables.
            Item::Byte(_) | Item::Int(_) | Item::Float(_) => self.bytes.len(),
        }
    }

    fn length(&mut self, length: usize) -> usize {
        self.align(4);
        self.int(u32::try_from(length).unwrap_or(u32::MAX));
        self.bytes.len() - 4
    }

    /// A table: what says where its fields are, then those, each in four bytes.
    fn table(&mut self, fields: &[(u16, Item<'_, '_>)]) -> usize {
        self.align(4);
        let count = fields.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
        let size = |count: usize| u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
        let directory = self.bytes.len();
        self.bytes.extend(size(4 + 2 * usize::from(count)));
        self.bytes.extend(size(4 + 4 * fields.len()));
        for number in 0..count {
            let place = fields.iter().position(|(field, _)| *field == number);
            self.bytes.extend(size(place.map_or(0, |place| 4 + 4 * place)));
        }
        self.align(4);
        let table = self.bytes.len();
        self.int(u32::try_from(table - directory).unwrap_or(u32::MAX));
        for (_, field) in fields {
            match field {
                Item::Byte(byte) => self.bytes.extend([*byte, 0, 0, 0]),
                Item::Int(number) => self.bytes.extend(number.to_le_bytes()),
                Item::Float(number) => self.bytes.extend(number.to_le_bytes()),
                _ => self.int(0),
            }
        }
        for (place, (_, field)) in fields.iter().enumerate() {
            if !matches!(field, Item::Byte(_) | Item::Int(_) | Item::Float(_)) {
                let target = self.item(field);
                self.point(table + 4 + 4 * place, target);
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use flatbuffer::Buffer;

    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let constant = Constant::of_floats(vec![2], &[1.0, 2.0]);
        let inner = Item::Table(vec![(3, Item::Int(-5)), (0, Item::Byte(7))]);
        let root = Item::Table(vec![
            (0, Item::Int(3)),
            (2, Item::Tables(vec![inner, Item::Table(Vec::new())])),
            (4, Item::Text("name".to_owned())),
            (5, Item::Data(Data::Constant(&constant))),
            (6, Item::Ints(vec![1, -2])),
            (7, Item::Float(0.5)),
        ]);
        let bytes = write(&root, *b"TEST", 0);
        let buffer = Buffer::new(&bytes);
        assert_eq!(buffer.identifier(), Some(*b"TEST"));
        let root = buffer.root().unwrap();
        assert_eq!(root.number::<i32>(0), Ok(Some(3)));
        assert_eq!(root.number::<i32>(1), Ok(None));
        let tables: Vec<_> = root.tables(2).unwrap().iter_tables().map(Result::unwrap).collect();
        assert_eq!(tables[0].number::<i32>(3), Ok(Some(-5)));
        assert_eq!(tables[0].number::<u8>(0), Ok(Some(7)));
        assert_eq!(tables[1].number::<u8>(0), Ok(None));
        assert_eq!(root.numbers::<u8>(4).unwrap().as_bytes(), b"name");
        let data = root.numbers::<u8>(5).unwrap();
        assert_eq!(data.byte_range().start % ALIGNMENT, 0);
        assert_eq!(data.as_bytes(), constant.bytes.as_slice());
        let numbers: Vec<i32> = root.numbers::<i32>(6).unwrap().iter_numbers().map(Result::unwrap).collect();
        assert_eq!(numbers, [1, -2]);
        assert_eq!(root.number::<f32>(7), Ok(Some(0.5)));
    }
}
