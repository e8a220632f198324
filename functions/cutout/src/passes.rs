//! The two passes of the network: over the whole photo, and over the part with the person, where that is small enough to gain by it.

use kit::{ErrorCode, FunctionError};

use crate::image::{Image, Region};
use crate::mask::{Mask, SIDE};
use crate::options::Subject;
use crate::reduced::Reduced;
use crate::{faces, persons, stretch};

/// With a box smaller than this part of the photo, people gain by a second pass; closer ones lose.
const SMALL: f64 = 0.7;
/// How much more than the box the second pass sees on each side, per cent.
const MARGIN: usize = 15;
/// A second pass that finds less than this part of what the first one found has lost the person.
const LEAST_KEPT: f64 = 0.5;

/// What runs the networks.
pub trait Networks {
    /// MediaPipe's selfie segmentation: [`SIDE`] × `SIDE` pixels of red, green and blue, 0 to 1 → a probability for each.
    ///
    /// # Errors
    /// Whatever keeps it from running.
    fn person(&mut self, tensor: &[f32]) -> Result<Vec<f32>, FunctionError>;

    /// MediaPipe's face detection: [`faces::SIDE`] × `SIDE` pixels, −1 to 1 → the logits of all places where a face may be.
    ///
    /// # Errors
    /// Whatever keeps it from running.
    fn face(&mut self, tensor: &[f32]) -> Result<Vec<f32>, FunctionError>;
}

/// Where in the picture the person is.
///
/// # Errors
/// `no_person`; what keeps a network from running.
pub fn find(
    image: &Image,
    reduced: &Reduced,
    subject: Subject,
    networks: &mut impl Networks,
) -> Result<Mask, FunctionError> {
    let first = pass(&stretch::tensor(reduced, SIDE), image.whole(), networks)?;
    let blobs = persons::blobs(&first);
    let Some(bounds) = persons::bounds(&first, &blobs) else {
        return Err(nobody("nobody is in the picture: nothing in it looks like a person"));
    };
    if subject == Subject::Person && !has_face(image, &first, &bounds, &blobs, networks)? {
        return Err(nobody(
            "nobody is in the picture: something stands out, but no face was found; with subject=any it is cut out all the same",
        ));
    }
    let small = bounds.area() as f64 <= image.whole().area() as f64 * SMALL;
    if !small {
        return Ok(first);
    }
    let region = bounds.widened(MARGIN, &image.whole());
    let part = stretch::part(image, &region, SIDE);
    let second = pass(&stretch::tensor(&part, SIDE), region, networks)?;
    Ok(if second.area() >= first.area() * LEAST_KEPT { second } else { first })
}

fn pass(tensor: &[f32], region: Region, networks: &mut impl Networks) -> Result<Mask, FunctionError> {
    let values = networks.person(tensor)?;
    let found = values.len();
    Mask::new(region, values).ok_or_else(|| {
        FunctionError::internal(format!("the network gave {found} values instead of {}", SIDE * SIDE))
    })
}

fn has_face(
    image: &Image,
    mask: &Mask,
    bounds: &Region,
    blobs: &[persons::Blob],
    networks: &mut impl Networks,
) -> Result<bool, FunctionError> {
    for region in faces::places(image, mask, bounds, blobs) {
        if faces::is_face(&networks.face(&faces::tensor(image, &region))?) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn nobody(message: &str) -> FunctionError {
    FunctionError::new(ErrorCode::NoPerson, message)
}

#[cfg(test)]
mod tests;
