//! The initial data of a module's memory, moved out of the module and kept once for all instances.
//!
//! A model compiled into a module is megabytes of data segments, which WasmEdge copies for every instance. This module
//! puts them into a file in memory, which each instance maps copy-on-write. An instance is ready sooner, and all
//! instances share the pages that they don't change.

use std::ops::Range;

use wasm_encoder::{ConstExpr, DataSection, Module, RawSection};
use wasmparser::{
    BinaryReaderError, Data, DataKind, DataSectionReader, ExternalKind, Operator, Parser, Payload,
};

use crate::host::{DataImage, SYSTEM_PAGE_BYTES};

/// Less is copied faster than it is mapped.
const MIN_BYTES: usize = 256 << 10;

/// Takes the data out of `wasm` (a sound module): the same module with empty segments, and the image. None where there
/// is little to gain and no model behind the heap, or where somebody could see that the data comes later than the standard says: a memory
/// that is not the module's own or has no name, a start function, data beyond the memory's first size.
pub(super) fn take_out(wasm: &[u8]) -> Option<(Vec<u8>, DataImage)> {
    let segments = segments_to_take(wasm).ok()??;
    let areas = areas(&segments);
    let length: usize = segments.iter().map(|segment| segment.data.len()).sum();
    // A model behind the heap is taken out however small it is: where it lies tells whose it is.
    if length < MIN_BYTES && areas.len() < 2 {
        return None;
    }
    let is_behind =
        |segment: &&Segment<'_>| areas.len() < 2 || Some(segment.end()) > areas.last().map(|area| area.start);
    let largest = segments.iter().filter(is_behind).max_by_key(|segment| segment.data.len())?;
    // In the module's order: later ones may lie over earlier ones.
    let parts = segments
        .iter()
        .filter(|segment| !segment.data.is_empty())
        .map(|segment| (segment.start, segment.data));
    let image = DataImage::new(areas, parts, largest.start..largest.end())
        .inspect_err(|error| tracing::warn!(%error, "no memory to share between instances"))
        .ok()?;
    Some((without_data(wasm).ok()?, image))
}

/// The pages of the memory in which there is data, the lower first. What lies far from the rest, such as a model behind the heap, is
/// an area of its own: the pages between are the guest's.
fn areas(segments: &[Segment<'_>]) -> Vec<Range<usize>> {
    let whole_pages = |segment: &Segment<'_>| {
        segment.start / SYSTEM_PAGE_BYTES * SYSTEM_PAGE_BYTES
            ..segment.end().next_multiple_of(SYSTEM_PAGE_BYTES)
    };
    let mut pages: Vec<Range<usize>> =
        segments.iter().map(whole_pages).filter(|pages| !pages.is_empty()).collect();
    pages.sort_unstable_by_key(|pages| pages.start);
    let mut areas: Vec<Range<usize>> = Vec::new();
    for pages in pages {
        match areas.last_mut() {
            Some(area) if pages.start <= area.end + MIN_BYTES => area.end = area.end.max(pages.end),
            _ => areas.push(pages),
        }
    }
    areas
}

/// A data segment that is copied into memory 0 when an instance is made.
struct Segment<'a> {
    start: usize,
    data: &'a [u8],
}

impl Segment<'_> {
    fn end(&self) -> usize {
        self.start + self.data.len()
    }
}

/// All active segments, if they can and should be taken out.
fn segments_to_take(wasm: &[u8]) -> Result<Option<Vec<Segment<'_>>>, BinaryReaderError> {
    let (mut memory_bytes, mut memory_has_name, mut segments) = (0, false, Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::StartSection { .. } => return Ok(None),
            Payload::MemorySection(section) => {
                for memory in section.into_iter().take(1) {
                    memory_bytes = memory?.initial.saturating_mul(64 << 10);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    memory_has_name |=
                        (export.name, export.kind, export.index) == ("memory", ExternalKind::Memory, 0);
                }
            }
            Payload::DataSection(section) => {
                for data in section {
                    match active_segment(&data?)? {
                        Active::Segment(segment) => segments.push(segment),
                        Active::Elsewhere => return Ok(None),
                        Active::No => {}
                    }
                }
            }
            _ => {}
        }
    }
    let fits = segments.iter().all(|segment| segment.end() as u64 <= memory_bytes);
    Ok((memory_has_name && fits).then_some(segments))
}

enum Active<'a> {
    Segment(Segment<'a>),
    /// Its place is not known before there is an instance.
    Elsewhere,
    No,
}

