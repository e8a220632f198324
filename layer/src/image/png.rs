//! PNG: every colour type and depth, transparency over white, large ones reduced row by row.

use std::io::Cursor;

use png::{ColorType, Info, Limits, Reader, Transformations};

use super::pixels::Rgb;
use super::{ImageError, MemoryLimit, check_size, turn_of_large_picture};

/// Bytes that chunks other than the pixels (palettes, texts, profiles) may take together.
const CHUNK_BYTES: usize = 8 << 20;

type Input<'a> = Cursor<&'a [u8]>;

pub(super) fn is_png(encoded: &[u8]) -> bool {
    encoded.starts_with(b"\x89PNG\r\n\x1a\n")
}

/// Width and height as they are stored.
pub(super) fn size(encoded: &[u8]) -> Result<(u32, u32), ImageError> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(encoded), Limits { bytes: CHUNK_BYTES });
    let header = decoder.read_header_info().map_err(undecodable)?;
    Ok((header.width, header.height))
}

pub(super) fn decode(
    encoded: &[u8],
    target: (u32, u32),
    memory: MemoryLimit,
    scratch: Vec<u8>,
) -> Result<Rgb, ImageError> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(encoded), Limits { bytes: CHUNK_BYTES });
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(undecodable)?;
    let size = (header.width, header.height);
    let interlaced = header.interlaced;
    check_size(size.0, size.1)?;
    // Chunks have their own limit above; the rows get what the picture's size needs, known to be bounded.
    decoder.set_limits(Limits { bytes: CHUNK_BYTES + row_limit(size.0) });
    let mut reader = decoder.read_info().map_err(undecodable)?;
    check_palette(reader.info())?;
    let mut reduced = Reduction::new(size, target, memory, scratch)?;
    if interlaced {
        add_whole(&mut reader, &mut reduced, memory)?;
    } else {
        add_rows(&mut reader, &mut reduced)?;
    }
    Ok(reduced.finish())
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
fn undecodable(error: png::DecodingError) -> ImageError {
    ImageError::Undecodable(format!("PNG: {error}"))
}

/// Rows of up to four channels of 16 bits, several of which the decoder keeps.
fn row_limit(width: u32) -> usize {
    width as usize * 8 * 4
}

fn add_rows(reader: &mut Reader<Input<'_>>, reduced: &mut Reduction) -> Result<(), ImageError> {
    let (color, _) = reader.output_color_type();
    while let Some(row) = reader.next_row().map_err(undecodable)? {
        reduced.add(row.data(), color)?;
    }
    reader.finish().map_err(undecodable)?;
    reduced.check_complete()
}

/// Interlaced pictures come in seven passes over the whole area.
fn add_whole(
    reader: &mut Reader<Input<'_>>,
    reduced: &mut Reduction,
    memory: MemoryLimit,
) -> Result<(), ImageError> {
    let length = reader
        .output_buffer_size()
        .ok_or_else(|| ImageError::Undecodable("PNG: its pixels don't fit into memory".to_owned()))?;
    memory.check(length)?;
    let _turn = turn_of_large_picture(length);
    let mut pixels = vec![0; length];
    let frame = reader.next_frame(&mut pixels).map_err(undecodable)?;
    for row in pixels.chunks_exact(frame.line_size) {
        reduced.add(row, frame.color_type)?;
    }
    reduced.check_complete()
}

/// Averages squares of pixels while the rows come, so that a large picture needs little memory.
struct Reduction {
    size: (u32, u32),
    factor: u32,
    out_width: u32,
    sums: Vec<u32>,
    rows_in_sums: u32,
    rows: u32,
    out: Vec<u8>,
    filled: usize,
}

