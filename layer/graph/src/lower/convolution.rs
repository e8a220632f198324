//! Convolutions: plain, depthwise, dilated and transposed, with every kind of padding.

use super::padding::add_zeros;
use super::reshaping::permuted;
use super::step::window;
use super::{Lowered, Step};
use crate::element_type::ElementType;
use crate::error::{Fault, invalid, unsupported};
use crate::limits::MAX_FOLDED_BYTES;
use crate::model::{Layout, Linear, Options, Padding, Scalar, Window, code};
use crate::value::Value;

/// Zeros before and after a side, as `SAME` has them.
pub(crate) fn same_padding(side: usize, kernel: usize, stride: usize) -> [usize; 2] {
    let outputs = side.div_ceil(stride.max(1));
    let reach = outputs.saturating_sub(1).saturating_mul(stride).saturating_add(kernel);
    let zeros = reach.saturating_sub(side);
    [zeros / 2, zeros - zeros / 2]
}

/// How an operation with a window goes over its input.
pub(super) struct Sweep {
    pub(super) input: usize,
    pub(super) padding: Padding,
    /// Height and width of the output.
    pub(super) sides: [usize; 2],
}

/// Padding of an operation with a window over input 0. Zeros that stand in the graph by themselves, or are given one by one,
/// are `SAME` where they are the same.
pub(super) fn sweep(
    step: &mut Step<'_, '_>,
    kernel: [usize; 2],
    stride: [usize; 2],
    may_add_zeros: bool,
) -> Result<Sweep, Fault> {
    let [_, height, width, _] = step.picture(0)?;
    let mut input = step.tensor(0)?;
    let mut sides = [height, width];
    let mut zeros = match step.attributes.text("padding", "")? {
        "SAME" => {
            let outputs = [height.div_ceil(first(stride)), width.div_ceil(last(stride))];
            let zeros = [
                same_padding(height, first(kernel), first(stride)),
                same_padding(width, last(kernel), last(stride)),
            ];
            let padding = if zeros == [[0; 2]; 2] {
                Padding::Valid
            } else if may_add_zeros && skips(kernel, stride) {
                input = add_zeros(step, input, &[[0, 0], first(zeros), last(zeros), [0, 0]])?;
                Padding::Valid
            } else {
                Padding::Same
            };
            return Ok(Sweep { input, padding, sides: outputs });
        }
        "VALID" => [[0; 2]; 2],
        "EXPLICIT" => explicit(step)?,
        other => return invalid(format!("its padding is {other:?}, accepted are SAME, VALID and EXPLICIT")),
    };
    if may_add_zeros
        && let Some((unpadded, pairs)) = step.model.padded(input)
        && let [[0, 0], vertical, horizontal, [0, 0]] = *pairs
    {
        // The zeros before it, and its own.
        let before = step.model.kind(unpadded)?.1;
        if let [_, height, width, _] = *before {
            let all = [joined(vertical, first(zeros)), joined(horizontal, last(zeros))];
            if is_same([height, width], kernel, stride, all) {
                (input, sides, zeros) = (unpadded, [height, width], all);
            }
        }
    }
    let outputs = match outputs(sides, kernel, stride, zeros) {
        Some(outputs) => outputs,
        None => return invalid(format!("its window of {kernel:?} is larger than its input of {sides:?}")),
    };
    let padding = if zeros == [[0; 2]; 2] {
        Padding::Valid
    } else if is_same(sides, kernel, stride, zeros) && !(may_add_zeros && skips(kernel, stride)) {
        Padding::Same
    } else if may_add_zeros {
        input = add_zeros(step, input, &[[0, 0], first(zeros), last(zeros), [0, 0]])?;
        Padding::Valid
    } else {
        return unsupported(format!("its padding of {zeros:?} is not SAME"));
    };
    Ok(Sweep { input, padding, sides: outputs })
}

