//! Arithmetic on constants.

use super::Budget;
use super::numbers::Numbers;
use crate::constant::Constant;
use crate::element_type::ElementType;
use crate::error::{Fault, invalid};
use crate::lower::Step;
use crate::lower::reduction::reduced;
use crate::shape::{broadcast, strides};

/// The operation's output, where it is arithmetic that this crate computes.
pub(super) fn fold(
    operation: &str,
    step: &Step<'_, '_>,
    constants: &[&Constant<'_>],
    budget: &mut Budget,
) -> Result<Option<Constant<'static>>, Fault> {
    match (operation, constants) {
        ("Cast", [from]) => cast(step, from, budget),
        ("Range", [start, limit, delta]) => range(start, limit, delta, budget),
        ("Sum" | "Prod" | "Max" | "Min" | "Mean", [_, _]) => reduce(operation, step, budget),
        (_, [one]) => unary(operation, one, budget),
        (_, [left, right]) => binary(operation, left, right, budget),
        _ => Ok(None),
    }
}

fn cast(
    step: &Step<'_, '_>,
    from: &Constant<'_>,
    budget: &mut Budget,
) -> Result<Option<Constant<'static>>, Fault> {
    let Some(to) = step.attributes.element_type("DstT")? else { return invalid("it says no type") };
    budget.take(&from.shape, to, from.len())?;
    let numbers = match (Numbers::of(from), to) {
        (Numbers::Integers(integers), ElementType::F32) => {
            Numbers::Floats(integers.iter().map(|&integer| integer as f32).collect())
        }
        (Numbers::Floats(floats), ElementType::Bool) => {
            Numbers::Integers(floats.iter().map(|&float| i64::from(float != 0.0)).collect())
        }
        (Numbers::Floats(floats), to) if to != ElementType::F32 => {
            Numbers::Integers(floats.iter().map(|&float| float as i64).collect())
        }
        (numbers, _) => numbers,
    };
    Ok(numbers.into_constant(to, from.shape.clone()))
}

fn range(
    start: &Constant<'_>,
    limit: &Constant<'_>,
    delta: &Constant<'_>,
    budget: &mut Budget,
) -> Result<Option<Constant<'static>>, Fault> {
    let single = |constant: &Constant<'_>| match constant.integers().as_deref() {
        Some([one]) => Some(*one),
        _ => None,
    };
    let (Some(start_at), Some(limit), Some(delta)) = (single(start), single(limit), single(delta)) else {
        return Ok(None);
    };
    let distance = if delta > 0 { limit.checked_sub(start_at) } else { start_at.checked_sub(limit) };
    let (Some(distance), Some(stride @ 1..)) = (distance, delta.checked_abs()) else {
        return invalid(format!("from {start_at} to {limit} by {delta}"));
    };
    let count = if distance > 0 { (distance - 1) / stride + 1 } else { 0 };
    let count = crate::lower::step::size(count, "numbers:")?;
    budget.take(&[count], start.element_type, 0)?;
    let numbers = (0..count).scan(start_at, |next, _| {
        let number = *next;
        *next = next.wrapping_add(delta);
        Some(number)
    });
    Ok(Numbers::Integers(numbers.collect()).into_constant(start.element_type, vec![count]))
}

fn reduce(
    operation: &str,
    step: &Step<'_, '_>,
    budget: &mut Budget,
) -> Result<Option<Constant<'static>>, Fault> {
    let Some(from) = step.constant(0) else { return Ok(None) };
    let (axes, shape) = reduced(step)?;
    if from.len() == 0 {
        return Ok(None);
    }
    budget.take(&shape, from.element_type, from.len())?;
    // For each element, where in the result it goes.
    let kept: Vec<usize> = from
        .shape
        .iter()
        .enumerate()
        .map(|(dimension, &side)| if axes.contains(&dimension) { 1 } else { side })
        .collect();
    let results = crate::shape::elements(&kept).unwrap_or(0);
    let places = Places::new(&from.shape, &kept);
    let numbers = match Numbers::of(from) {
        Numbers::Floats(floats) if from.element_type == ElementType::F32 => {
            let count = (floats.len() / results.max(1)) as f32;
            let (start, join): (f32, fn(f32, f32) -> f32) = match operation {
                "Sum" | "Mean" => (0.0, |a, b| a + b),
                "Prod" => (1.0, |a, b| a * b),
                "Max" => (f32::NEG_INFINITY, f32::max),
                _ => (f32::INFINITY, f32::min),
            };
            let mut found = gathered(&floats, places, results, start, join);
            if operation == "Mean" {
                found.iter_mut().for_each(|sum| *sum /= count);
            }
            Numbers::Floats(found)
        }
        Numbers::Integers(integers) if operation != "Mean" => {
            let (start, join): (i64, fn(i64, i64) -> i64) = match operation {
                "Sum" => (0, i64::wrapping_add),
                "Prod" => (1, i64::wrapping_mul),
                "Max" => (i64::MIN, i64::max),
                _ => (i64::MAX, i64::min),
            };
            Numbers::Integers(gathered(&integers, places, results, start, join))
        }
        _ => return Ok(None),
    };
    Ok(numbers.into_constant(from.element_type, shape))
}

