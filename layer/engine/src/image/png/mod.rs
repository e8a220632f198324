//! PNG: every colour type and depth, transparency over white, large ones reduced row by row.

mod averaged;
mod chunks;

use std::io::Cursor;

use png::{ColorType, DecodeOptions, DecodingError, Info, InterlaceInfo, Limits, Reader, Transformations};
use raster::orientation::{self, Orientation};

use super::bounds::MAX_PNG_ROWS;
use super::decoded::Decoded;
use super::error::ImageError;
use super::limits::{Memory, check_size, product};
use super::notice::{Found, Notice, judge};
use super::rows::{Color, RowSink};
use averaged::Averaged;
use chunks::Described;

/// Bytes that chunks other than the pixels (palettes, texts, profiles) may take together.
const CHUNK_BYTES: usize = 8 << 20;

type Input<'a> = Cursor<&'a [u8]>;

pub(super) fn is_png(encoded: &[u8]) -> bool {
    encoded.starts_with(chunks::SIGNATURE)
}

/// Width and height of the upright picture.
pub(super) fn upright_size(encoded: &[u8]) -> Result<(u32, u32), ImageError> {
    let described = describe(encoded)?;
    Ok(orientation(&described).upright_size(stored_size(encoded)?))
}

/// What the file says besides its pixels.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// Width and height as stored.
    pub(super) size: (u32, u32),
    pub(super) orientation: Orientation,
    pub(super) has_alpha: bool,
    /// The colour profile.
    pub(super) profile: Option<Vec<u8>>,
}

pub(super) fn header(encoded: &[u8]) -> Result<Header, ImageError> {
    let described = describe(encoded)?;
    Ok(Header {
        size: stored_size(encoded)?,
        orientation: orientation(&described),
        has_alpha: described.has_transparency,
        profile: described.profile.and_then(chunks::inflated_profile),
    })
}

fn stored_size(encoded: &[u8]) -> Result<(u32, u32), ImageError> {
    let start = encoded.get(..chunks::HEADER_S_END).and_then(chunks::mended);
    let start = start.as_deref().unwrap_or(encoded);
    let size = |sums: Sums| header_size(&mut decoder(start, sums));
    let size = size(Sums::Checked).or_else(|_| size(Sums::Ignored))?;
    check_size(size.0, size.1)?;
    Ok(size)
}

/// Decodes what is to be stretched to `target` once it is upright.
pub(super) fn decode(
    encoded: &[u8],
    target: (u32, u32),
    memory: &mut Memory,
    scratch: Vec<u8>,
) -> Result<Decoded, ImageError> {
    let orientation = orientation(&describe(encoded)?);
    let target = orientation.stored_size(target);
    let mut averaged = Averaged::new(target, scratch);
    let (size, notice) = decode_rows(encoded, memory, &mut averaged)?;
    let extent = (f64::from(size.0), f64::from(size.1));
    Ok(Decoded { picture: averaged.finish(extent), orientation, notice })
}

/// Decodes row by row, as they are stored. Rows that are missing never come. Says the size, and what is wrong with the picture.
pub(super) fn decode_rows(
    encoded: &[u8],
    memory: &mut Memory,
    sink: &mut dyn RowSink,
) -> Result<((u32, u32), Option<Notice>), ImageError> {
    let mended = chunks::mended(encoded);
    if let Some(mended) = &mended {
        memory.take(mended.len())?;
    }
    let encoded = mended.as_deref().unwrap_or(encoded);
    let mut memory_again = *memory;
    let first = read(encoded, Sums::Checked, memory, sink);
    let found = match first {
        // A checksum that is wrong ends the decoding; the data may be good enough.
        Ok(Read { there, .. }) if there < 1.0 => read(encoded, Sums::Ignored, &mut memory_again, sink)?,
        Err(ImageError::Undecodable(_)) => read(encoded, Sums::Ignored, &mut memory_again, sink)?,
        other => other?,
    };
    let notice = judge(Found { there: found.there, lacks_details: false, is_damaged: found.is_damaged })?;
    Ok((found.size, notice))
}

