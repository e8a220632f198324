//! JPEG: every kind that libjpeg-turbo reads, decoded at the smallest sufficient scale.
//!
//! libjpeg-turbo alone says what a file is: its size, whether it must be in memory as a whole, where its orientation
//! stands, and how much of its data is there.

mod completeness;
mod libjpeg;
mod profile;

use super::bounds::MAX_SCANNED_PIXELS;
use super::decoded::Decoded;
use super::error::ImageError;
use super::limits::{Memory, check_size, product};
use super::notice::{Notice, judge};
use super::reduction::{self, Reduction};
use super::rows::{Color, RowSink};
use libjpeg::{Failure, Header, Jpeg, Output, Rows, Segment, Space};
use raster::orientation::{self, Orientation};

/// Scales that libjpeg-turbo has SIMD code for, the smallest first.
const DENOMINATORS: [u32; 3] = [8, 4, 2];

/// A reduced picture has at least three pixels for two of the target on each side: the transform's own reduction is not
/// quite that of the stretch that follows.
const MARGIN: (u32, u32) = (3, 2);

/// One that people look at, made in linear light, is at least as large: with two pixels for one it is a little nearer to the
/// reference (docs/thumbnail.md), for a fifth more time.
const MARGIN_OF_ROWS: (u32, u32) = (1, 1);

/// Rows that are decoded before they go on.
const ROWS_AT_ONCE: u32 = 16;

/// What is larger than so many times the target is averaged as it comes, for the stretch's own memory grows with it.
const MAX_TIMES: u32 = 4;

/// What the library may take besides what is counted.
const BESIDES: usize = 1 << 20;

/// Before a packet of XMP in its segment.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

pub(super) fn is_jpeg(encoded: &[u8]) -> bool {
    encoded.starts_with(&[0xFF, 0xD8, 0xFF])
}

/// Width and height of the upright picture.
pub(super) fn upright_size(encoded: &[u8]) -> Result<(u32, u32), ImageError> {
    let jpeg = Jpeg::read_header(encoded).map_err(undecodable)?;
    let header = jpeg.header();
    check_size(header.width, header.height)?;
    Ok(orientation(&jpeg).upright_size((header.width, header.height)))
}

/// What the file says besides its pixels.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) orientation: Orientation,
    /// The colour profile.
    pub(super) profile: Option<Vec<u8>>,
}

pub(super) fn describe(encoded: &[u8]) -> Result<Described, ImageError> {
    let jpeg = Jpeg::read_header(encoded).map_err(undecodable)?;
    let header = jpeg.header();
    check_size(header.width, header.height)?;
    Ok(Described { orientation: orientation(&jpeg), profile: profile::of(jpeg.segments(Segment::App2)) })
}

/// Decodes what is to be stretched to `target` once it is upright.
pub(super) fn decode(
    encoded: &[u8],
    target: (u32, u32),
    memory: &mut Memory,
    scratch: Vec<u8>,
) -> Result<Decoded, ImageError> {
    let jpeg = Jpeg::read_header(encoded).map_err(undecodable)?;
    let orientation = orientation(&jpeg);
    let target = orientation.stored_size(target);
    let (header, output, extent, mut rows) = start(jpeg, target, MARGIN, memory)?;
    let factors = match reduction::factors((output.width, output.height), target, MAX_TIMES) {
        (1 | 2, 1 | 2) if !header.is_lossless() => (1, 1),
        factors => factors,
    };
    let mut reduced = Reduction::new((output.width, output.height), factors, memory, scratch)?;
    read_rows(&mut rows, header, output, &mut reduced, memory)?;
    let notice = judge(completeness::of(&rows.report(), header.space(), encoded))?;
    Ok(Decoded { picture: reduced.finish(extent), orientation, notice })
}

/// Decodes row by row, as they are stored, what is to be stretched to `target` as it is stored. Says what is wrong with the
/// picture.
pub(super) fn decode_rows(
    encoded: &[u8],
    target: (u32, u32),
    memory: &mut Memory,
    sink: &mut dyn RowSink,
) -> Result<Option<Notice>, ImageError> {
    let jpeg = Jpeg::read_header(encoded).map_err(undecodable)?;
    let (header, output, extent, mut rows) = start(jpeg, target, MARGIN_OF_ROWS, memory)?;
    sink.start((output.width, output.height), extent, memory)?;
    if is_plain(header, output) {
        read_plain(&mut rows, output, sink, memory)?;
    } else {
        read_others(&mut rows, header, output, sink, memory)?;
    }
    judge(completeness::of(&rows.report(), header.space(), encoded))
}