impl Reduction {
    /// Reduces by the largest power of two, at most 8, that leaves both sides at or above the target's.
    fn new(
        size: (u32, u32),
        target: (u32, u32),
        memory: MemoryLimit,
        mut scratch: Vec<u8>,
    ) -> Result<Self, ImageError> {
        let enough = |factor: u32| size.0.div_ceil(factor) >= target.0 && size.1.div_ceil(factor) >= target.1;
        let factor = [8, 4, 2].into_iter().find(|&factor| enough(factor)).unwrap_or(1);
        let (out_width, out_height) = (size.0.div_ceil(factor), size.1.div_ceil(factor));
        let length = out_width as usize * out_height as usize * 3;
        memory.check(length)?;
        if scratch.len() < length {
            scratch.resize(length, 0);
        }
        let sums = vec![0; if factor == 1 { 0 } else { out_width as usize * 3 }];
        Ok(Self { size, factor, out_width, sums, rows_in_sums: 0, rows: 0, out: scratch, filled: 0 })
    }

    fn add(&mut self, row: &[u8], color: ColorType) -> Result<(), ImageError> {
        match color {
            ColorType::Grayscale => self.add_pixels(row.iter().map(|&grey| [grey; 3])),
            ColorType::GrayscaleAlpha => {
                self.add_pixels(row.as_chunks().0.iter().map(|&[grey, alpha]| over_white([grey; 3], alpha)));
            }
            ColorType::Rgb => self.add_pixels(row.as_chunks().0.iter().copied()),
            ColorType::Rgba => {
                self.add_pixels(
                    row.as_chunks().0.iter().map(|&[r, g, b, alpha]| over_white([r, g, b], alpha)),
                );
            }
            ColorType::Indexed => {
                return Err(ImageError::Undecodable("PNG: the palette is missing".to_owned()));
            }
        }
        self.rows += 1;
        if self.factor > 1 && (self.rows_in_sums == self.factor || self.rows == self.size.1) {
            self.average();
        }
        Ok(())
    }

    fn add_pixels(&mut self, pixels: impl Iterator<Item = [u8; 3]>) {
        if self.factor == 1 {
            let out = self.out.get_mut(self.filled..).unwrap_or_default();
            let (out, _) = out.as_chunks_mut::<3>();
            let count = out.iter_mut().zip(pixels).map(|(out, pixel)| *out = pixel).count();
            self.filled += count * 3;
            return;
        }
        let (sums, _) = self.sums.as_chunks_mut::<3>();
        let factor = self.factor as usize;
        for (x, pixel) in pixels.enumerate() {
            if let Some(sum) = sums.get_mut(x / factor) {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += u32::from(value);
                }
            }
        }
        self.rows_in_sums += 1;
    }

    fn average(&mut self) {
        let last_column = self.out_width as usize - 1;
        let columns_in_last = self.size.0 - last_column as u32 * self.factor;
        let (sums, _) = self.sums.as_chunks::<3>();
        let out = self.out.get_mut(self.filled..).unwrap_or_default();
        for (x, (out, sum)) in out.as_chunks_mut::<3>().0.iter_mut().zip(sums).enumerate() {
            let columns = if x == last_column { columns_in_last } else { self.factor };
            let count = columns * self.rows_in_sums;
            for (out, sum) in out.iter_mut().zip(sum) {
                // At most 255: an average of bytes.
                *out = ((sum + count / 2) / count) as u8;
            }
        }
        self.filled += self.sums.len();
        self.sums.fill(0);
        self.rows_in_sums = 0;
    }

    fn check_complete(&self) -> Result<(), ImageError> {
        if self.rows == self.size.1 {
            return Ok(());
        }
        Err(ImageError::Undecodable(format!("PNG: it has {} of {} rows", self.rows, self.size.1)))
    }

    fn finish(self) -> Rgb {
        Rgb::reduced(self.size, self.factor, self.out)
    }
}

fn over_white(color: [u8; 3], alpha: u8) -> [u8; 3] {
    let alpha = u32::from(alpha);
    // At most 255: a weighted mean of bytes.
    color.map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}