/// Whether values lie between the windows. There, LiteRT's kernels (XNNPACK, LiteRT 2.1.4) get `SAME` wrong where the last window
/// ends before its input does.
fn skips(kernel: [usize; 2], stride: [usize; 2]) -> bool {
    stride.iter().zip(&kernel).any(|(stride, kernel)| stride > kernel)
}

fn joined([a, b]: [usize; 2], [c, d]: [usize; 2]) -> [usize; 2] {
    [a.saturating_add(c), b.saturating_add(d)]
}

/// Zeros that are given one by one: before and after height, before and after width.
fn explicit(step: &Step<'_, '_>) -> Result<[[usize; 2]; 2], Fault> {
    let numbers = step.attributes.ints("explicit_paddings")?.unwrap_or_default();
    let size = |number: i64| super::step::size(number, "a padding of");
    match *numbers {
        [0, 0, top, bottom, left, right, 0, 0] => {
            Ok([[size(top)?, size(bottom)?], [size(left)?, size(right)?]])
        }
        _ => invalid(format!("its paddings are {numbers:?}")),
    }
}

fn outputs(
    sides: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    zeros: [[usize; 2]; 2],
) -> Option<[usize; 2]> {
    let outputs = |side: usize, kernel: usize, stride: usize, [before, after]: [usize; 2]| {
        let side = side.checked_add(before)?.checked_add(after)?;
        Some(side.checked_sub(kernel)? / stride.max(1) + 1)
    };
    Some([
        outputs(first(sides), first(kernel), first(stride), first(zeros))?,
        outputs(last(sides), last(kernel), last(stride), last(zeros))?,
    ])
}

fn is_same(sides: [usize; 2], kernel: [usize; 2], stride: [usize; 2], zeros: [[usize; 2]; 2]) -> bool {
    let same = [
        same_padding(first(sides), first(kernel), first(stride)),
        same_padding(last(sides), last(kernel), last(stride)),
    ];
    let whole = [first(sides).div_ceil(first(stride)), last(sides).div_ceil(last(stride))];
    zeros == same && outputs(sides, kernel, stride, zeros) == Some(whole)
}

/// Of height and width, the height.
pub(super) fn first<T>([first, _]: [T; 2]) -> T {
    first
}

/// Of height and width, the width.
pub(super) fn last<T>([_, last]: [T; 2]) -> T {
    last
}

/// The weights in input `place`, and their four sides.
fn weights<'g>(
    step: &Step<'_, 'g>,
    place: usize,
) -> Result<(crate::constant::Constant<'g>, [usize; 4]), Fault> {
    let Some(weights) = step.constant(place) else {
        step.operand(place)?;
        return unsupported("its weights depend on the values of others");
    };
    if weights.element_type != ElementType::F32 {
        return unsupported(format!("its weights are {}, accepted are float32", weights.element_type));
    }
    match weights.shape.as_slice().try_into() {
        Ok(sides) if !weights.shape.contains(&0) => Ok((weights.clone(), sides)),
        _ => invalid(format!("its weights have the shape {:?}", weights.shape)),
    }
}

fn dilated(kernel: [usize; 2], dilation: [usize; 2]) -> [usize; 2] {
    let side = |kernel: usize, dilation: usize| kernel.saturating_sub(1).saturating_mul(dilation) + 1;
    [side(first(kernel), first(dilation)), side(last(kernel), last(dilation))]
}