/// Chooses the scale and counts what the library takes.
fn start<'a>(
    mut jpeg: Jpeg<'a>,
    target: (u32, u32),
    margin: (u32, u32),
    memory: &mut Memory,
) -> Result<(Header, Output, (f64, f64), Rows<'a>), ImageError> {
    let header = jpeg.header();
    check_size(header.width, header.height)?;
    let output = jpeg.scale(denominator(header, target, margin)).map_err(undecodable)?;
    let extent = extent(header, output)?;
    memory.take(header.kept_bytes())?;
    memory.take(output.working_bytes())?;
    let most_bytes = header.kept_bytes() + output.working_bytes() + BESIDES;
    let rows = jpeg.start(output, most_bytes, MAX_SCANNED_PIXELS).map_err(|failure| match failure {
        Failure::TooMuchWork { scans, restarts } => {
            ImageError::TooMuchWork { scans, restarts, width: header.width, height: header.height }
        }
        other => undecodable(other),
    })?;
    Ok((header, output, extent, rows))
}

fn orientation(jpeg: &Jpeg<'_>) -> Orientation {
    let exif = jpeg.segments(Segment::App1).filter(|segment| segment.starts_with(b"Exif\0"));
    let xmp = jpeg.segments(Segment::App1).filter_map(|segment| segment.strip_prefix(XMP));
    // Behind the name stand two bytes, the second of which is 0 or anything.
    orientation::of(exif.map(|segment| segment.get(6..).unwrap_or_default()), xmp)
}

/// The largest reduction that leaves both sides large enough.
fn denominator(header: Header, (width, height): (u32, u32), margin: (u32, u32)) -> u32 {
    let enough = |side: u32, target: u32, denominator: u32| {
        side.div_ceil(denominator).saturating_mul(margin.1) >= target.saturating_mul(margin.0)
    };
    DENOMINATORS
        .into_iter()
        .find(|&denominator| {
            enough(header.width, width, denominator) && enough(header.height, height, denominator)
        })
        .unwrap_or(1)
}

/// What of the pixels that come out is picture: the last column and row may stand for less than a whole pixel.
fn extent(header: Header, output: Output) -> Result<(f64, f64), ImageError> {
    let fits = |denominator: u32| {
        (header.width.div_ceil(denominator), header.height.div_ceil(denominator))
            == (output.width, output.height)
    };
    let denominator = [1].into_iter().chain(DENOMINATORS).find(|&denominator| fits(denominator));
    let denominator = denominator.ok_or_else(|| {
        let Output { width, height, .. } = output;
        ImageError::Undecodable(format!("libjpeg-turbo makes {width} × {height} pixels of it"))
    })?;
    Ok((f64::from(header.width) / f64::from(denominator), f64::from(header.height) / f64::from(denominator)))
}

/// Whether rows come as bytes of red, green and blue.
fn is_plain(header: Header, output: Output) -> bool {
    header.precision == 8 && output.channels == 3 && !header.is_lossless()
}

fn read_plain(
    rows: &mut Rows<'_>,
    output: Output,
    sink: &mut dyn RowSink,
    memory: &mut Memory,
) -> Result<(), ImageError> {
    if let Some(out) = sink.whole() {
        return rows.read(out, output.height).map_err(undecodable);
    }
    let length = product(&[output.row_bytes() as u64, ROWS_AT_ONCE.into()]);
    memory.take(length)?;
    let mut some = vec![0; length];
    let mut left = output.height;
    while left > 0 {
        let count = left.min(ROWS_AT_ONCE);
        rows.read(&mut some, count).map_err(undecodable)?;
        for row in some.chunks_exact(output.row_bytes()).take(count as usize) {
            sink.add(row, Color::Rgb)?;
        }
        left -= count;
    }
    Ok(())
}