fn active_segment<'a>(data: &Data<'a>) -> Result<Active<'a>, BinaryReaderError> {
    let DataKind::Active { memory_index, offset_expr } = &data.kind else {
        return Ok(Active::No);
    };
    match offset_expr.get_operators_reader().read()? {
        Operator::I32Const { value } if *memory_index == 0 => {
            Ok(Active::Segment(Segment { start: value.cast_unsigned() as usize, data: data.data }))
        }
        _ => Ok(Active::Elsewhere),
    }
}

/// The module with all active segments empty, so that their numbers stay as they are.
fn without_data(wasm: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::DataSection(section) = &payload {
            module.section(&emptied(section.clone())?);
        } else if let Some((id, range)) = payload.as_section() {
            let data = wasm.get(range.start as usize..range.end as usize).unwrap_or_default();
            module.section(&RawSection { id, data });
        }
    }
    Ok(module.finish())
}

fn emptied(section: DataSectionReader<'_>) -> Result<DataSection, BinaryReaderError> {
    let mut emptied = DataSection::new();
    for data in section {
        let data = data?;
        match data.kind {
            DataKind::Active { .. } => emptied.active(0, &ConstExpr::i32_const(0), []),
            DataKind::Passive => emptied.passive(data.data.iter().copied()),
        };
    }
    Ok(emptied)
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of areas, some with one")]
mod tests {
    use super::*;

    fn module(memory: &str, data: &str) -> Vec<u8> {
        wat::parse_str(format!("(module {memory} {data} (func (export \"_start\")))")).unwrap()
    }

    const MEMORY: &str = r#"(memory (export "memory") 16)"#;

    fn large(byte: &str) -> String {
        byte.repeat(MIN_BYTES)
    }

    #[test]
    fn the_image_holds_the_segments_and_the_module_keeps_the_others() {
        let data = format!(
            r#"(data (i32.const 5000) "{}") (data $kept "passive") (data (i32.const 4999) "xyz")"#,
            large("a")
        );
        let wasm = module(MEMORY, &data);
        let (emptied, image) = take_out(&wasm).unwrap();
        assert_eq!(image.areas(), [4096..(5000 + MIN_BYTES).next_multiple_of(4096)]);
        let bytes = image.bytes();
        assert_eq!(&bytes[4999 - 4096..5004 - 4096], b"xyzaa");
        assert_eq!(bytes[..4999 - 4096], [0; 4999 - 4096]);
        assert_eq!(
            emptied.len(),
            module(MEMORY, r#"(data (i32.const 0) "") (data $kept "passive") (data (i32.const 0) "")"#).len()
        );
        assert!(emptied.windows(7).any(|bytes| bytes == b"passive"));
    }

    #[test]
    fn a_small_model_behind_the_heap_is_taken_out_and_guarded() {
        let data = r#"(data (i32.const 900000) "model") (data (i32.const 5000) "longer than that")"#;
        let (_, image) = take_out(&module(MEMORY, data)).unwrap();
        assert_eq!(image.areas().len(), 2);
        assert!(take_out(&module(MEMORY, &data.replace("900000", "9000"))).is_none(), "not behind the heap");
    }

    #[test]
    fn data_stays_where_taking_it_out_could_be_seen_or_gains_nothing() {
        let data = format!("(data (i32.const 0) \"{}\")", large("a"));
        for (memory, data, why) in [
            (MEMORY, "(data (i32.const 0) \"little\")", "little data"),
            ("(memory 16)", &data, "a memory without a name"),
            (r#"(memory (export "other") 16)"#, &data, "a memory of another name"),
            (r#"(memory (export "memory") 1)"#, &data, "data beyond the memory"),
            (r#"(memory (export "memory") 16) (func $start) (start $start)"#, &data, "a start function"),
            (
                r#"(memory (export "memory") 16) (global $at i32 (i32.const 0))"#,
                &data.replace("i32.const 0", "global.get $at"),
                "a place that is computed",
            ),
        ] {
            assert!(take_out(&module(memory, data)).is_none(), "{why}");
        }
    }

    #[test]
    fn data_far_from_the_rest_is_an_area_of_its_own() {
        let far = 900_000;
        let data = format!(r#"(data (i32.const {far}) "far") (data (i32.const 5000) "{}")"#, large("a"));
        let (_, image) = take_out(&module(MEMORY, &data)).unwrap();
        let near = 4096..(5000 + MIN_BYTES).next_multiple_of(4096);
        assert_eq!(image.areas(), [near.clone(), far / 4096 * 4096..(far + 3_usize).next_multiple_of(4096)]);
        assert_eq!(&image.bytes()[near.len() + far % 4096..][..3], b"far");
    }
}
