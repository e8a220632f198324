//! Rows of one size to rows of another, by Lanczos in linear light, as they come: a picture needs not be in memory.

use std::collections::VecDeque;

use crate::light::Light;
use crate::weights::Weights;
use crate::whole;

/// What is more than twice as many times larger than the target is averaged first, down to so many times.
const MAX_TIMES: u32 = 8;

/// A pixel in linear light: red, green, blue (each with its share of alpha), alpha. Four are one vector.
type Pixel = [f32; 4];

/// What a pixel is made of, a byte each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, alpha (not multiplied).
    Rgba,
}

impl Channels {
    /// Bytes of a pixel.
    pub fn bytes(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// What becomes of what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Pixels across and down that come, at least 1 each.
    pub from: (u32, u32),
    /// What of them is picture: the last column and row may stand for less than a whole pixel.
    pub extent: (f64, f64),
    /// Pixels across and down that are wanted, at least 1 each.
    pub to: (u32, u32),
    /// Of both.
    pub channels: Channels,
}

impl Shape {
    /// All of `from` becomes `to`.
    pub fn new(from: (u32, u32), to: (u32, u32), channels: Channels) -> Self {
        Self { from, extent: (f64::from(from.0), f64::from(from.1)), to, channels }
    }

    /// Pixels across and down that are averaged into one first.
    fn factors(&self) -> (u32, u32) {
        let factor = |from: u32, to: u32| match from / (to.saturating_mul(MAX_TIMES)).max(1) {
            0 | 1 => 1,
            factor => factor,
        };
        (factor(self.from.0, self.to.0), factor(self.from.1, self.to.1))
    }

    /// What is left behind the averages.
    fn averaged(&self) -> Self {
        let (across, down) = self.factors();
        Self {
            from: (self.from.0.div_ceil(across), self.from.1.div_ceil(down)),
            extent: (self.extent.0 / f64::from(across), self.extent.1 / f64::from(down)),
            ..*self
        }
    }

    /// Bytes that a resampler takes; at most `u64::MAX`.
    pub fn bytes(&self) -> u64 {
        let averaged = self.averaged();
        let row = u64::from(averaged.from.0) * size_of::<Pixel>() as u64;
        // A row of the target is at work as long as its filter lies over what comes.
        let enlargement = u64::from(self.to.1 / averaged.from.1.max(1)) + 1;
        row.saturating_mul(2 + 8 * enlargement)
            .saturating_add(Weights::bytes(averaged.extent.0, self.to.0.into()))
            .saturating_add(Weights::bytes(averaged.extent.1, self.to.1.into()))
            .saturating_add(u64::from(self.to.0) * 4)
    }
}

/// A stretch at work: rows come from the top down and go in the same order.
pub struct Resampler<'l> {
    light: &'l Light,
    shape: Shape,
    factors: (u32, u32),
    across: Weights,
    down: Weights,
    /// The row that is averaged, and how many rows are in it.
    row: Vec<Pixel>,
    rows_in_row: u32,
    /// Rows that came, and how many they became.
    came: u32,
    averaged: usize,
    /// Rows of the target that are at work, from the first that is not done.
    at_work: VecDeque<Vec<Pixel>>,
    free: Vec<Vec<Pixel>>,
    done: usize,
    out: Vec<u8>,
}

impl<'l> Resampler<'l> {
    /// A stretch of `shape`, which takes [`Shape::bytes`].
    pub fn new(shape: Shape, light: &'l Light) -> Self {
        let (factors, averaged) = (shape.factors(), shape.averaged());
        let width = averaged.from.0 as usize;
        Self {
            light,
            shape,
            factors,
            across: Weights::new(averaged.extent.0, width, shape.to.0 as usize),
            down: Weights::new(averaged.extent.1, averaged.from.1 as usize, shape.to.1 as usize),
            row: vec![[0.0; 4]; width],
            rows_in_row: 0,
            came: 0,
            averaged: 0,
            at_work: VecDeque::new(),
            free: Vec::new(),
            done: 0,
            out: vec![0; shape.to.0 as usize * shape.channels.bytes()],
        }
    }

    /// Takes the next row and hands rows that are done with their numbers to `emit`. Of rows that are too short the rest is as
    /// before, and those behind the last one are not looked at.
    pub fn push(&mut self, row: &[u8], emit: &mut dyn FnMut(u32, &[u8])) {
        self.push_inlined(row, emit);
    }

    /// The same, to be compiled for the caller's processor.
    #[inline(always)]
    pub fn push_inlined(&mut self, row: &[u8], emit: &mut dyn FnMut(u32, &[u8])) {
        if self.came == self.shape.from.1 {
            return;
        }
        self.came += 1;
        match self.shape.channels {
            Channels::Rgb => {
                let light = self.light;
                self.add(row, |[red, green, blue]: [u8; 3]| {
                    [light.linear(red), light.linear(green), light.linear(blue), 0.0]
                });
            }
            Channels::Rgba => {
                let light = self.light;
                self.add(row, |[red, green, blue, alpha]: [u8; 4]| {
                    let alpha = f32::from(alpha) / 255.0;
                    let part = |value| light.linear(value) * alpha;
                    [part(red), part(green), part(blue), alpha]
                });
            }
        }
        self.rows_in_row += 1;
        if self.rows_in_row == self.factors.1 || self.came == self.shape.from.1 {
            self.average();
            self.go_down();
            self.averaged += 1;
            self.rows_in_row = 0;
            self.emit_done(emit);
        }
    }