fn gathered<T: Copy>(numbers: &[T], places: Places, results: usize, start: T, join: fn(T, T) -> T) -> Vec<T> {
    let mut found = vec![start; results];
    for (number, place) in numbers.iter().zip(places) {
        if let Some(result) = found.get_mut(place) {
            *result = join(*result, *number);
        }
    }
    found
}

fn unary(
    operation: &str,
    from: &Constant<'_>,
    budget: &mut Budget,
) -> Result<Option<Constant<'static>>, Fault> {
    let on_floats: fn(f32) -> f32 = match operation {
        "Neg" => |x| -x,
        "Abs" => f32::abs,
        "Sqrt" => f32::sqrt,
        "Rsqrt" => |x| 1.0 / x.sqrt(),
        "Square" => |x| x * x,
        "Exp" => f32::exp,
        "Log" => f32::ln,
        "Floor" => f32::floor,
        "Ceil" => f32::ceil,
        "Relu" => |x| x.max(0.0),
        "Reciprocal" | "Inv" => f32::recip,
        _ => return Ok(None),
    };
    budget.take(&from.shape, from.element_type, from.len())?;
    let numbers = match Numbers::of(from) {
        Numbers::Floats(floats) if from.element_type == ElementType::F32 => {
            Numbers::Floats(floats.into_iter().map(on_floats).collect())
        }
        Numbers::Integers(integers) => {
            let on_integers: fn(i64) -> i64 = match operation {
                "Neg" => i64::wrapping_neg,
                "Abs" => i64::wrapping_abs,
                "Square" => |x| x.wrapping_mul(x),
                "Relu" => |x| x.max(0),
                _ => return Ok(None),
            };
            Numbers::Integers(integers.into_iter().map(on_integers).collect())
        }
        Numbers::Floats(_) => return Ok(None),
    };
    Ok(numbers.into_constant(from.element_type, from.shape.clone()))
}

fn binary(
    operation: &str,
    left: &Constant<'_>,
    right: &Constant<'_>,
    budget: &mut Budget,
) -> Result<Option<Constant<'static>>, Fault> {
    if left.element_type != right.element_type {
        return Ok(None);
    }
    let Some(on_floats) = on_floats(operation) else { return Ok(None) };
    let shape = broadcast(&left.shape, &right.shape)?;
    budget.take(&shape, left.element_type, 0)?;
    let element_type = left.element_type;
    let places = || Places::new(&shape, &left.shape).zip(Places::new(&shape, &right.shape));
    let numbers = match (Numbers::of(left), Numbers::of(right)) {
        (Numbers::Floats(left), Numbers::Floats(right)) if element_type == ElementType::F32 => {
            Numbers::Floats(paired(&left, &right, places()).map(|(a, b)| on_floats(a, b)).collect())
        }
        (Numbers::Integers(left), Numbers::Integers(right)) => {
            if matches!(operation, "FloorDiv" | "FloorMod" | "Div" | "RealDiv") && right.contains(&0) {
                return invalid("it divides by 0");
            }
            let Some(on_integers) = on_integers(operation) else { return Ok(None) };
            Numbers::Integers(paired(&left, &right, places()).map(|(a, b)| on_integers(a, b)).collect())
        }
        _ => return Ok(None),
    };
    Ok(numbers.into_constant(element_type, shape))
}