pub(super) fn convolution<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    step.channels_last()?;
    step.floats(0)?;
    let [batch, _, _, channels] = step.picture(0)?;
    let (weights, [height, width, inputs, outputs]) = weights(step, 1)?;
    let groups = channels / inputs;
    if !channels.is_multiple_of(inputs) || !outputs.is_multiple_of(groups.max(1)) || groups == 0 {
        return invalid(format!("{channels} channels with weights of shape {:?}", weights.shape));
    }
    let kernel = [height, width];
    let stride = window(step.attributes.ints("strides")?, "strides")?;
    let dilation = window(step.attributes.ints("dilations")?, "dilations")?;
    let sweep = sweep(step, dilated(kernel, dilation), stride, true)?;
    let linear = Linear::new(weights, Layout::OutputsLast, vec![outputs, height, width, inputs], outputs);
    let window = Window { kernel, stride, dilation, padding: sweep.padding, multiplier: 1 };
    let shape = vec![batch, first(sweep.sides), last(sweep.sides), outputs];
    let output = step.model.add_linear(code::CONV_2D, sweep.input, linear, Some(window), shape)?;
    Ok(vec![Value::computed(output)])
}

pub(super) fn depthwise<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    step.channels_last()?;
    step.floats(0)?;
    let [batch, _, _, channels] = step.picture(0)?;
    let (weights, [height, width, inputs, multiplier]) = weights(step, 1)?;
    let outputs = match inputs.checked_mul(multiplier) {
        Some(outputs) if inputs == channels => outputs,
        _ => return invalid(format!("{channels} channels with weights of shape {:?}", weights.shape)),
    };
    let kernel = [height, width];
    let stride = window(step.attributes.ints("strides")?, "strides")?;
    let dilation = window(step.attributes.ints("dilations")?, "dilations")?;
    let sweep = sweep(step, dilated(kernel, dilation), stride, true)?;
    let linear = Linear::new(weights, Layout::Depthwise, vec![1, height, width, outputs], outputs);
    let window = Window { kernel, stride, dilation, padding: sweep.padding, multiplier };
    let shape = vec![batch, first(sweep.sides), last(sweep.sides), outputs];
    let output = step.model.add_linear(code::DEPTHWISE_CONV_2D, sweep.input, linear, Some(window), shape)?;
    Ok(vec![Value::computed(output)])
}

/// Inputs: the shape of the result, weights (height, width, outputs, inputs), a picture.
pub(super) fn transposed<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    step.channels_last()?;
    let input = step.floats(2)?;
    let [batch, rows, columns, channels] = step.picture(2)?;
    let sizes = step.integers(0)?;
    let sizes: Vec<usize> =
        sizes.iter().map(|&size| super::step::size(size, "a side of")).collect::<Result<_, _>>()?;
    let (weights, [kernel_height, kernel_width, outputs, inputs]) = weights(step, 1)?;
    let [out_batch, height, width, out_channels] = match sizes.as_slice() {
        [height, width] => [batch, *height, *width, outputs],
        sizes => match sizes.try_into() {
            Ok(sizes) => sizes,
            Err(_) => return invalid(format!("its result has the shape {sizes:?}")),
        },
    };
    if inputs != channels || outputs != out_channels || batch != out_batch {
        return invalid(format!("{channels} channels with weights of shape {:?}", weights.shape));
    }
    let stride = window(step.attributes.ints("strides")?, "strides")?;
    if window(step.attributes.ints("dilations")?, "dilations")? != [1, 1] {
        return unsupported("it is transposed and dilated");
    }
    let padding = match step.attributes.text("padding", "")? {
        "SAME" => Padding::Same,
        "VALID" => Padding::Valid,
        other => return unsupported(format!("its padding is {other:?}")),
    };
    let forward = match padding {
        Padding::Same => Some([height.div_ceil(first(stride)), width.div_ceil(last(stride))]),
        Padding::Valid => self::outputs([height, width], [kernel_height, kernel_width], stride, [[0; 2]; 2]),
    };
    if forward != Some([rows, columns]) {
        return invalid(format!("a picture of {rows} x {columns} does not become {height} x {width}"));
    }
    if weights.bytes.as_slice().len() > MAX_FOLDED_BYTES {
        return unsupported("its weights are too large");
    }
    let weights = permuted(&weights, &[2, 0, 1, 3]);
    let weights = step.model.constant(weights);
    let shape = vec![batch, height, width, outputs];
    let sides = step.sizes(&shape);
    // TransposeConvOptions: padding, stride_w, stride_h
    let options = Options::of(49)
        .with(0, Scalar::Byte(padding as u8))
        .with(1, Scalar::size(last(stride)))
        .with(2, Scalar::size(first(stride)));
    step.add(code::TRANSPOSE_CONV, vec![sides, weights, input], options, ElementType::F32, shape)
}