/// What stands beside the pixels. Apple's own variety has pixels that only Apple's decoders read.
fn describe(encoded: &[u8]) -> Result<Described<'_>, ImageError> {
    let described = chunks::describe(encoded);
    if described.is_apple_s {
        let reason = "it is a PNG as Apple's tools rewrite it for apps (CgBI), which only Apple's programs read; \
                      send the original";
        return Err(ImageError::Undecodable(reason.to_owned()));
    }
    Ok(described)
}

fn orientation(described: &Described<'_>) -> Orientation {
    orientation::of(described.exif, described.xmp)
}

/// Whether checksums that are wrong end the decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sums {
    Checked,
    Ignored,
}

fn decoder(encoded: &[u8], sums: Sums) -> png::Decoder<Input<'_>> {
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    if sums == Sums::Ignored {
        options.set_ignore_checksums(true);
    }
    let mut decoder = png::Decoder::new_with_options(Cursor::new(encoded), options);
    decoder.set_limits(Limits { bytes: CHUNK_BYTES });
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder
}

fn header_size(decoder: &mut png::Decoder<Input<'_>>) -> Result<(u32, u32), ImageError> {
    let header = decoder.read_header_info().map_err(undecodable)?;
    Ok((header.width, header.height))
}

/// As much of a picture as could be read.
struct Read {
    size: (u32, u32),
    /// The share of it that is there, 0 to 1.
    there: f64,
    is_damaged: bool,
}

fn read(encoded: &[u8], sums: Sums, memory: &mut Memory, sink: &mut dyn RowSink) -> Result<Read, ImageError> {
    let mut decoder = decoder(encoded, sums);
    let size = header_size(&mut decoder)?;
    check_size(size.0, size.1)?;
    let info = decoder.read_header_info().map_err(undecodable)?;
    check_rows(info)?;
    take_rows(info, memory)?;
    memory.take(encoded.len().min(CHUNK_BYTES))?;
    // Chunks have their own limit; the row that comes out gets what the picture's size needs, counted above.
    decoder.set_limits(Limits { bytes: CHUNK_BYTES + out_row_bytes(size.0) });
    let mut reader = decoder.read_info().map_err(undecodable)?;
    check_palette(reader.info())?;
    sink.start(size, (f64::from(size.0), f64::from(size.1)), memory)?;
    let there = if reader.info().interlaced {
        add_whole(&mut reader, sink, memory)?
    } else {
        add_rows(&mut reader, sink)?
    };
    let is_damaged = sums == Sums::Ignored || there == 1.0 && sum_is_wrong(&mut reader);
    Ok(Read { size, there, is_damaged })
}

/// Columns and rows of the seven passes of interlaced pictures: the first one, and how far apart (PNG specification, 8.2).
const PASSES: [((u32, u32), (u32, u32)); 7] = [
    ((0, 8), (0, 8)),
    ((4, 8), (0, 8)),
    ((0, 4), (4, 8)),
    ((2, 4), (0, 4)),
    ((0, 2), (2, 4)),
    ((1, 2), (0, 2)),
    ((0, 1), (1, 2)),
];

/// A row takes its time, however short it is.
fn check_rows(header: &Info<'_>) -> Result<(), ImageError> {
    let (width, height) = (header.width, header.height);
    let count = |side: u32, (first, step): (u32, u32)| side.saturating_sub(first).div_ceil(step);
    let rows = if header.interlaced {
        let passes = PASSES.into_iter().filter(|&(columns, _)| count(width, columns) > 0);
        passes.map(|(_, rows)| u64::from(count(height, rows))).sum()
    } else {
        u64::from(height)
    };
    if rows > MAX_PNG_ROWS { Err(ImageError::TooManyRows { rows, width, height }) } else { Ok(()) }
}

/// Four channels of 8 bits.
fn out_row_bytes(width: u32) -> usize {
    product(&[width.into(), 4])
}

/// The crate png keeps some rows as they come out of the data, in a buffer that grows by doubling, the row before, and
/// the row that it hands out.
fn take_rows(header: &Info<'_>, memory: &mut Memory) -> Result<(), ImageError> {
    let row = header.raw_row_length() as u64;
    memory.take(product(&[row, 2, header.height.min(8).into()]).saturating_add(256 << 10))?;
    memory.take(product(&[row]))?;
    memory.take(out_row_bytes(header.width))
}

