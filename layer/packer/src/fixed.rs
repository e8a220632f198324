//! Fixes the open sides of a model's tensors: a batch of any number, or a picture of any size. The runtime takes fixed shapes
//! only, and a batch is always one picture here.

use flatbuffer::{Buffer, Outside, Table};

/// The model with fixed sides, and whether anything was open. The input `input` gets the given height and width where those
/// are open. Only numbers are overwritten; nothing moves.
pub(crate) fn fix(model: &[u8], input: usize, size: Option<(u32, u32)>) -> Result<(Vec<u8>, bool), Outside> {
    let mut changes = Vec::new();
    if let Some(graph) = Buffer::new(model).root()?.tables(2)?.iter_tables().next() {
        for (index, tensor) in graph?.tables(0)?.iter_tables().enumerate() {
            let size = size.filter(|_| index == input);
            fix_tensor(tensor?, size, &mut changes)?;
        }
    }
    let mut fixed = model.to_vec();
    for (at, number) in &changes {
        if let Some(place) = fixed.get_mut(*at..*at + 4) {
            place.copy_from_slice(&number.to_le_bytes());
        }
    }
    Ok((fixed, !changes.is_empty()))
}

fn fix_tensor(
    tensor: Table<'_>,
    size: Option<(u32, u32)>,
    changes: &mut Vec<(usize, i32)>,
) -> Result<(), Outside> {
    let (shape, signature) = (tensor.numbers::<i32>(0)?, tensor.numbers::<i32>(7)?);
    if signature.len() != shape.len() {
        return Ok(());
    }
    let sides = shape.iter_numbers::<i32>().zip(signature.iter_numbers::<i32>());
    for (place, (side, open)) in sides.enumerate() {
        let (side, open) = (side?, open?);
        if open >= 0 {
            continue;
        }
        let side = match (size, place, shape.len()) {
            (Some((height, _)), 1, 4) => height.cast_signed(),
            (Some((_, width)), 2, 4) => width.cast_signed(),
            _ => side.max(1),
        };
        for vector in [shape, signature] {
            changes.push((vector.byte_range().start + 4 * place, side));
        }
    }
    Ok(())
}
