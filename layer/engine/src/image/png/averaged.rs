//! Rows averaged as they come, for a picture that is stretched afterwards.

use crate::image::error::ImageError;
use crate::image::limits::Memory;
use crate::image::pixels::Rgb;
use crate::image::reduction::{self, Reduction};
use crate::image::rows::{Color, RowSink, over_white};

/// How many times larger than the target a reduced picture must be at least: averages first and a stretch then are not
/// quite the stretch alone, and of a model's labels each fortieth is another one where they are only twice as large.
const MARGIN: u32 = 4;

/// A reduction that may start again.
pub(super) struct Averaged {
    target: (u32, u32),
    scratch: Vec<u8>,
    reduction: Option<Reduction>,
}

impl Averaged {
    /// For what is stretched to `target`; into `scratch`, whose bytes are of no account.
    pub(super) fn new(target: (u32, u32), scratch: Vec<u8>) -> Self {
        Self { target, scratch, reduction: None }
    }

    /// The picture; see [`Reduction::finish`].
    pub(super) fn finish(self, extent: (f64, f64)) -> Rgb {
        match self.reduction {
            Some(reduction) => reduction.finish(extent),
            None => Rgb::new((0, 0), (0.0, 0.0), self.scratch),
        }
    }
}

impl RowSink for Averaged {
    fn start(
        &mut self,
        size: (u32, u32),
        _extent: (f64, f64),
        memory: &mut Memory,
    ) -> Result<(), ImageError> {
        let scratch = match self.reduction.take() {
            Some(before) => before.finish((0.0, 0.0)).into_bytes(),
            None => std::mem::take(&mut self.scratch),
        };
        let factors = reduction::factors(size, self.target, MARGIN);
        self.reduction = Some(Reduction::new(size, factors, memory, scratch)?);
        Ok(())
    }

    fn add(&mut self, row: &[u8], color: Color) -> Result<(), ImageError> {
        let Some(reduced) = &mut self.reduction else { return Ok(()) };
        match color {
            Color::Grey => reduced.add(row, |[grey]| [grey; 3]),
            Color::GreyAlpha => reduced.add(row, |[grey, alpha]| over_white([grey; 3], alpha)),
            Color::Rgb => reduced.add(row, |rgb| rgb),
            Color::Rgba => {
                reduced.add(row, |[red, green, blue, alpha]| over_white([red, green, blue], alpha));
            }
        }
        Ok(())
    }

    fn rows(&self) -> u32 {
        self.reduction.as_ref().map_or(0, Reduction::rows)
    }
}
