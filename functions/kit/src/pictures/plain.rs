//! What a function does by itself where the host has no operations.

mod header;
mod jpeg;
mod png;
mod turning;

use ::raster::{Channels, Light, Resampler, Shape};
use contract::ErrorCode;
use contract::limits::MAX_PICTURE_PIXELS;

use super::raster::{Effort, Layout, Raster};
use super::upright::{Described, Upright};
use crate::error::FunctionError;
use crate::formats::Format;
use crate::picture::Picture;
use crate::pixels::Pixels;
use header::Header;

/// What is said where a picture's colours are those of a profile.
const PROFILE: &str = "the picture's colour profile was left out of account: this host can't apply it";

pub(super) fn describe(picture: &Picture<'_>) -> Result<Described, FunctionError> {
    let header = header(picture)?;
    let (width, height) = header.orientation.upright_size((header.width, header.height));
    Ok(Described { width, height, has_alpha: header.has_alpha })
}

/// The host decodes at the picture's own size, unless there is alpha, which it knows nothing of; the rest is done here.
pub(super) fn decode(
    picture: &Picture<'_>,
    width: u32,
    height: u32,
    layout: Layout,
) -> Result<Upright, FunctionError> {
    let header = header(picture)?;
    let with_alpha = header.has_alpha && layout == Layout::Rgba;
    let (pixels, notice) = if with_alpha {
        (png::decode(picture.bytes())?, None)
    } else {
        let Pixels { rgb, notice } = picture.pixels(header.width, header.height)?;
        (rgb, notice)
    };
    let stored_layout = if with_alpha { Layout::Rgba } else { Layout::Rgb };
    let stored = Raster::new(header.width, header.height, stored_layout, pixels)
        .ok_or_else(|| FunctionError::internal("the host gave other pixels"))?;
    let upright = turning::upright(stored, header.orientation);
    let resized = if (width, height) == (upright.width(), upright.height()) {
        upright
    } else {
        resize(&upright, width, height)?
    };
    let raster = if layout == Layout::Rgba { with_alpha_of(resized) } else { resized };
    let notice = match (notice, header.has_profile) {
        (Some(notice), true) => Some(format!("{notice}; {PROFILE}")),
        (None, true) => Some(PROFILE.to_owned()),
        (notice, false) => notice,
    };
    Ok(Upright { raster, notice })
}

fn header(picture: &Picture<'_>) -> Result<Header, FunctionError> {
    let found = match picture.format() {
        Format::Jpeg => jpeg::header(picture.bytes()),
        Format::Png => png::header(picture.bytes()),
    };
    let name = picture.format().name();
    let header = found.filter(|header| header.width > 0 && header.height > 0).ok_or_else(|| {
        let message = format!("the {name} can't be decoded: its header is damaged or incomplete");
        FunctionError::new(ErrorCode::UndecodableImage, message)
    })?;
    if u64::from(header.width) * u64::from(header.height) > MAX_PICTURE_PIXELS {
        let (width, height) = (header.width, header.height);
        let message = format!(
            "the {name} is too large: it has {width} × {height} pixels, accepted are up to {} megapixels",
            MAX_PICTURE_PIXELS / 1_000_000
        );
        return Err(FunctionError::new(ErrorCode::TooLarge, message));
    }
    Ok(header)
}

/// The same with opaque pixels, where it has no alpha.
fn with_alpha_of(raster: Raster) -> Raster {
    if raster.layout() == Layout::Rgba {
        return raster;
    }
    let (width, height) = (raster.width(), raster.height());
    let pixels = raster.pixels().chunks_exact(3).flat_map(|pixel| pixel.iter().copied().chain([u8::MAX]));
    Raster::new(width, height, Layout::Rgba, pixels.collect()).unwrap_or(raster)
}

pub(super) fn resize(raster: &Raster, width: u32, height: u32) -> Result<Raster, FunctionError> {
    let channels = match raster.layout() {
        Layout::Rgba => Channels::Rgba,
        Layout::Rgb | Layout::Grey => Channels::Rgb,
    };
    let light = Light::new();
    let mut resampler =
        Resampler::new(Shape::new((raster.width(), raster.height()), (width, height), channels), &light);
    let mut pixels = Vec::with_capacity(width as usize * height as usize * channels.bytes());
    for row in raster.pixels().chunks_exact(raster.width() as usize * channels.bytes()) {
        resampler.push(row, &mut |_, row| pixels.extend_from_slice(row));
    }
    Raster::new(width, height, raster.layout(), pixels)
        .ok_or_else(|| FunctionError::internal(format!("no {width} × {height} pixels could be made")))
}

pub(super) fn encode_jpeg(raster: &Raster, quality: u8) -> Result<Vec<u8>, FunctionError> {
    jpeg::encode(raster, quality)
}

pub(super) fn encode_png(raster: &Raster, effort: Effort) -> Result<Vec<u8>, FunctionError> {
    png::encode(raster, effort)
}
