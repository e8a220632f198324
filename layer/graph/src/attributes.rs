//! Attributes of an operation, with the defaults that newer versions of TensorFlow have given them: old graphs lack those
//! (`tensorflow/core/framework/attr_value.proto`).

use crate::element_type::ElementType;
use crate::error::GraphError;
use crate::limits::MAX_PARAMETERS;
use crate::wire::{Field, Fields, damage, last, varint};

/// The attributes of one operation, read when they are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes<'g> {
    /// The operation's `NodeDef`.
    node: &'g [u8],
}

impl<'g> Attributes<'g> {
    pub(crate) fn of(node: &'g [u8]) -> Self {
        Self { node }
    }

    /// The `AttrValue` of that name.
    fn value(self, name: &str) -> Result<Option<&'g [u8]>, GraphError> {
        let mut found = None;
        for field in Fields::of(self.node) {
            let (5, entry) = field? else { continue };
            if last(entry.bytes(), 1)?.is_some_and(|key| key.bytes() == name.as_bytes()) {
                found = Some(last(entry.bytes(), 2)?.map_or(&[][..], Field::bytes));
            }
        }
        Ok(found)
    }

    fn field(self, name: &str, number: u32) -> Result<Option<Field<'g>>, GraphError> {
        self.value(name)?.map_or(Ok(None), |value| last(value, number))
    }

    /// A text, such as `SAME`.
    pub(crate) fn text(self, name: &str, default: &'static str) -> Result<&'g str, GraphError> {
        self.field(name, 2)?.map_or(Ok(default), Field::text)
    }

    pub(crate) fn int(self, name: &str, default: i64) -> Result<i64, GraphError> {
        Ok(self.field(name, 3)?.map_or(default, Field::int))
    }

    pub(crate) fn float(self, name: &str, default: f32) -> Result<f32, GraphError> {
        Ok(self.field(name, 4)?.map_or(default, Field::float))
    }

    pub(crate) fn flag(self, name: &str, default: bool) -> Result<bool, GraphError> {
        // A value that is there, but has no field, is the type's zero: false.
        let Some(value) = self.value(name)? else { return Ok(default) };
        Ok(last(value, 5)?.is_some_and(|flag| flag.int() != 0))
    }

    /// A type of elements; None where it is not there.
    pub(crate) fn element_type(self, name: &str) -> Result<Option<ElementType>, GraphError> {
        let Some(field) = self.field(name, 6)? else { return Ok(None) };
        let number = field.int();
        // A type that is a reference to a variable has 100 more.
        ElementType::from_tensorflow(number % 100)
            .map(Some)
            .ok_or_else(|| damage(&format!("elements of type {number}")))
    }

    /// The `TensorProto` of a constant.
    pub(crate) fn tensor(self, name: &str) -> Result<Option<&'g [u8]>, GraphError> {
        Ok(self.field(name, 8)?.map(Field::bytes))
    }

    /// The sides of a shape, -1 for any; None where it is not there, or where their number is free.
    pub(crate) fn sides(self, name: &str) -> Result<Option<Vec<i64>>, GraphError> {
        let Some(shape) = self.field(name, 7)? else { return Ok(None) };
        if last(shape.bytes(), 3)?.is_some_and(|unknown| unknown.int() != 0) {
            return Ok(None);
        }
        let mut sides = Vec::new();
        for field in Fields::of(shape.bytes()) {
            let (2, side) = field? else { continue };
            sides.push(last(side.bytes(), 1)?.map_or(0, Field::int));
            if sides.len() > MAX_PARAMETERS {
                return Err(damage(&format!("a shape has more than {MAX_PARAMETERS} sides")));
            }
        }
        Ok(Some(sides))
    }

    /// Integers of a list; None where it is not there.
    pub(crate) fn ints(self, name: &str) -> Result<Option<Vec<i64>>, GraphError> {
        let Some(list) = self.field(name, 1)? else {
            return Ok(self.value(name)?.map(|_| Vec::new()));
        };
        let mut numbers = Vec::new();
        for field in Fields::of(list.bytes()) {
            let (3, field) = field? else { continue };
            match field {
                Field::Bytes(mut packed) => {
                    while !packed.is_empty() && numbers.len() <= MAX_PARAMETERS {
                        let (number, rest) = varint(packed)?;
                        numbers.push(number.cast_signed());
                        packed = rest;
                    }
                }
                field => numbers.push(field.int()),
            }
            if numbers.len() > MAX_PARAMETERS {
                return Err(damage(&format!("the list {name:?} has more than {MAX_PARAMETERS} numbers")));
            }
        }
        Ok(Some(numbers))
    }
}
