//! What the person is painted on: nothing, a colour, the blurred background, or black for a mask.

use std::ops::Range;

use wide::f32x4;

use super::{Gap, Row, gaps};

/// Takes a row's pixels from the left to the right, and appends bytes.
pub trait Canvas {
    /// Bytes of a pixel.
    fn channels(&self) -> usize;

    /// A row begins.
    fn begin_row(&mut self, _row: &Row<'_>) {}

    /// Pixels that are background.
    fn background(&mut self, pixels: Range<usize>, painted: &mut Vec<u8>);

    /// Pixels that are a person's, three bytes each.
    fn person(&mut self, pixels: &[u8], painted: &mut Vec<u8>);

    /// A pixel that shows both: the person's colour (each part about 0 to 1), and how much of it.
    fn edge(&mut self, x: usize, colour: f32x4, alpha: f32, painted: &mut Vec<u8>);
}

/// Four parts from 0 to 1 as bytes.
///
/// As a vector: of the conversion of a single number WasmEdge's compiler makes native code that can't be used (docs/functions.md).
#[inline]
fn bytes_of(parts: f32x4) -> [u8; 4] {
    let rounded = (parts * f32x4::splat(255.0) + f32x4::splat(0.5)).fast_trunc_int();
    rounded.to_array().map(|part| part.clamp(0, 255) as u8)
}

#[inline]
fn rgb(colour: f32x4) -> [u8; 3] {
    let [red, green, blue, _] = bytes_of(colour);
    [red, green, blue]
}

/// No background: red, green, blue and alpha. Where nothing of the person is, all four are 0.
#[derive(Clone, Copy, Debug)]
pub struct Transparent;

impl Canvas for Transparent {
    fn channels(&self) -> usize {
        4
    }

    fn background(&mut self, pixels: Range<usize>, painted: &mut Vec<u8>) {
        painted.resize(painted.len() + pixels.len() * 4, 0);
    }

    fn person(&mut self, pixels: &[u8], painted: &mut Vec<u8>) {
        painted.extend(pixels.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]));
    }

    fn edge(&mut self, _x: usize, colour: f32x4, alpha: f32, painted: &mut Vec<u8>) {
        let [red, green, blue, _] = colour.to_array();
        painted.extend(bytes_of(f32x4::new([red, green, blue, alpha])));
    }
}

/// A background of one colour: red, green and blue.
#[derive(Clone, Copy, Debug)]
pub struct Coloured {
    bytes: [u8; 3],
    colour: f32x4,
}

impl Coloured {
    /// This colour.
    pub fn new(bytes: [u8; 3]) -> Self {
        let [red, green, blue] = bytes.map(|byte| f32::from(byte) * (1.0 / 255.0));
        Self { bytes, colour: f32x4::new([red, green, blue, 0.0]) }
    }
}

impl Canvas for Coloured {
    fn channels(&self) -> usize {
        3
    }

    fn background(&mut self, pixels: Range<usize>, painted: &mut Vec<u8>) {
        for _ in pixels {
            painted.extend(self.bytes);
        }
    }

    fn person(&mut self, pixels: &[u8], painted: &mut Vec<u8>) {
        painted.extend(pixels);
    }

    fn edge(&mut self, _x: usize, colour: f32x4, alpha: f32, painted: &mut Vec<u8>) {
        painted.extend(rgb(over(colour, alpha, self.colour)));
    }
}

#[inline]
fn over(colour: f32x4, alpha: f32, background: f32x4) -> f32x4 {
    background + (colour - background) * f32x4::splat(alpha)
}

/// The picture's own background, blurred: red, green and blue.
#[derive(Clone, Debug)]
pub struct Blurred {
    /// For each pixel of the reduced picture.
    colours: Vec<f32x4>,
    columns: Vec<Gap>,
    factor: usize,
    /// This row's background.
    row: Vec<u8>,
}

impl Blurred {
    /// Of these colours for each pixel of the reduced picture, which stands for `factor` pixels each way of a picture so wide.
    pub fn new(colours: Vec<f32x4>, reduced_width: usize, factor: usize, width: usize) -> Self {
        Self {
            colours,
            columns: gaps(reduced_width, factor, width),
            factor,
            row: Vec::with_capacity(width * 3),
        }
    }
}

impl Canvas for Blurred {
    fn channels(&self) -> usize {
        3
    }

    fn begin_row(&mut self, row: &Row<'_>) {
        self.row.clear();
        for gap in &self.columns {
            let left = row.between(&self.colours, gap.before);
            let step = row.between(&self.colours, gap.after) - left;
            for x in gap.range.clone() {
                self.row.extend(rgb(left + step * f32x4::splat(gap.share(x, self.factor))));
            }
        }
    }

    fn background(&mut self, pixels: Range<usize>, painted: &mut Vec<u8>) {
        painted.extend(&self.row[pixels.start * 3..pixels.end * 3]);
    }

    fn person(&mut self, pixels: &[u8], painted: &mut Vec<u8>) {
        painted.extend(pixels);
    }

    fn edge(&mut self, x: usize, colour: f32x4, alpha: f32, painted: &mut Vec<u8>) {
        let bytes_behind = &self.row[x * 3..][..3];
        let [red, green, blue] =
            [bytes_behind[0], bytes_behind[1], bytes_behind[2]].map(|byte| f32::from(byte) * (1.0 / 255.0));
        painted.extend(rgb(over(colour, alpha, f32x4::new([red, green, blue, 0.0]))));
    }
}

/// Alpha alone: one byte, 255 for a person.
#[derive(Clone, Copy, Debug)]
pub struct Grey;

impl Canvas for Grey {
    fn channels(&self) -> usize {
        1
    }

    fn background(&mut self, pixels: Range<usize>, painted: &mut Vec<u8>) {
        painted.resize(painted.len() + pixels.len(), 0);
    }

    fn person(&mut self, pixels: &[u8], painted: &mut Vec<u8>) {
        painted.resize(painted.len() + pixels.len() / 3, 255);
    }

    fn edge(&mut self, _x: usize, _colour: f32x4, alpha: f32, painted: &mut Vec<u8>) {
        painted.push(bytes_of(f32x4::splat(alpha))[0]);
    }
}
