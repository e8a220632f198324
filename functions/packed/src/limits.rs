//! What a description may say at the most.

/// Classes of a model: far more than any model for pictures has.
pub const MAX_CLASSES: usize = 65_536;
/// Pixels across and down of a model's input.
pub const MAX_SIDE: u32 = 4_096;
