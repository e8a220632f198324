//! Cuts the people out of a photo (docs/cutout.md). The steps, each in its file, in the order in which they are done:
//!
//! ```text
//! options     what the caller asks for                 image, reduced   the photo, and the same made smaller
//! stretch     photo → the square that a network takes  mask, persons    what it says; the box around people
//! faces       is it a person?                          passes           first and second pass
//! guided      edges as the photo has them              foreground       the person's own colours
//! backdrop    the blurred background                   compose          all together, row by row
//! ```
//!
//! None of it needs a host, so all of it is tested natively; `main.rs` has the host decode, run the networks and encode.

mod backdrop;
mod box_mean;
pub mod compose;
pub mod faces;
pub mod foreground;
pub mod guided;
pub mod image;
pub mod mask;
pub mod options;
pub mod passes;
pub mod persons;
pub mod reduced;
pub mod stretch;

pub use backdrop::blurred;

use compose::{Blurred, Coloured, Grey, Scene, Transparent, paint};
use foreground::Colours;
use guided::Guided;
use image::Image;
use kit::pictures::{Effort, Layout, Raster, Upright};
use kit::{Answer, Event, FunctionError};
use options::{Background, Format, Options};
use passes::Networks;
use reduced::Reduced;

#[cfg(test)]
mod tests;

/// The longer side of what most of the work is done on, at most: twice what the network tells apart.
const REDUCED_SIDE: usize = 512;

/// How much smaller the picture is made for most of the work.
pub fn factor(image: &Image) -> usize {
    image.width().max(image.height()).div_ceil(REDUCED_SIDE)
}

/// Of a JPEG: its edges are the point of it.
const JPEG_QUALITY: u8 = 90;

/// The answer to an event.
///
/// # Errors
/// What is wrong with the event, its picture or its options; `no_person`; what keeps a network from running.
pub fn answer(event: &Event<'_>, networks: &mut impl Networks) -> Result<Answer, FunctionError> {
    let options = Options::of(event)?;
    let Upright { raster, notice } = event.picture()?.upright(options.size)?;
    let image =
        Image::of(raster).ok_or_else(|| FunctionError::internal("the picture came without its pixels"))?;
    let cut_out = cut_out(&image, &options, networks)?;
    // Its memory is needed for what comes.
    drop(image);
    let (content_type, encoded) = match options.format {
        Format::Jpeg => ("image/jpeg", cut_out.to_jpeg(JPEG_QUALITY)?),
        Format::Png | Format::Mask => ("image/png", cut_out.to_png(Effort::Fast)?),
    };
    Ok(Answer::bytes(content_type, encoded).with_notice(notice))
}

/// The person, cut out of the photo.
///
/// # Errors
/// `no_person`; what keeps a network from running.
pub fn cut_out(
    image: &Image,
    options: &Options,
    networks: &mut impl Networks,
) -> Result<Raster, FunctionError> {
    let reduced = Reduced::of(image, &image.whole(), factor(image));
    let mask = passes::find(image, &reduced, options.subject, networks)?;
    let mask = mask.spread(reduced.width, reduced.height, reduced.factor);
    let guided = Guided::of(&reduced, &mask);
    let alpha = guided.alpha(&reduced);
    let colours = Colours::of(&reduced, &alpha);
    let scene = Scene { image, reduced: &reduced, guided: &guided, colours: &colours };
    let (layout, pixels) = match (options.format, options.background) {
        (Format::Mask, _) => (Layout::Grey, paint(&scene, &mut Grey)),
        (_, Background::None) => (Layout::Rgba, paint(&scene, &mut Transparent)),
        (_, Background::Colour(colour)) => (Layout::Rgb, paint(&scene, &mut Coloured::new(colour))),
        (_, Background::Blur) => {
            let colours = blurred(&reduced, &alpha);
            let canvas = &mut Blurred::new(colours, reduced.width, reduced.factor, image.width());
            (Layout::Rgb, paint(&scene, canvas))
        }
    };
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    Raster::new(side(image.width()), side(image.height()), layout, pixels)
        .ok_or_else(|| FunctionError::internal("the cut-out came without its pixels"))
}
