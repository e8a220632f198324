//! JPEG: every kind that libjpeg-turbo reads, decoded at the smallest sufficient scale.

use super::pixels::Rgb;
use super::turbojpeg::{Decoded, Handle};
use super::{ImageError, MemoryLimit, check_size, scans, turn_of_large_picture};

/// Scales that libjpeg-turbo has SIMD code for, the smallest first.
const DENOMINATORS: [u32; 3] = [8, 4, 2];

/// What libjpeg puts where data is missing.
const FILLING: u8 = 128;

pub(super) fn is_jpeg(encoded: &[u8]) -> bool {
    encoded.starts_with(&[0xFF, 0xD8, 0xFF])
}

/// Width and height as they are stored.
pub(super) fn size(encoded: &[u8]) -> Result<(u32, u32), ImageError> {
    let mut handle = Handle::new().map_err(ImageError::Undecodable)?;
    let header = handle.read_header(encoded).map_err(ImageError::Undecodable)?;
    Ok((header.width, header.height))
}

pub(super) fn decode(
    encoded: &[u8],
    target: (u32, u32),
    memory: MemoryLimit,
    mut scratch: Vec<u8>,
) -> Result<Rgb, ImageError> {
    let mut handle = Handle::new().map_err(ImageError::Undecodable)?;
    let header = handle.read_header(encoded).map_err(ImageError::Undecodable)?;
    check_size(header.width, header.height)?;
    let kept = if scans::has_several(encoded) { header.coefficient_bytes } else { 0 };
    memory.check(kept)?;
    handle.limit_memory(memory.0);
    let _turn = turn_of_large_picture(kept);
    let denominator = denominator((header.width, header.height), target);
    let size = (header.width.div_ceil(denominator), header.height.div_ceil(denominator));
    let pixels = size.0 as usize * size.1 as usize;
    let length = pixels * if header.has_inks { 4 } else { 3 };
    memory.check(length)?;
    // libjpeg-turbo may write nothing and yet only warn: what an earlier picture left must not be taken for this one.
    scratch.clear();
    scratch.resize(length, FILLING);
    let decoded = handle
        .decode(encoded, header, denominator, size, &mut scratch)
        .map_err(|reason| ImageError::Undecodable(format!("libjpeg-turbo: {reason}")))?;
    if header.has_inks {
        inks_to_rgb(&mut scratch, pixels);
    }
    let picture = Rgb::reduced((header.width, header.height), denominator, scratch);
    if let Decoded::WithWarning(warning) = decoded {
        check_that_most_is_there(&picture, &warning)?;
    }
    Ok(picture)
}

/// The largest reduction that leaves both sides at or above the target's.
fn denominator((width, height): (u32, u32), (target_width, target_height): (u32, u32)) -> u32 {
    DENOMINATORS
        .into_iter()
        .find(|denominator| {
            width.div_ceil(*denominator) >= target_width && height.div_ceil(*denominator) >= target_height
        })
        .unwrap_or(1)
}

/// CMYK as Adobe's programs write it, and everybody after them: inverted, 255 is no ink.
fn inks_to_rgb(pixels: &mut [u8], count: usize) {
    let scale = |light: u8, key: u8| {
        let product = u32::from(light) * u32::from(key);
        // At most 255: both factors are.
        ((product + 127) / 255) as u8
    };
    for index in 0..count {
        let Some(&[cyan, magenta, yellow, key]) =
            pixels.get(index * 4..).and_then(|rest| rest.first_chunk::<4>())
        else {
            return;
        };
        let rgb = [scale(cyan, key), scale(magenta, key), scale(yellow, key)];
        // Three bytes out for four in: what is written was read before.
        if let Some(out) = pixels.get_mut(index * 3..index * 3 + 3) {
            out.copy_from_slice(&rgb);
        }
    }
}

/// Where data is missing, libjpeg fills the rest of the picture with one grey. A picture of which more than half is
/// that grey is not worth an answer.
fn check_that_most_is_there(picture: &Rgb, warning: &str) -> Result<(), ImageError> {
    let row_bytes = picture.width as usize * 3;
    let bytes = picture.bytes();
    let Some(last) = bytes.last_chunk::<3>() else {
        return Ok(());
    };
    let is_filling = |row: &[u8]| row.as_chunks::<3>().0.iter().all(|pixel| pixel == last);
    let missing = bytes.chunks_exact(row_bytes).rev().take_while(|row| is_filling(row)).count();
    let rows = picture.height as usize;
    if missing * 2 > rows {
        let present = 100 * (rows - missing) / rows;
        return Err(ImageError::Undecodable(format!(
            "only {present} % of it is there (libjpeg-turbo: {warning})"
        )));
    }
    Ok(())
}