/// The crate png panics on a palette that ends within a colour or has too many.
fn check_palette(info: &Info<'_>) -> Result<(), ImageError> {
    match info.palette.as_deref() {
        Some(palette) if !palette.len().is_multiple_of(3) || palette.len() > 256 * 3 => {
            let length = palette.len();
            let message = format!("PNG: its palette has {length} bytes, three make one of up to 256 colours");
            Err(ImageError::Undecodable(message))
        }
        _ => Ok(()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn undecodable(error: DecodingError) -> ImageError {
    ImageError::Undecodable(format!("PNG: {}", with_names_alone(&error.to_string())))
}

/// The crate png says all that it knows of a chunk's type, in the form of Rust's debugging: only the name is for people.
fn with_names_alone(message: &str) -> String {
    let mut pieces = message.split("ChunkType { type: ");
    let start = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(start, |start, piece| match piece.split_once(" }") {
        Some((inner, rest)) => start + inner.split(',').next().unwrap_or_default() + rest,
        None => start + piece,
    })
}

/// Whether the data behind the last row has the wrong sum: something in the picture may not be as it was. Everything else
/// that comes behind the last row is of no account.
fn sum_is_wrong(reader: &mut Reader<Input<'_>>) -> bool {
    matches!(reader.next_row(), Err(DecodingError::Format(error)) if error.to_string().starts_with("CRC error"))
}

/// Adds rows as long as they come; the share that came.
fn add_rows(reader: &mut Reader<Input<'_>>, sink: &mut dyn RowSink) -> Result<f64, ImageError> {
    let color = color(reader)?;
    let height = reader.info().height;
    while sink.rows() < height {
        match reader.next_row() {
            Ok(Some(row)) => sink.add(row.data(), color)?,
            Ok(None) => break,
            Err(error) if sink.rows() == 0 => return Err(undecodable(error)),
            Err(_) => break,
        }
    }
    Ok(f64::from(sink.rows()) / f64::from(height))
}

/// Interlaced pictures come in seven passes over the whole area, the last of which has every second row.
fn add_whole(
    reader: &mut Reader<Input<'_>>,
    sink: &mut dyn RowSink,
    memory: &mut Memory,
) -> Result<f64, ImageError> {
    let color = color(reader)?;
    let (width, height) = (reader.info().width, reader.info().height);
    let channels = color.channels();
    let stride = width as usize * channels;
    let length = product(&[width.into(), height.into(), channels as u64]);
    memory.take(length)?;
    let mut pixels = vec![0; length];
    let (mut pixels_there, mut rows_of_last_pass) = (0, 0);
    let all = u64::from(width) * u64::from(height);
    while pixels_there < all {
        match reader.next_interlaced_row() {
            Ok(Some(row)) => {
                let InterlaceInfo::Adam7(pass) = row.interlace() else { break };
                png::expand_interlaced_row(&mut pixels, stride, row.data(), pass, 8 * channels as u8);
                let pixels_of_row = row.data().len() / channels;
                pixels_there += pixels_of_row as u64;
                // Behind the first six passes half of the pixels are there, or more where the last row has no partner.
                if pixels_there > all - u64::from(height / 2) * u64::from(width) {
                    rows_of_last_pass += 1;
                }
            }
            Ok(None) => break,
            Err(error) if pixels_there == 0 => return Err(undecodable(error)),
            Err(_) => break,
        }
    }
    for odd in (1..height as usize).step_by(2).skip(rows_of_last_pass) {
        // What is missing looks like the row above.
        pixels.copy_within((odd - 1) * stride..odd * stride, odd * stride);
    }
    for row in pixels.chunks_exact(stride) {
        sink.add(row, color)?;
    }
    Ok(pixels_there as f64 / all as f64)
}

/// The transformations leave nothing but bytes of these.
fn color(reader: &Reader<Input<'_>>) -> Result<Color, ImageError> {
    match reader.output_color_type().0 {
        ColorType::Grayscale => Ok(Color::Grey),
        ColorType::GrayscaleAlpha => Ok(Color::GreyAlpha),
        ColorType::Rgb => Ok(Color::Rgb),
        ColorType::Rgba => Ok(Color::Rgba),
        ColorType::Indexed => Err(ImageError::Undecodable("PNG: the palette is missing".to_owned())),
    }
}
