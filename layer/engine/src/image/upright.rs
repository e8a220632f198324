//! A picture as people see it: upright, in sRGB, at its own size or another one.

use std::sync::LazyLock;

use raster::{Channels, Light, Orientation, Resampler, Shape};

use super::bounds::MAX_PIXELS;
use super::error::ImageError;
use super::limits::{Memory, product};
use super::notice::Notice;
use super::profile::ToSrgb;
use super::rows::{Color, RowSink, over_white};
use super::{jpeg, lanczos, png};

pub(super) static LIGHT: LazyLock<Light> = LazyLock::new(Light::new);

/// What stands where rows are missing: opaque grey.
const MISSING: u8 = 128;

/// Decodes `encoded` (JPEG or PNG) into the start of `out`, `width` × `height` pixels of `channels` from the top left. Another
/// size than its own is made by Lanczos in linear light; without alpha, transparent pixels lie over white. Takes at most
/// `most_bytes` besides. The notice tells what is wrong with a picture that is damaged and yet has pixels.
///
/// # Errors
/// See [`ImageError`]; `out` may then hold anything.
pub fn decode_upright(
    encoded: &[u8],
    (width, height): (u32, u32),
    channels: Channels,
    out: &mut [u8],
    most_bytes: usize,
) -> Result<Option<Notice>, ImageError> {
    let out = checked_pixels((width, height), channels.bytes(), out)?;
    let mut memory = Memory::new(most_bytes);
    if jpeg::is_jpeg(encoded) {
        let described = jpeg::describe(encoded)?;
        let mut upright =
            Upright::new((width, height), described.orientation, described.profile.as_deref(), channels, out);
        let notice = jpeg::decode_rows(encoded, upright.stored, &mut memory, &mut upright)?;
        upright.finish()?;
        Ok(notice)
    } else if png::is_png(encoded) {
        let header = png::header(encoded)?;
        let mut upright =
            Upright::new((width, height), header.orientation, header.profile.as_deref(), channels, out);
        let (_, notice) = png::decode_rows(encoded, &mut memory, &mut upright)?;
        upright.finish()?;
        Ok(notice)
    } else {
        Err(ImageError::Unsupported)
    }
}

/// The part of `out` that so many pixels fill.
pub(super) fn checked_pixels(
    (width, height): (u32, u32),
    channels: usize,
    out: &mut [u8],
) -> Result<&mut [u8], ImageError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MAX_PIXELS {
        return Err(ImageError::Target { width, height });
    }
    let (found, needed) = (out.len(), product(&[pixels, channels as u64]));
    out.get_mut(..needed).ok_or(ImageError::BufferTooSmall { found, needed })
}

/// Turns rows as they come, stretched where that is wanted.
struct Upright<'o> {
    /// Width and height that are wanted, as the picture is stored.
    stored: (u32, u32),
    channels: Channels,
    to_srgb: Option<ToSrgb>,
    resampler: Option<Resampler<'static>>,
    place: Place<'o>,
    from: (u32, u32),
    rows: u32,
    is_whole: bool,
    /// A row in the channels that are wanted, and one in sRGB.
    row: Vec<u8>,
    converted: Vec<u8>,
}

/// Where rows go.
struct Place<'o> {
    out: &'o mut [u8],
    stored: (u32, u32),
    orientation: Orientation,
    pixel_bytes: usize,
}

impl<'o> Upright<'o> {
    fn new(
        upright: (u32, u32),
        orientation: Orientation,
        profile: Option<&[u8]>,
        channels: Channels,
        out: &'o mut [u8],
    ) -> Self {
        let stored = orientation.stored_size(upright);
        Self {
            stored,
            channels,
            to_srgb: profile.and_then(|profile| ToSrgb::of(profile, channels)),
            resampler: None,
            place: Place { out, stored, orientation, pixel_bytes: channels.bytes() },
            from: (0, 0),
            rows: 0,
            is_whole: false,
            row: Vec::new(),
            converted: Vec::new(),
        }
    }

    /// Fills what is missing, and ends what was written as a whole.
    fn finish(mut self) -> Result<(), ImageError> {
        if self.is_whole {
            if let Some(to_srgb) = &self.to_srgb {
                for row in self.place.out.chunks_exact_mut(self.converted.len()) {
                    to_srgb.apply(row, &mut self.converted, self.channels);
                    row.copy_from_slice(&self.converted);
                }
            }
            return Ok(());
        }
        let missing = vec![MISSING; product(&[self.from.0.into(), 3])];
        while self.rows < self.from.1 {
            self.add(&missing, Color::Rgb)?;
        }
        Ok(())
    }
}

