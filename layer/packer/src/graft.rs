//! Puts a block into a function: into pages of memory behind those that the function was built with, where nothing else is.
//!
//! The code of the function stays as it is, byte for byte, and so native code that was made of it stays right: that knows
//! nothing of data and of the memory's size, which an instance gets from the module's sections.

use packed::{PLACE_BYTES, PLACE_MARK, Place};
use thiserror::Error;
use wasm_encoder::{ConstExpr, DataCountSection, DataSection, MemorySection, MemoryType, Module, RawSection};
use wasmparser::{BinaryReaderError, Data, DataKind, Operator, Parser, Payload};

/// The custom section in which WasmEdge's compiler keeps native code.
const NATIVE_CODE_SECTION: &str = "wasmedge";

/// Marks of places that are looked at: a function has one, and a block may hold some by chance.
const MAX_MARKS: usize = 64;

const WASM_PAGE_BYTES: u64 = 64 << 10;
/// Pages of a memory of 32 bits.
const MAX_PAGES: u64 = 1 << 16;

/// Why a block can't be put into a module.
#[derive(Debug, Error)]
pub enum GraftError {
    /// It can't be read.
    #[error("it is no sound module: {0}")]
    Damaged(#[from] BinaryReaderError),
    /// It was not built for it.
    #[error(
        "it has no place for a model; accepted are this project's recognize.wasm and what `vision function` made of it"
    )]
    NoPlace,
    /// It has more than one place, or data where the block should go.
    #[error("it is no function that `vision function` understands: {0}")]
    Strange(&'static str),
    /// The block is larger than the memory can be.
    #[error("with a model of {bytes} bytes its memory has {pages} pages, accepted are up to {MAX_PAGES}")]
    TooLarge {
        /// Bytes of the block.
        bytes: usize,
        /// Pages of the memory.
        pages: u64,
    },
}

/// What becomes of native code beside the wasm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeCode {
    /// It stays: somebody vouches for it.
    Keep,
    /// It goes.
    Drop,
}

/// A function with a block.
#[derive(Debug)]
pub struct Grafted {
    /// The module.
    pub wasm: Vec<u8>,
    /// Whether it carries native code.
    pub has_native_code: bool,
}

/// The function in `wasm` with this block, in place of the one that it may have.
///
/// # Errors
/// See [`GraftError`].
pub fn graft(wasm: &[u8], block: &[u8], native_code: NativeCode) -> Result<Grafted, GraftError> {
    let found = Found::read(wasm)?;
    let pages = found.pages + (block.len() as u64).div_ceil(WASM_PAGE_BYTES);
    let too_large = GraftError::TooLarge { bytes: block.len(), pages };
    let (Ok(address), Ok(length)) =
        (u32::try_from(found.pages * WASM_PAGE_BYTES), u32::try_from(block.len()))
    else {
        return Err(too_large);
    };
    if pages > MAX_PAGES || found.maximum.is_some_and(|maximum| maximum < pages) {
        return Err(too_large);
    }
    let filled = Place { address, length };
    let (mut module, mut has_native_code) = (Module::new(), false);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        match &payload {
            Payload::CustomSection(section) if section.name() == NATIVE_CODE_SECTION => {
                if native_code == NativeCode::Drop {
                    continue;
                }
                has_native_code = true;
            }
            Payload::MemorySection(_) => {
                let mut memories = MemorySection::new();
                let (minimum, maximum) = (pages, found.maximum);
                memories.memory(MemoryType {
                    minimum,
                    maximum,
                    memory64: false,
                    shared: false,
                    page_size_log2: None,
                });
                module.section(&memories);
                continue;
            }
            Payload::DataCountSection { .. } => {
                module.section(&DataCountSection { count: found.segments + 1 });
                continue;
            }
            Payload::DataSection(section) => {
                let mut segments = DataSection::new();
                for (index, data) in section.clone().into_iter().enumerate() {
                    found.copy(index as u32, &data?, filled, &mut segments)?;
                }
                segments.active(0, &ConstExpr::i32_const(address.cast_signed()), block.iter().copied());
                module.section(&segments);
                continue;
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            let data = wasm.get(range.start as usize..range.end as usize).unwrap_or_default();
            module.section(&RawSection { id, data });
        }
    }
    Ok(Grafted { wasm: module.finish(), has_native_code })
}

/// Where a function keeps its place, and what its memory is like without a block.
#[derive(Debug)]
struct Found {
    /// The segment, the place's offset in it.
    segment: u32,
    offset: usize,
    /// The block that is there.
    there: Place,
    /// Pages of memory without the block.
    pages: u64,
    maximum: Option<u64>,
    /// Data segments without the block's.
    segments: u32,
}

