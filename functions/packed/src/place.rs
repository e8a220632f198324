//! The place in a function where it finds its block: a mark, and behind it address and length. A function is built with
//! an empty place; `vision function` adds the block to its memory and fills the place in.

/// How a place begins. It stands once in a function's data, and nothing compares with it there.
pub const PLACE_MARK: [u8; 16] = *b"wasm-vision here";

/// Bytes of a place: mark, address, length.
pub const PLACE_BYTES: usize = 24;

/// Where a block is in a function's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its address; 0 where there is none.
    pub address: u32,
    /// Its bytes; 0 where there is none.
    pub length: u32,
}

impl Place {
    /// The place as it stands in a function.
    pub fn to_bytes(self) -> [u8; PLACE_BYTES] {
        let mut bytes = [0; PLACE_BYTES];
        let parts = PLACE_MARK.into_iter().chain(self.address.to_le_bytes()).chain(self.length.to_le_bytes());
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
        bytes
    }

    /// The place that these bytes begin with.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        bytes.starts_with(&PLACE_MARK).then_some(())?;
        Some(Self { address: number(16)?, length: number(20)? })
    }

    /// Whether there is no block.
    pub fn is_empty(self) -> bool {
        self.length == 0
    }
}
