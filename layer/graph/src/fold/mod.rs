//! What depends on constants and shapes only is computed once: shapes that a graph puts together, and batch norms written
//! out as arithmetic.

mod arithmetic;
mod moving;
mod numbers;

use crate::constant::Constant;
use crate::element_type::ElementType;
use crate::error::{Fault, invalid, too_large};
use crate::limits::{MAX_FOLDED_BYTES, MAX_FOLDED_ELEMENTS};
use crate::lower::Step;
use crate::shape::{byte_size, elements, span};
use numbers::Numbers;

/// What may still be computed of constants.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: usize,
    elements: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: MAX_FOLDED_BYTES, elements: MAX_FOLDED_ELEMENTS }
    }
}

impl Budget {
    /// Takes what a result of that shape needs; `looked_at` are the elements that are read for it.
    fn take(&mut self, shape: &[usize], element_type: ElementType, looked_at: usize) -> Result<(), Fault> {
        let bytes = byte_size(shape, element_type)?;
        let work = looked_at.saturating_add(span(shape).unwrap_or(usize::MAX));
        match (self.bytes.checked_sub(bytes), self.elements.checked_sub(work)) {
            (Some(bytes), Some(elements)) => {
                (self.bytes, self.elements) = (bytes, elements);
                Ok(())
            }
            _ => Err(too_large("bytes computed of constants", bytes, MAX_FOLDED_BYTES).into()),
        }
    }
}

/// The operation's outputs, where they can be known already and this crate computes them.
pub(crate) fn fold(
    operation: &str,
    step: &Step<'_, '_>,
    budget: &mut Budget,
) -> Result<Option<Vec<Constant<'static>>>, Fault> {
    if let Some(known) = of_shapes(operation, step)? {
        return Ok(Some(known));
    }
    let constants: Option<Vec<&Constant<'_>>> =
        (0..step.operands.len()).map(|place| step.constant(place)).collect();
    let Some(constants) = constants.filter(|constants| !constants.is_empty()) else { return Ok(None) };
    if let Some(moved) = moving::fold(operation, step, &constants, budget)? {
        return Ok(Some(moved));
    }
    Ok(arithmetic::fold(operation, step, &constants, budget)?.map(|constant| vec![constant]))
}

/// Shapes are known whatever the values are.
fn of_shapes(operation: &str, step: &Step<'_, '_>) -> Result<Option<Vec<Constant<'static>>>, Fault> {
    let known = match operation {
        "Shape" | "ShapeN" => {
            (0..step.operands.len()).map(|place| step.shape(place)).collect::<Result<_, _>>()?
        }
        "Size" => vec![vec![elements(&step.shape(0)?).unwrap_or(usize::MAX)]],
        "Rank" => vec![vec![step.shape(0)?.len()]],
        _ => return Ok(None),
    };
    let element_type = match operation {
        "Rank" => ElementType::I32,
        _ => step.attributes.element_type("out_type")?.unwrap_or(ElementType::I32),
    };
    let is_scalar = matches!(operation, "Size" | "Rank");
    let constants = known.into_iter().map(|sides: Vec<usize>| {
        let shape = if is_scalar { Vec::new() } else { vec![sides.len()] };
        let sides = sides.iter().map(|&side| i64::try_from(side).unwrap_or(i64::MAX)).collect();
        Numbers::Integers(sides).into_constant(element_type, shape)
    });
    match constants.collect::<Option<Vec<_>>>() {
        Some(constants) => Ok(Some(constants)),
        None => invalid(format!("a shape of {element_type}")),
    }
}