    /// Adds a row's pixels to the averages, or puts them there where nothing is averaged.
    #[inline(always)]
    fn add<const N: usize>(&mut self, row: &[u8], pixel: impl Fn([u8; N]) -> Pixel) {
        // Slices of N bytes are arrays, which the compiler does not know by itself.
        let pixel = |source: &[u8]| source.first_chunk().map_or([0.0; 4], |source| pixel(*source));
        if self.factors == (1, 1) {
            for (out, source) in self.row.iter_mut().zip(row.chunks_exact(N)) {
                *out = pixel(source);
            }
            return;
        }
        if self.rows_in_row == 0 {
            self.row.fill([0.0; 4]);
        }
        for (sum, sources) in self.row.iter_mut().zip(row.chunks(self.factors.0 as usize * N)) {
            for source in sources.chunks_exact(N) {
                add_weighted(sum, pixel(source), 1.0);
            }
        }
    }

    #[inline(always)]
    fn average(&mut self) {
        if self.factors == (1, 1) {
            return;
        }
        let columns = self.factors.0;
        let of_last = self.shape.from.0 - (self.row.len() as u32 - 1) * columns;
        let share = |columns: u32| 1.0 / (columns as f32 * self.rows_in_row as f32);
        let (all, last) = (share(columns), share(of_last));
        let end = self.row.len() - 1;
        for (at, sum) in self.row.iter_mut().enumerate() {
            let share = if at == end { last } else { all };
            for value in sum {
                *value *= share;
            }
        }
    }

    /// Adds the row to all rows of the target that it lies under.
    #[inline(always)]
    fn go_down(&mut self) {
        let starts = self.down.starts.iter().skip(self.done);
        let weights = self.down.values.chunks_exact(self.down.taps).skip(self.done);
        for (index, (start, weights)) in starts.zip(weights).enumerate() {
            let Some(tap) = self.averaged.checked_sub(*start) else { break };
            if index == self.at_work.len() {
                let mut sums = self.free.pop().unwrap_or_default();
                sums.clear();
                sums.resize(self.row.len(), [0.0; 4]);
                self.at_work.push_back(sums);
            }
            let (Some(sums), Some(&weight)) = (self.at_work.get_mut(index), weights.get(tap)) else {
                continue;
            };
            if weight != 0.0 {
                for (sum, value) in sums.as_flattened_mut().iter_mut().zip(self.row.as_flattened()) {
                    *sum += *value * weight;
                }
            }
        }
    }

    /// Hands out the rows whose last pixel came.
    #[inline(always)]
    fn emit_done(&mut self, emit: &mut dyn FnMut(u32, &[u8])) {
        while let Some(start) = self.down.starts.get(self.done) {
            if start + self.down.taps > self.averaged {
                return;
            }
            let Some(sums) = self.at_work.pop_front() else { return };
            self.go_across(&sums);
            // At most the target's height, which is a u32.
            emit(self.done as u32, &self.out);
            self.free.push(sums);
            self.done += 1;
        }
    }

    #[inline(always)]
    fn go_across(&mut self, sums: &[Pixel]) {
        let light = self.light;
        match self.shape.channels {
            Channels::Rgb => across(sums, &self.across, &mut self.out, |[red, green, blue, _]| {
                [light.encoded(red), light.encoded(green), light.encoded(blue)]
            }),
            Channels::Rgba => across(sums, &self.across, &mut self.out, |[red, green, blue, alpha]| {
                // At most 255.
                let opacity = whole::nearest(alpha * 255.0, 255) as u8;
                if opacity == 0 {
                    return [0; 4];
                }
                let whole = |value: f32| light.encoded(value / alpha);
                [whole(red), whole(green), whole(blue), opacity]
            }),
        }
    }
}

#[inline(always)]
fn across<const N: usize>(
    sums: &[Pixel],
    weights: &Weights,
    out: &mut [u8],
    encoded: impl Fn(Pixel) -> [u8; N],
) {
    let out = out.chunks_exact_mut(N);
    let values = weights.values.chunks_exact(weights.taps);
    for ((out, start), values) in out.zip(&weights.starts).zip(values) {
        let mut sum = [0.0; 4];
        for (pixel, weight) in sums.get(*start..).unwrap_or_default().iter().zip(values) {
            add_weighted(&mut sum, *pixel, *weight);
        }
        out.copy_from_slice(&encoded(sum));
    }
}

#[inline(always)]
fn add_weighted(sum: &mut Pixel, pixel: Pixel, weight: f32) {
    for (sum, value) in sum.iter_mut().zip(pixel) {
        *sum += value * weight;
    }
}

#[cfg(test)]
mod tests;
