//! Step 7: the result, row by row at the picture's size. Alpha and colours come from between the reduced picture's pixels; most of a photo
//! is wholly a person or wholly background, and costs no more than a copy.

mod canvas;

use std::ops::Range;

use wide::f32x4;

use crate::foreground::{Colours, person_colour};
use crate::guided::{Guided, alpha, alpha_bounds};
use crate::image::Image;
use crate::reduced::Reduced;

pub use canvas::Canvas;
pub use canvas::{Blurred, Coloured, Grey, Transparent};

/// What is known of the picture: what each pixel of the result follows from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// At full size.
    pub image: &'a Image,
    /// Made smaller.
    pub reduced: &'a Reduced,
    /// Alpha of a colour, for each pixel of it.
    pub guided: &'a Guided,
    /// The person's and the background's colours there.
    pub colours: &'a Colours,
}

/// What part of a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Background,
    Person,
    /// Some of both, perhaps.
    Edge,
}

/// Paints the whole picture onto a canvas: the bytes of its rows.
pub fn paint(scene: &Scene<'_>, canvas: &mut impl Canvas) -> Vec<u8> {
    let Scene { image, reduced, .. } = *scene;
    let kinds: Vec<Kind> = scene.guided.coefficients.iter().map(|linear| kind(*linear)).collect();
    let columns = gaps(reduced.width, reduced.factor, image.width());
    let mut painted = Vec::with_capacity(image.width() * image.height() * canvas.channels());
    for rows in gaps(reduced.height, reduced.factor, image.height()) {
        let spans = spans(&kinds, reduced.width, &rows, &columns);
        for y in rows.range.clone() {
            let row = Row { scene, rows: &rows, below: rows.share(y, reduced.factor), pixels: image.row(y) };
            canvas.begin_row(&row);
            for span in &spans {
                let range = columns[span.gaps.start].range.start..columns[span.gaps.end - 1].range.end;
                match span.kind {
                    Kind::Background => canvas.background(range, &mut painted),
                    Kind::Person => canvas.person(&row.pixels[range.start * 3..range.end * 3], &mut painted),
                    Kind::Edge => {
                        for gap in &columns[span.gaps.clone()] {
                            row.edge(gap, canvas, &mut painted);
                        }
                    }
                }
            }
        }
    }
    painted
}

fn kind(linear: f32x4) -> Kind {
    match alpha_bounds(linear) {
        (_, most) if most <= 0.0 => Kind::Background,
        (least, _) if least >= 1.0 => Kind::Person,
        _ => Kind::Edge,
    }
}

/// The pixels between the middles of two neighbours of the reduced picture, along one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The pixels, at full size.
    pub(crate) range: Range<usize>,
    /// The neighbours; the same one twice at the borders.
    pub(crate) before: usize,
    pub(crate) after: usize,
}

impl Gap {
    /// How far a pixel is from the first neighbour towards the second.
    #[inline]
    pub(crate) fn share(&self, at: usize, factor: usize) -> f32 {
        let twice = (2 * at + 1) as f32 - ((2 * self.before + 1) * factor) as f32;
        twice / (2 * factor) as f32
    }
}

/// All of one side; only gaps with pixels in them.
fn gaps(count: usize, factor: usize, pixels: usize) -> Vec<Gap> {
    let start = |gap: usize| if gap == 0 { 0 } else { ((gap - 1) * factor + factor / 2).min(pixels) };
    (0..=count)
        .map(|gap| Gap {
            range: start(gap)..if gap == count { pixels } else { start(gap + 1) },
            before: gap.saturating_sub(1),
            after: gap.min(count - 1),
        })
        .filter(|gap| !gap.range.is_empty())
        .collect()
}

/// Neighbouring gaps of one kind.
struct Span {
    kind: Kind,
    gaps: Range<usize>,
}

fn spans(kinds: &[Kind], width: usize, rows: &Gap, columns: &[Gap]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let at = |row: usize, column: usize| kinds[row * width + column];
        let first = at(rows.before, column.before);
        let corners =
            [at(rows.before, column.after), at(rows.after, column.before), at(rows.after, column.after)];
        let kind = if corners.iter().all(|corner| *corner == first) { first } else { Kind::Edge };
        match spans.last_mut() {
            Some(last) if last.kind == kind => last.gaps.end = index + 1,
            _ => spans.push(Span { kind, gaps: index..index + 1 }),
        }
    }
    spans
}

/// One row at full size.
#[derive(Debug)]
pub struct Row<'a> {
    scene: &'a Scene<'a>,
    rows: &'a Gap,
    below: f32,
    pixels: &'a [u8],
}

impl Row<'_> {
    /// Values of the reduced picture's two rows around this one, at one of its columns.
    #[inline]
    fn between(&self, values: &[f32x4], column: usize) -> f32x4 {
        let width = self.scene.reduced.width;
        let (above, under) =
            (values[self.rows.before * width + column], values[self.rows.after * width + column]);
        above + (under - above) * f32x4::splat(self.below)
    }

    fn edge(&self, gap: &Gap, canvas: &mut impl Canvas, painted: &mut Vec<u8>) {
        let Scene { reduced, guided, colours, .. } = *self.scene;
        let ends = |values: &[f32x4]| {
            let left = self.between(values, gap.before);
            (left, self.between(values, gap.after) - left)
        };
        let linear = ends(&guided.coefficients);
        // Colours are only needed where a pixel is of both.
        let mut around = None;
        for x in gap.range.clone() {
            let share = f32x4::splat(gap.share(x, reduced.factor));
            let bytes = &self.pixels[x * 3..][..3];
            let parts = [bytes[0], bytes[1], bytes[2]].map(|byte| f32::from(byte) * (1.0 / 255.0));
            let pixel = f32x4::new([parts[0], parts[1], parts[2], 0.0]);
            let alpha = alpha(linear.0 + linear.1 * share, pixel);
            if alpha <= 0.0 {
                canvas.background(x..x + 1, painted);
            } else if alpha >= 1.0 {
                canvas.person(bytes, painted);
            } else {
                let (person, background) =
                    around.get_or_insert_with(|| (ends(&colours.person), ends(&colours.background)));
                let person = person.0 + person.1 * share;
                let background = background.0 + background.1 * share;
                canvas.edge(x, person_colour(pixel, alpha, person, background), alpha, painted);
            }
        }
    }
}

#[cfg(test)]
mod tests;
