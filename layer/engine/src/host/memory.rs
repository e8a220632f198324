//! The guest's memory as one slice, and checked ways to parts of it.

use std::ops::Range;

use wasmedge_sdk::{AsInstance as _, CallingFrame, Instance};

/// A page of any x86-64 system.
pub(crate) const SYSTEM_PAGE_BYTES: usize = 4 << 10;

/// A page of WebAssembly.
const WASM_PAGE_BYTES: u64 = 64 << 10;

/// The guest's memory 0, None if it has none or an empty one.
pub(super) fn of_guest(frame: &mut CallingFrame) -> Option<&mut [u8]> {
    let mut memory = frame.memory_mut(0)?;
    // A memory of 4 GiB has one byte more than a u32 can count; that byte stays out of reach.
    let length = u32::try_from(u64::from(memory.size()) * WASM_PAGE_BYTES).unwrap_or(u32::MAX);
    if length == 0 {
        return None;
    }
    // SAFETY: WasmEdge vouches for `length` bytes at the pointer. While a host function runs, the guest (one
    // thread; the threads proposal is off) neither grows nor touches its memory, and `frame` stays borrowed.
    unsafe {
        let pointer = memory.data_pointer_mut(0, length).ok()?;
        Some(std::slice::from_raw_parts_mut(pointer, length as usize))
    }
}

/// Where a new guest's memory is in this process; empty if it has none.
pub(super) fn addresses(guest: &mut Instance) -> Range<usize> {
    let Ok(memory) = guest.get_memory_mut("memory") else { return 0..0 };
    let length = usize::try_from(u64::from(memory.size()) * WASM_PAGE_BYTES).unwrap_or(0);
    // SAFETY: only the address is taken.
    unsafe { memory.data_pointer(0, 1) }.map_or(0..0, |start| start.addr()..start.addr() + length)
}

/// The range of `length` bytes at `pointer`, None where it leaves the memory.
fn range(memory: &[u8], pointer: u32, length: u32) -> Option<Range<usize>> {
    let start = pointer as usize;
    let end = start.checked_add(length as usize)?;
    (end <= memory.len()).then_some(start..end)
}

/// `length` bytes at `pointer`.
pub(super) fn read(memory: &[u8], pointer: u32, length: u32) -> Option<&[u8]> {
    memory.get(range(memory, pointer, length)?)
}

/// `length` bytes at `pointer`, to be written.
pub(super) fn write(memory: &mut [u8], pointer: u32, length: u32) -> Option<&mut [u8]> {
    let range = range(memory, pointer, length)?;
    memory.get_mut(range)
}

/// The little-endian u32 at `pointer` (any alignment).
pub(super) fn load_u32(memory: &[u8], pointer: u32) -> Option<u32> {
    read(memory, pointer, 4)?.first_chunk().copied().map(u32::from_le_bytes)
}

/// Stores a little-endian u32 at `pointer` (any alignment).
pub(super) fn store_u32(memory: &mut [u8], pointer: u32, value: u32) -> Option<()> {
    write(memory, pointer, 4)?.copy_from_slice(&value.to_le_bytes());
    Some(())
}

/// An input and an output that don't overlap; None where they do or where one leaves the memory.
pub(super) fn input_and_output(
    memory: &mut [u8],
    (input_pointer, input_length): (u32, u32),
    (output_pointer, output_length): (u32, u32),
) -> Option<(&[u8], &mut [u8])> {
    let input = range(memory, input_pointer, input_length)?;
    let output = range(memory, output_pointer, output_length)?;
    if input.end <= output.start {
        let (low, high) = memory.split_at_mut(output.start);
        Some((low.get(input)?, high.get_mut(..output.len())?))
    } else if output.end <= input.start {
        let (low, high) = memory.split_at_mut(input.start);
        Some((high.get(..input.len())?, low.get_mut(output)?))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_that_leave_the_memory_or_overflow_are_refused() {
        let memory = [0; 16];
        assert_eq!(read(&memory, 12, 4), Some(&[0; 4][..]));
        assert_eq!(read(&memory, 13, 4), None);
        assert_eq!(read(&memory, u32::MAX, u32::MAX), None);
        assert_eq!(read(&memory, 16, 0), Some(&[][..]));
        assert_eq!(read(&memory, 17, 0), None);
    }

    #[test]
    fn numbers_are_stored_little_endian() {
        let mut memory = [0; 6];
        assert_eq!(store_u32(&mut memory, 1, 0x0102_0304), Some(()));
        assert_eq!(memory, [0, 4, 3, 2, 1, 0]);
        assert_eq!(store_u32(&mut memory, 3, 1), None);
    }

    proptest! {
        #[test]
        fn inputs_and_outputs_are_handed_out_only_inside_the_memory_and_apart(
            pointers in any::<[u32; 4]>(), small in any::<[u8; 4]>(), take_small in any::<bool>(),
        ) {
            let [a, b, c, d] = if take_small { small.map(u32::from) } else { pointers };
            let mut memory: Vec<u8> = (0..200).collect();
            let fits = |pointer: u32, length: u32| u64::from(pointer) + u64::from(length) <= 200;
            let apart = u64::from(a) + u64::from(b) <= u64::from(c) || u64::from(c) + u64::from(d) <= u64::from(a);
            match input_and_output(&mut memory, (a, b), (c, d)) {
                Some((input, output)) => {
                    prop_assert!(fits(a, b) && fits(c, d) && apart);
                    prop_assert_eq!((input.len(), output.len()), (b as usize, d as usize));
                    prop_assert!(input.iter().enumerate().all(|(i, &byte)| usize::from(byte) == a as usize + i));
                    prop_assert!(output.iter().enumerate().all(|(i, &byte)| usize::from(byte) == c as usize + i));
                }
                None => prop_assert!(!(fits(a, b) && fits(c, d) && apart)),
            }
        }
    }
}