/// Rows of other colours or depths, one after the other.
fn read_others(
    rows: &mut Rows<'_>,
    header: Header,
    output: Output,
    sink: &mut dyn RowSink,
    memory: &mut Memory,
) -> Result<(), ImageError> {
    memory.take(output.row_bytes() * if header.precision > 8 { 3 } else { 1 })?;
    let (mut row, mut colors) = (vec![0; output.row_bytes()], Vec::new());
    for _ in 0..output.height {
        let size = (output.width, 1);
        // Counted once: it is the same each time.
        let mut one = Reduction::new(size, (1, 1), &mut Memory::new(usize::MAX), colors)?;
        read_row(rows, header, output, &mut row, &mut one)?;
        colors = one.finish((0.0, 0.0)).into_bytes();
        sink.add(&colors, Color::Rgb)?;
    }
    memory.take(colors.len())
}

fn read_rows(
    rows: &mut Rows<'_>,
    header: Header,
    output: Output,
    reduced: &mut Reduction,
    memory: &mut Memory,
) -> Result<(), ImageError> {
    if is_plain(header, output)
        && let Some(out) = reduced.whole()
    {
        return rows.read(out, output.height).map_err(undecodable);
    }
    // And as many samples of two bytes, within the library.
    memory.take(output.row_bytes() * if header.precision > 8 { 3 } else { 1 })?;
    let mut row = vec![0; output.row_bytes()];
    for _ in 0..output.height {
        read_row(rows, header, output, &mut row, reduced)?;
    }
    Ok(())
}

/// Reads the next row into `row` and adds its colours.
fn read_row(
    rows: &mut Rows<'_>,
    header: Header,
    output: Output,
    row: &mut [u8],
    reduced: &mut Reduction,
) -> Result<(), ImageError> {
    // A lossless picture comes in the colours that it has, others as red, green and blue or as inks.
    let space = match (header.is_lossless(), output.channels) {
        (true, _) => header.space(),
        (false, 4) => Space::Cmyk,
        (false, _) => Space::Rgb,
    };
    rows.read_one(row).map_err(undecodable)?;
    match space {
        Space::Grey => reduced.add(row, |[grey]| [grey; 3]),
        Space::Rgb => reduced.add(row, |rgb| rgb),
        Space::YCbCr => reduced.add(row, ycbcr_to_rgb),
        Space::Cmyk => reduced.add(row, inks_to_rgb),
        Space::Ycck => reduced.add(row, |[luma, blue, red, key]| {
            let [red, green, blue] = ycbcr_to_rgb([luma, blue, red]);
            inks_to_rgb([255 - red, 255 - green, 255 - blue, key])
        }),
    }
    Ok(())
}

/// As JFIF defines it.
fn ycbcr_to_rgb([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let (luma, blue, red) = (f32::from(luma), f32::from(blue) - 128.0, f32::from(red) - 128.0);
    // From 0 to 255, whatever it was.
    [luma + 1.402 * red, luma - 0.344_136 * blue - 0.714_136 * red, luma + 1.772 * blue]
        .map(|value| value.round() as u8)
}

/// CMYK as Adobe's programs write it, and everybody after them: inverted, 255 is no ink.
fn inks_to_rgb([cyan, magenta, yellow, key]: [u8; 4]) -> [u8; 3] {
    // At most 255: both factors are.
    [cyan, magenta, yellow].map(|light| ((u32::from(light) * u32::from(key) + 127) / 255) as u8)
}

fn undecodable(failure: Failure) -> ImageError {
    ImageError::Undecodable(match failure {
        Failure::UnsupportedProcess(marker) => {
            let process = match marker {
                0xC5..=0xC7 | 0xCD..=0xCF => "hierarchical",
                0xCB | 0xC3 => "lossless and arithmetic-coded",
                _ => "of an unknown kind",
            };
            format!("it is a JPEG that is {process} (SOF{}), which nobody reads", marker & 15)
        }
        Failure::UnsupportedPrecision(bits) => format!(
            "it is a JPEG of {bits} bits a sample; 8 and 12 are read, and 2 to 16 where it is lossless"
        ),
        Failure::NoPicture => "its data ends before the picture starts".to_owned(),
        Failure::TooMuchMemory => "libjpeg-turbo needs more memory for it than it may take".to_owned(),
        Failure::UnsupportedColor => {
            "it is a JPEG whose components make no colours that are known".to_owned()
        }
        // Caught where it can come.
        Failure::TooMuchWork { scans, .. } => format!("it has {scans} scans or more"),
        Failure::Other(reason) => format!("libjpeg-turbo: {reason}"),
    })
}
