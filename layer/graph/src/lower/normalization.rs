//! Batch norms of all versions, as they are used once a network is trained: a factor and a term for each channel.

use super::{Lowered, Step};
use crate::constant::Constant;
use crate::element_type::ElementType;
use crate::error::{Fault, invalid, unsupported};
use crate::model::{Options, Scalar, code};
use crate::value::Value;

/// Inputs: a picture, scale, offset, mean, variance.
pub(super) fn fused_batch_norm<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    step.channels_last()?;
    if step.attributes.flag("is_training", true)? {
        return unsupported("it is for training: it takes mean and variance from its input");
    }
    let epsilon = step.attributes.float("epsilon", 0.0001)?;
    let [scale, offset] = [channels(step, 1)?, channels(step, 2)?];
    let [mean, variance] = [channels(step, 3)?, channels(step, 4)?];
    let normalized = normalize(step, epsilon, Some(&scale), &offset, &mean, &variance)?;
    // Of its other outputs, the first two are mean and variance again.
    Ok(vec![normalized, step.value(3)?, step.value(4)?, step.value(3)?, step.value(4)?])
}

/// The oldest one. Inputs: a picture, mean, variance, offset, scale.
pub(super) fn global_batch_norm<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let epsilon = step.attributes.float("variance_epsilon", 0.0)?;
    let has_scale = step.attributes.flag("scale_after_normalization", false)?;
    let [mean, variance, offset] = [channels(step, 1)?, channels(step, 2)?, channels(step, 3)?];
    let scale = if has_scale { Some(channels(step, 4)?) } else { None };
    Ok(vec![normalize(step, epsilon, scale.as_deref(), &offset, &mean, &variance)?])
}

fn channels(step: &Step<'_, '_>, place: usize) -> Result<Vec<f32>, Fault> {
    let channels = step.shape(0)?.last().copied();
    match step.constant(place).map(|constant| (constant, constant.floats())) {
        Some((constant, Some(floats)))
            if constant.shape.first().copied() == channels && constant.shape.len() == 1 =>
        {
            Ok(floats.collect())
        }
        Some((constant, _)) => {
            invalid(format!("input {place} of shape {:?} for {channels:?} channels", constant.shape))
        }
        None => unsupported(format!("input {place} depends on the values of others")),
    }
}

fn normalize<'g>(
    step: &mut Step<'_, 'g>,
    epsilon: f32,
    scale: Option<&[f32]>,
    offset: &[f32],
    mean: &[f32],
    variance: &[f32],
) -> Result<Value<'g>, Fault> {
    let input = step.floats(0)?;
    let shape = step.shape(0)?;
    let ones = vec![1.0; variance.len()];
    let scale = scale.unwrap_or(&ones);
    let factors: Vec<f32> =
        variance.iter().zip(scale).map(|(variance, scale)| scale / (variance + epsilon).sqrt()).collect();
    let terms: Vec<f32> = offset
        .iter()
        .zip(mean)
        .zip(&factors)
        .map(|((offset, mean), factor)| offset - mean * factor)
        .collect();
    if step.is_exclusive(0) && step.model.scale(input, &factors) {
        step.model.shift(input, &terms);
        return Ok(Value::computed(input));
    }
    let factors = step.model.constant(Constant::of_floats(vec![factors.len()], &factors));
    let terms = step.model.constant(Constant::of_floats(vec![terms.len()], &terms));
    // MulOptions, AddOptions
    let scaled =
        step.model.add(code::MUL, vec![input, factors], Options::of(21), ElementType::F32, shape.clone())?;
    let shifted = step.model.add(code::ADD, vec![scaled, terms], Options::of(11), ElementType::F32, shape)?;
    Ok(Value::computed(shifted))
}

/// What the networks of 2012 to 2014 have.
pub(super) fn local_response<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let input = step.floats(0)?;
    let shape = step.picture(0)?.to_vec();
    let radius = i32::try_from(step.attributes.int("depth_radius", 5)?).unwrap_or(0);
    if !(0..=4096).contains(&radius) {
        return invalid(format!("its radius is {radius}"));
    }
    // LocalResponseNormalizationOptions: radius, bias, alpha, beta
    let options = Options::of(13)
        .with(0, Scalar::Int(radius))
        .with(1, Scalar::Float(step.attributes.float("bias", 1.0)?))
        .with(2, Scalar::Float(step.attributes.float("alpha", 1.0)?))
        .with(3, Scalar::Float(step.attributes.float("beta", 0.5)?));
    step.add(code::LOCAL_RESPONSE_NORMALIZATION, vec![input], options, ElementType::F32, shape)
}
