//! Pictures in another size.

use super::step::size;
use super::{Lowered, Step};
use crate::element_type::ElementType;
use crate::error::invalid;
use crate::model::{Options, Scalar, code};

pub(super) fn bilinear<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    // ResizeBilinearOptions: align_corners, half_pixel_centers
    resize(step, code::RESIZE_BILINEAR, 15, [2, 3])
}

pub(super) fn nearest<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    // ResizeNearestNeighborOptions: the same
    resize(step, code::RESIZE_NEAREST_NEIGHBOR, 74, [0, 1])
}

/// Inputs: a picture, height and width.
fn resize<'g>(step: &mut Step<'_, 'g>, code: i32, options: u8, fields: [u16; 2]) -> Lowered<'g> {
    let [batch, _, _, channels] = step.picture(0)?;
    let sides = step.integers(1)?;
    let [height, width] = match *sides {
        [height, width] if height > 0 && width > 0 => [size(height, "a side of")?, size(width, "a side of")?],
        _ => return invalid(format!("a size of {sides:?}")),
    };
    let mut input = step.tensor(0)?;
    if step.element_type(0)? == ElementType::U8 && code == code::RESIZE_BILINEAR {
        // CastOptions: in, out
        let cast = Options::of(37)
            .with(0, Scalar::Byte(ElementType::U8.tflite()))
            .with(1, Scalar::Byte(ElementType::F32.tflite()));
        let shape = step.shape(0)?;
        input = step.model.add(code::CAST, vec![input], cast, ElementType::F32, shape)?;
    } else {
        step.floats(0)?;
    }
    let corners = step.attributes.flag("align_corners", false)?;
    let centers = step.attributes.flag("half_pixel_centers", false)?;
    if corners && centers {
        return invalid("it aligns corners and centers");
    }
    let [corners_field, centers_field] = fields;
    let options = Options::of(options)
        .with(corners_field, Scalar::flag(corners))
        .with(centers_field, Scalar::flag(centers));
    let sides = step.sizes(&[height, width]);
    step.add(code, vec![input, sides], options, ElementType::F32, vec![batch, height, width, channels])
}