/// Sizes of blocks, and a pair of numbers for each.
fn blocks(step: &Step<'_, '_>) -> Result<([usize; 2], [[usize; 2]; 2]), Fault> {
    let size = |number: &i64| super::step::size(*number, "a block of");
    let blocks: Vec<usize> = step.integers(1)?.iter().map(size).collect::<Result<_, _>>()?;
    let numbers: Vec<usize> = step.integers(2)?.iter().map(size).collect::<Result<_, _>>()?;
    match (blocks.as_slice(), numbers.as_slice()) {
        (&[height, width], [top, bottom, left, right]) if height > 0 && width > 0 => {
            Ok(([height, width], [[*top, *bottom], [*left, *right]]))
        }
        _ => unsupported(format!("its blocks are {blocks:?}, accepted are those of height and width")),
    }
}

pub(super) fn space_to_batch<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let input = step.floats(0)?;
    let [batch, height, width, channels] = step.picture(0)?;
    let (blocks, zeros) = blocks(step)?;
    let side = |side: usize, [before, after]: [usize; 2], block: usize| {
        let side = side.checked_add(before)?.checked_add(after)?;
        side.is_multiple_of(block).then(|| side / block)
    };
    let sides = (
        side(height, first(zeros), first(blocks)),
        side(width, last(zeros), last(blocks)),
        first(blocks).checked_mul(last(blocks)).and_then(|blocks| blocks.checked_mul(batch)),
    );
    let (Some(height), Some(width), Some(batch)) = sides else {
        return invalid(format!("blocks of {blocks:?} with paddings of {zeros:?}"));
    };
    let inputs = [step.sizes(&blocks), pairs(step, zeros)];
    let shape = vec![batch, height, width, channels];
    step.add(
        code::SPACE_TO_BATCH_ND,
        vec![input, first(inputs), last(inputs)],
        Options::of(25),
        ElementType::F32,
        shape,
    )
}

/// Puts blocks together; around a convolution it is how older versions of TensorFlow dilate.
pub(super) fn batch_to_space<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let input = step.floats(0)?;
    let [batch, height, width, channels] = step.picture(0)?;
    let (blocks, crops) = blocks(step)?;
    let side = |side: usize, [before, after]: [usize; 2], block: usize| {
        side.checked_mul(block)?.checked_sub(before)?.checked_sub(after)
    };
    let area = first(blocks).saturating_mul(last(blocks));
    let sides = (side(height, first(crops), first(blocks)), side(width, last(crops), last(blocks)));
    let (Some(height @ 1..), Some(width @ 1..), true) = (sides.0, sides.1, batch.is_multiple_of(area)) else {
        return invalid(format!("blocks of {blocks:?} with crops of {crops:?}"));
    };
    let shape = vec![batch / area, height, width, channels];
    if step.is_exclusive(0)
        && let Some(output) = step.model.dilate(input, blocks, crops, &shape)
    {
        return Ok(vec![Value::computed(output)]);
    }
    let inputs = [step.sizes(&blocks), pairs(step, crops)];
    step.add(
        code::BATCH_TO_SPACE_ND,
        vec![input, first(inputs), last(inputs)],
        Options::of(24),
        ElementType::F32,
        shape,
    )
}

/// A tensor of two pairs.
fn pairs(step: &mut Step<'_, '_>, pairs: [[usize; 2]; 2]) -> usize {
    super::padding::pairs(step, &pairs)
}
