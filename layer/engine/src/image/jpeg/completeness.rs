//! How much of a JPEG is there, by what its decoder met on the way.

use super::libjpeg::{Report, Space};
use crate::image::notice::Found;

/// Bytes in one place that belong to nothing and yet are no sign of damage: some encoders write one before a marker.
const HARMLESS_BYTES: u32 = 16;

/// Zeros that no encoder writes in a row but for a picture of one colour: a part of a file that was never written.
const ZEROS: [u8; 64] = [0; 64];

/// The share of rows whose data is there. Of a progressive picture the coarse part is one half, the first details the
/// other. Colours are not missed where the light is there.
pub(super) fn of(report: &Report, space: Space, encoded: &[u8]) -> Found {
    let components: &[usize] = match space {
        Space::Grey | Space::YCbCr => &[0],
        Space::Ycck => &[0, 3],
        Space::Rgb => &[0, 1, 2],
        Space::Cmyk => &[0, 1, 2, 3],
    };
    let rows = |of: &[u32; 4]| {
        let rows = components.iter().filter_map(|&index| of.get(index)).min();
        f64::from(rows.copied().unwrap_or(0)) / f64::from(report.rows.max(1))
    };
    let there = (rows(&report.coarse) + rows(&report.fine)) / 2.0;
    let all_components = report.components.min(4) as usize;
    let lacks_colors = report.coarse.iter().take(all_components).any(|&rows| rows < report.rows);
    let is_damaged = report.bad_codes > 0
        || report.resyncs > 0
        || report.gaps > 0
        || report.extraneous > HARMLESS_BYTES
        || report.gave_up != 0;
    let there =
        if is_damaged || there < 1.0 { there.min(1.0 - share_of_zeros(report, encoded)) } else { there };
    Found { there, lacks_details: report.details_missing != 0 || lacks_colors, is_damaged }
}

/// The share of the scans' bytes that are nothing but zeros in long rows.
fn share_of_zeros(report: &Report, encoded: &[u8]) -> f64 {
    let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(encoded.len());
    let data = encoded.get(at(report.data_start)..at(report.data_end)).unwrap_or_default();
    let (pieces, _) = data.as_chunks::<64>();
    let zeros = pieces.iter().filter(|&piece| *piece == ZEROS).count();
    zeros as f64 / pieces.len().max(1) as f64
}