impl RowSink for Upright<'_> {
    fn start(&mut self, size: (u32, u32), extent: (f64, f64), memory: &mut Memory) -> Result<(), ImageError> {
        let shape = Shape { from: size, extent, to: self.stored, channels: self.channels };
        let is_same = size == self.stored && extent == (f64::from(size.0), f64::from(size.1));
        self.from = size;
        self.rows = 0;
        memory.take(product(&[size.0.into(), 7]))?;
        memory.take(product(&[self.stored.0.into(), 4]))?;
        self.resampler = if is_same {
            None
        } else {
            memory.take(usize::try_from(shape.bytes()).unwrap_or(usize::MAX))?;
            Some(Resampler::new(shape, &LIGHT))
        };
        self.converted = vec![0; product(&[self.stored.0.into(), self.channels.bytes() as u64])];
        Ok(())
    }

    fn whole(&mut self) -> Option<&mut [u8]> {
        self.is_whole =
            self.resampler.is_none() && self.channels == Channels::Rgb && self.place.orientation.is_upright();
        self.is_whole.then_some(&mut *self.place.out)
    }

    fn add(&mut self, row: &[u8], color: Color) -> Result<(), ImageError> {
        let row = in_channels(row, color, self.channels, &mut self.row);
        let (place, to_srgb, converted) = (&mut self.place, &self.to_srgb, &mut self.converted);
        let channels = self.channels;
        let mut emit = |number: u32, row: &[u8]| match to_srgb {
            Some(to_srgb) => {
                to_srgb.apply(row, converted, channels);
                place.write(number, converted);
            }
            None => place.write(number, row),
        };
        match &mut self.resampler {
            Some(resampler) => lanczos::push(resampler, row, &mut emit),
            None => emit(self.rows, row),
        }
        self.rows += 1;
        Ok(())
    }

    fn rows(&self) -> u32 {
        self.rows
    }
}

impl Place<'_> {
    /// Writes a row as it is stored to where it lies in the upright picture.
    fn write(&mut self, number: u32, row: &[u8]) {
        let (width, height) = (self.stored.0 as usize, self.stored.1 as usize);
        let (number, bytes) = (number as usize, self.pixel_bytes);
        if number >= height {
            return;
        }
        if self.orientation.is_upright() {
            let start = number * width * bytes;
            if let Some(out) = self.out.get_mut(start..start + width * bytes) {
                out.copy_from_slice(row);
            }
            return;
        }
        let (upright_width, _) = self.orientation.upright_size(self.stored);
        let position = |x: usize| {
            let (x, y) = self.orientation.upright_position(x, number, width, height);
            (y * upright_width as usize + x) * bytes
        };
        for (x, pixel) in row.chunks_exact(bytes).take(width).enumerate() {
            let start = position(x);
            if let Some(out) = self.out.get_mut(start..start + bytes) {
                out.copy_from_slice(pixel);
            }
        }
    }
}

/// The row in the channels that are wanted, in `out` where it isn't so already.
fn in_channels<'r>(row: &'r [u8], color: Color, channels: Channels, out: &'r mut Vec<u8>) -> &'r [u8] {
    fn fill<const N: usize, const M: usize>(row: &[u8], out: &mut Vec<u8>, to: impl Fn([u8; N]) -> [u8; M]) {
        let (pixels, _) = row.as_chunks::<N>();
        out.resize(pixels.len() * M, 0);
        let (out, _) = out.as_chunks_mut::<M>();
        for (out, pixel) in out.iter_mut().zip(pixels) {
            *out = to(*pixel);
        }
    }
    match (color, channels) {
        (Color::Rgb, Channels::Rgb) | (Color::Rgba, Channels::Rgba) => return row,
        (Color::Grey, Channels::Rgb) => fill(row, out, |[grey]| [grey; 3]),
        (Color::GreyAlpha, Channels::Rgb) => fill(row, out, |[grey, alpha]| over_white([grey; 3], alpha)),
        (Color::Rgba, Channels::Rgb) => {
            fill(row, out, |[red, green, blue, alpha]| over_white([red, green, blue], alpha))
        }
        (Color::Grey, Channels::Rgba) => fill(row, out, |[grey]| [grey, grey, grey, 255]),
        (Color::GreyAlpha, Channels::Rgba) => fill(row, out, |[grey, alpha]| [grey, grey, grey, alpha]),
        (Color::Rgb, Channels::Rgba) => fill(row, out, |[red, green, blue]| [red, green, blue, 255]),
    }
    out
}