fn paired<'n, T: Copy + Default>(
    left: &'n [T],
    right: &'n [T],
    places: impl Iterator<Item = (usize, usize)> + 'n,
) -> impl Iterator<Item = (T, T)> + 'n {
    places.map(|(a, b)| (left.get(a).copied().unwrap_or_default(), right.get(b).copied().unwrap_or_default()))
}

fn on_floats(operation: &str) -> Option<fn(f32, f32) -> f32> {
    Some(match operation {
        "Add" | "AddV2" | "BiasAdd" => |a, b| a + b,
        "Sub" => |a, b| a - b,
        "Mul" => |a, b| a * b,
        "RealDiv" | "Div" => |a, b| a / b,
        "FloorDiv" => |a, b| (a / b).floor(),
        "FloorMod" => |a, b| a - b * (a / b).floor(),
        "Maximum" => f32::max,
        "Minimum" => f32::min,
        "SquaredDifference" => |a, b| (a - b) * (a - b),
        "Pow" => f32::powf,
        _ => return None,
    })
}

fn on_integers(operation: &str) -> Option<fn(i64, i64) -> i64> {
    Some(match operation {
        "Add" | "AddV2" => i64::wrapping_add,
        "Sub" => i64::wrapping_sub,
        "Mul" => i64::wrapping_mul,
        "Div" | "RealDiv" => i64::wrapping_div,
        "FloorDiv" => |a, b| {
            let quotient = a.wrapping_div(b);
            if a.wrapping_rem(b) != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
        },
        "FloorMod" => |a, b| {
            let rest = a.wrapping_rem(b);
            if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
        },
        "Maximum" => i64::max,
        "Minimum" => i64::min,
        _ => return None,
    })
}

/// For each element of a shape, in order, which element of another one belongs to it: that of the same place, or the only one
/// along dimensions of 1 or that it has not.
struct Places {
    sides: Vec<usize>,
    steps: Vec<usize>,
    place: Vec<usize>,
    left: usize,
}

impl Places {
    fn new(shape: &[usize], of: &[usize]) -> Self {
        let missing = shape.len().saturating_sub(of.len());
        let own = strides(of);
        let steps = (0..shape.len()).map(|dimension| {
            let dimension = dimension.checked_sub(missing);
            let is_one = dimension.and_then(|dimension| of.get(dimension)).is_none_or(|&side| side == 1);
            let step = dimension.and_then(|dimension| own.get(dimension)).copied().unwrap_or(0);
            if is_one { 0 } else { step }
        });
        let left = crate::shape::elements(shape).unwrap_or(0);
        Self { sides: shape.to_vec(), steps: steps.collect(), place: vec![0; shape.len()], left }
    }
}

impl Iterator for Places {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let at = self.place.iter().zip(&self.steps).map(|(place, step)| place * step).sum();
        for (place, side) in self.place.iter_mut().zip(&self.sides).rev() {
            *place += 1;
            if *place < *side {
                break;
            }
            *place = 0;
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(operation: &str, left: &Constant<'_>, right: &Constant<'_>) -> Vec<i64> {
        binary(operation, left, right, &mut Budget::default()).unwrap().unwrap().integers().unwrap()
    }

    #[test]
    fn integers_are_divided_as_in_tensorflow() {
        let four = || Constant::of_integers(&[7, -7, 7, -7]);
        let by = || Constant::of_integers(&[2, 2, -2, -2]);
        assert_eq!(folded("FloorDiv", &four(), &by()), [3, -4, -4, 3]);
        assert_eq!(folded("FloorMod", &four(), &by()), [1, 1, -1, -1]);
        let zero = Constant::of_integers(&[0]);
        assert!(binary("FloorDiv", &four(), &zero, &mut Budget::default()).is_err());
    }

    #[test]
    fn constants_are_broadcast() {
        let mut column = Constant::of_integers(&[10, 20]);
        column.shape = vec![2, 1];
        assert_eq!(folded("Add", &column, &Constant::of_integers(&[1, 2, 3])), [11, 12, 13, 21, 22, 23]);
    }

    #[test]
    fn what_a_constant_would_take_is_bounded() {
        let mut tall = Constant::of_integers(&vec![1; 8192]);
        tall.shape = vec![8192, 1];
        let wide = Constant::of_integers(&vec![1; 8192]);
        assert!(binary("Add", &tall, &wide, &mut Budget::default()).is_err());
    }
}
