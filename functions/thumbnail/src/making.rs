//! All thumbnails of one decoding: the largest is decoded, each other one is made of the next larger.

use kit::pictures::{Described, Layout, Raster, Upright};
use kit::{FunctionError, Picture};

use crate::options::Options;
use crate::sizes::{Plan, plan};

/// The thumbnails of a picture.
pub(crate) struct Made {
    /// Each with the size that was wanted, in that order.
    pub(crate) pictures: Vec<(u32, Raster)>,
    pub(crate) notice: Option<String>,
}

pub(crate) fn make(
    picture: &Picture<'_>,
    described: &Described,
    options: &Options,
) -> Result<Made, FunctionError> {
    let mut wanted: Vec<(u32, Plan)> =
        options.sizes.iter().map(|&size| (size, plan(described, size, options.fit))).collect();
    wanted.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let Some((_, largest)) = wanted.first() else {
        return Err(FunctionError::internal("no size was wanted"));
    };
    let layout = if described.has_alpha { Layout::Rgba } else { Layout::Rgb };
    let Upright { mut raster, notice } =
        picture.upright_pixels(largest.stretched.0, largest.stretched.1, layout)?;
    if raster.is_opaque() {
        raster = raster.without_alpha();
    }
    let mut pictures = Vec::new();
    for (size, plan) in wanted {
        if (raster.width(), raster.height()) != plan.stretched {
            raster = raster.resized(plan.stretched.0, plan.stretched.1)?;
        }
        let (corner, (width, height)) = plan.part;
        let part = raster.cropped(corner, width, height);
        pictures
            .push((size, part.ok_or_else(|| FunctionError::internal("a part was not within its picture"))?));
    }
    let place = |size: &u32| options.sizes.iter().position(|wanted| wanted == size);
    pictures.sort_by_key(|(size, _)| place(size));
    Ok(Made { pictures, notice })
}
