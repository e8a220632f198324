//! The bytes that a model was read from, at one place for as long as LiteRT points into them.

use memmap2::{Mmap, UncheckedAdvice};

use crate::sealed_file::SealedPart;

/// What LiteRT's kernels expect of the model's bytes.
const MODEL_ALIGNMENT: usize = 16;

/// The bytes of a model.
#[derive(Debug)]
pub(in crate::inference) enum ModelBytes {
    /// A copy of them.
    Copied(AlignedBytes),
    /// They were made here.
    Made(Vec<u8>),
    /// The file that the module has them from.
    Mapped(Mmap, SealedPart),
}

impl ModelBytes {
    /// `bytes`, from `part` where that has them at an address that LiteRT can read from.
    pub(in crate::inference) fn new(bytes: &[u8], part: Option<SealedPart>) -> Self {
        part.and_then(Self::mapped).unwrap_or_else(|| Self::Copied(AlignedBytes::new(bytes)))
    }

    /// Bytes that were made here, where they are if LiteRT can read them there.
    pub(super) fn made(bytes: Vec<u8>) -> Self {
        if bytes.as_ptr().addr().is_multiple_of(MODEL_ALIGNMENT) {
            Self::Made(bytes)
        } else {
            Self::Copied(AlignedBytes::new(&bytes))
        }
    }

    fn mapped(part: SealedPart) -> Option<Self> {
        let map = part.map().ok()?;
        map.as_ptr().addr().is_multiple_of(MODEL_ALIGNMENT).then_some(Self::Mapped(map, part))
    }

    pub(in crate::inference) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes.as_slice(),
            Self::Made(bytes) => bytes,
            Self::Mapped(map, _) => map,
        }
    }

    pub(in crate::inference) fn part(&self) -> Option<&SealedPart> {
        match self {
            Self::Copied(_) | Self::Made(_) => None,
            Self::Mapped(_, part) => Some(part),
        }
    }

    /// Gives back memory until the bytes are looked at again: compiled, a model has its weights a second time.
    pub(in crate::inference) fn leave_untouched(&self) {
        if let Self::Mapped(map, _) = self {
            // SAFETY: the file keeps what the mapping shows. Failing costs memory only.
            drop(unsafe { map.unchecked_advise(UncheckedAdvice::DontNeed) });
        }
    }
}

/// Bytes at a multiple of [`MODEL_ALIGNMENT`].
#[derive(Debug)]
pub(in crate::inference) struct AlignedBytes {
    blocks: Box<[u128]>,
    length: usize,
}

impl AlignedBytes {
    fn new(bytes: &[u8]) -> Self {
        let mut blocks = vec![0_u128; bytes.len().div_ceil(MODEL_ALIGNMENT)].into_boxed_slice();
        for (block, chunk) in blocks.iter_mut().zip(bytes.chunks(MODEL_ALIGNMENT)) {
            let mut padded = [0; MODEL_ALIGNMENT];
            padded[..chunk.len()].copy_from_slice(chunk);
            *block = u128::from_ne_bytes(padded);
        }
        Self { blocks, length: bytes.len() }
    }

    fn as_slice(&self) -> &[u8] {
        // SAFETY: the blocks are initialised and have at least `length` bytes; bytes have no alignment.
        unsafe { std::slice::from_raw_parts(self.blocks.as_ptr().cast(), self.length) }
    }
}
