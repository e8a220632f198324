//! Holds a picture to what it may take of pixels and memory.

use super::bounds::MAX_PIXELS;
use super::error::ImageError;

/// Refuses sizes that no picture should have, before anything is allocated.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), ImageError> {
    if width == 0 || height == 0 {
        return Err(ImageError::Undecodable(format!("its header says {width} × {height} pixels")));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageError::TooLarge { width, height });
    }
    Ok(())
}

/// The bytes that one picture may take while it is decoded and stretched, and those that it takes so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    limit: usize,
    taken: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, taken: 0 }
    }

    /// Counts a buffer that is about to be allocated, or refuses it.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), ImageError> {
        let needed = self.taken.saturating_add(bytes);
        if needed > self.limit {
            return Err(ImageError::TooMuchMemory { needed, limit: self.limit });
        }
        self.taken = needed;
        Ok(())
    }
}

/// A product of lengths in bytes; the largest number where it is larger.
pub(super) fn product(factors: &[u64]) -> usize {
    let product = factors.iter().try_fold(1_u64, |product, &factor| product.checked_mul(factor));
    product.and_then(|product| usize::try_from(product).ok()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_count_together() {
        let mut memory = Memory::new(100);
        assert_eq!(memory.take(60), Ok(()));
        assert_eq!(memory.take(41), Err(ImageError::TooMuchMemory { needed: 101, limit: 100 }));
        assert_eq!(memory.take(40), Ok(()));
        assert_eq!(
            memory.take(usize::MAX),
            Err(ImageError::TooMuchMemory { needed: usize::MAX, limit: 100 })
        );
    }

    #[test]
    fn products_that_no_number_holds_are_the_largest() {
        assert_eq!(product(&[3, 4]), 12);
        assert_eq!(product(&[u64::MAX, 2]), usize::MAX);
    }
}