impl Found {
    fn read(wasm: &[u8]) -> Result<Self, GraftError> {
        let (mut memory, mut memories, mut places, mut segments) = (None, 0, Vec::new(), 0);
        let mut starts = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::MemorySection(section) => {
                    for found in section {
                        memory = Some(found?);
                        memories += 1;
                    }
                }
                Payload::DataSection(section) => {
                    for (index, data) in section.into_iter().enumerate() {
                        let data = data?;
                        let offsets = data.data.windows(PLACE_BYTES).enumerate();
                        let marked = offsets.filter(|(_, bytes)| bytes.starts_with(&PLACE_MARK));
                        let marked = marked.filter_map(|(offset, bytes)| {
                            Some((index as u32, offset, Place::from_bytes(bytes)?))
                        });
                        places.extend(marked.take(MAX_MARKS + 1 - places.len()));
                        if places.len() > MAX_MARKS {
                            return Err(GraftError::Strange("it has more places than anybody would make"));
                        }
                        starts.push(start(&data)?);
                        segments += 1;
                    }
                }
                _ => {}
            }
        }
        let memory = memory.filter(|memory| memories == 1 && !memory.memory64 && !memory.shared);
        let memory = memory.ok_or(GraftError::NoPlace)?;
        // A block may hold the mark by chance; it is not looked at.
        let block_of = |place: Place| starts.iter().position(|start| *start == Some(place.address));
        let blocks: Vec<usize> = places
            .iter()
            .filter_map(|(_, _, place)| block_of(*place).filter(|_| !place.is_empty()))
            .collect();
        let mut outside = places.iter().filter(|(segment, _, _)| !blocks.contains(&(*segment as usize)));
        let Some(&(segment, offset, there)) = outside.next() else { return Err(GraftError::NoPlace) };
        if outside.next().is_some() {
            return Err(GraftError::Strange("it has more than one place for a model"));
        }
        let is_there = !there.is_empty();
        if is_there
            && (block_of(there).is_none() || !u64::from(there.address).is_multiple_of(WASM_PAGE_BYTES))
        {
            return Err(GraftError::Strange("its place leads to no data"));
        }
        let pages = if is_there { u64::from(there.address) / WASM_PAGE_BYTES } else { memory.initial };
        let segments = segments - u32::from(is_there);
        Ok(Self { segment, offset, there, pages, maximum: memory.maximum, segments })
    }

    /// Copies a segment, unless it is the block that is there; the place is filled in anew.
    fn copy(
        &self,
        index: u32,
        data: &Data<'_>,
        filled: Place,
        segments: &mut DataSection,
    ) -> Result<(), GraftError> {
        let start = start(data)?;
        if !self.there.is_empty() && start == Some(self.there.address) {
            return Ok(());
        }
        match (&data.kind, start) {
            (DataKind::Passive, _) => {
                segments.passive(data.data.iter().copied());
            }
            (DataKind::Active { .. }, Some(start)) => {
                let end = u64::from(start) + data.data.len() as u64;
                if end > self.pages * WASM_PAGE_BYTES {
                    return Err(GraftError::Strange("it has data where the model should go"));
                }
                let mut bytes = data.data.to_vec();
                if index == self.segment {
                    let place = bytes.get_mut(self.offset..self.offset + PLACE_BYTES);
                    place.into_iter().for_each(|place| place.copy_from_slice(&filled.to_bytes()));
                }
                segments.active(0, &ConstExpr::i32_const(start.cast_signed()), bytes);
            }
            (DataKind::Active { .. }, None) => {
                return Err(GraftError::Strange("the place of its data is computed"));
            }
        }
        Ok(())
    }
}

/// Where a segment goes in memory 0, if that is a number.
fn start(data: &Data<'_>) -> Result<Option<u32>, BinaryReaderError> {
    let DataKind::Active { memory_index: 0, offset_expr } = &data.kind else { return Ok(None) };
    Ok(match offset_expr.get_operators_reader().read()? {
        Operator::I32Const { value } => Some(value.cast_unsigned()),
        _ => None,
    })
}

/// The block that a function carries.
#[cfg(test)]
pub(crate) fn block_of(wasm: &[u8]) -> Option<Vec<u8>> {
    let there = Found::read(wasm).ok()?.there;
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::DataSection(section) = payload.ok()? {
            for data in section {
                let data = data.ok()?;
                if start(&data).ok()? == Some(there.address) {
                    return Some(data.data.to_vec());
                }
            }
        }
    }
    None
}
