//! The guest's memory as async-wasi wants to see it, with every address, length and list checked.
//!
//! wasmedge-sys has an implementation, too, but it trusts the guest: counted in 32 bits, a list of 2^29 buffers has a size
//! of 0 there, and the host then reads four gigabytes past the guest's memory.

use std::io::{IoSlice, IoSliceMut};
use std::ops::Range;

use async_wasi::snapshots::common::error::Errno;
use async_wasi::snapshots::common::memory::{Memory, WasmPtr};
use async_wasi::snapshots::common::types::{__wasi_ciovec_t, __wasi_iovec_t, __wasi_size_t};

use crate::host::{memory, write_guard};

const FAULT: Errno = Errno::__WASI_ERRNO_FAULT;
const INVALID: Errno = Errno::__WASI_ERRNO_INVAL;

/// Buffers that one call may read into or write from: the usual IOV_MAX, which wasi-libc knows, too.
const MAX_BUFFERS: usize = 1024;

/// The memory of the guest that calls.
pub(super) struct GuestMemory<'a>(pub(super) &'a mut [u8]);

/// The bytes of `count` values at `place`.
fn range<T>(place: &WasmPtr<T>, count: usize) -> Result<Range<usize>, Errno> {
    let length = size_of::<T>().checked_mul(count).ok_or(FAULT)?;
    let end = place.0.checked_add(length).ok_or(FAULT)?;
    Ok(place.0..end)
}

fn buffers(count: __wasi_size_t) -> Result<usize, Errno> {
    usize::try_from(count).ok().filter(|&count| count <= MAX_BUFFERS).ok_or(INVALID)
}

/// The types that async-wasi reads and writes are WASI's: numbers, and structures and unions of numbers, of which any
/// bytes are a value.
impl Memory for GuestMemory<'_> {
    fn get_data<T: Sized>(&self, place: WasmPtr<T>) -> Result<&T, Errno> {
        self.get_slice(place, 1)?.first().ok_or(FAULT)
    }

    fn get_slice<T: Sized>(&self, place: WasmPtr<T>, count: usize) -> Result<&[T], Errno> {
        let start = self.0.get(range(&place, count)?).ok_or(FAULT)?.as_ptr().cast::<T>();
        if !start.is_aligned() {
            return Err(INVALID);
        }
        // SAFETY: so many bytes are there, aligned, and are values (see above); they stay borrowed.
        Ok(unsafe { std::slice::from_raw_parts(start, count) })
    }

    fn get_iovec<'a>(
        &self,
        list: WasmPtr<__wasi_ciovec_t>,
        count: __wasi_size_t,
    ) -> Result<Vec<IoSlice<'a>>, Errno> {
        let list = self.get_slice(list, buffers(count)?)?;
        let slice = |buffer: &__wasi_ciovec_t| {
            let bytes = memory::read(self.0, buffer.buf, buffer.buf_len).ok_or(FAULT)?;
            // SAFETY: the bytes are there. The lifetime is the trait's; the callers, `fd_write` and `fd_pwrite`, are
            // done with the slices before they write to the memory or return.
            Ok(IoSlice::new(unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.len()) }))
        };
        list.iter().map(slice).collect()
    }

    fn mut_data<T: Sized>(&mut self, place: WasmPtr<T>) -> Result<&mut T, Errno> {
        self.mut_slice(place, 1)?.first_mut().ok_or(FAULT)
    }

    fn mut_slice<T: Sized>(&mut self, place: WasmPtr<T>, count: usize) -> Result<&mut [T], Errno> {
        let bytes = self.0.get_mut(range(&place, count)?).ok_or(FAULT)?;
        write_guard::open_for_system(bytes);
        let start = bytes.as_mut_ptr().cast::<T>();
        if !start.is_aligned() {
            return Err(INVALID);
        }
        // SAFETY: as in `get_slice`, and borrowed mutably.
        Ok(unsafe { std::slice::from_raw_parts_mut(start, count) })
    }

    fn mut_iovec(
        &mut self,
        list: WasmPtr<__wasi_iovec_t>,
        count: __wasi_size_t,
    ) -> Result<Vec<IoSliceMut<'_>>, Errno> {
        let list = self.get_slice(list, buffers(count)?)?.iter();
        let ranges: Vec<_> = list.map(|buffer| (buffer.buf as usize, buffer.buf_len as usize)).collect();
        apart(self.0, &ranges)
    }

    fn write_data<T: Sized>(&mut self, place: WasmPtr<T>, data: T) -> Result<(), Errno> {
        *self.mut_data(place)? = data;
        Ok(())
    }
}

/// The slices of `memory` with these starts and lengths, in their order; refused where two overlap.
fn apart<'a>(memory: &'a mut [u8], ranges: &[(usize, usize)]) -> Result<Vec<IoSliceMut<'a>>, Errno> {
    let mut in_place: Vec<_> = ranges.iter().copied().enumerate().filter(|(_, range)| range.1 > 0).collect();
    in_place.sort_unstable_by_key(|(_, range)| *range);
    let mut slices: Vec<_> = ranges.iter().map(|_| IoSliceMut::new(&mut [])).collect();
    let (mut rest, mut passed) = (memory, 0);
    for (index, (start, length)) in in_place {
        let gap = start.checked_sub(passed).ok_or(INVALID)?;
        let (_, after) = rest.split_at_mut_checked(gap).ok_or(FAULT)?;
        let (slice, after) = after.split_at_mut_checked(length).ok_or(FAULT)?;
        write_guard::open_for_system(slice);
        if let Some(place) = slices.get_mut(index) {
            *place = IoSliceMut::new(slice);
        }
        (rest, passed) = (after, start + length);
    }
    Ok(slices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A memory that begins where a guest's does: at a page.
    #[repr(align(4096))]
    struct Page([u8; 64]);

    fn with_memory<R>(look: impl FnOnce(&mut GuestMemory<'_>) -> R) -> R {
        let mut page = Page(std::array::from_fn(|index| index as u8));
        look(&mut GuestMemory(&mut page.0))
    }

    #[test]
    fn a_list_whose_size_overflows_32_bits_is_refused() {
        with_memory(|memory| {
            for count in [1 << 29, 1 << 30, u32::MAX, 1025] {
                assert_eq!(memory.get_iovec(WasmPtr::from(0), count).unwrap_err(), INVALID);
                assert_eq!(memory.mut_iovec(WasmPtr::from(0), count).unwrap_err(), INVALID);
            }
            assert_eq!(memory.get_slice::<u64>(WasmPtr::from(0), 1 << 61), Err(FAULT));
            assert_eq!(memory.mut_slice::<u64>(WasmPtr::from(usize::MAX - 7), 1), Err(FAULT));
        });
    }

    #[test]
    fn values_are_found_where_they_lie_and_only_on_their_boundaries() {
        with_memory(|memory| {
            assert_eq!(memory.get_data::<u16>(WasmPtr::from(2)), Ok(&0x0302));
            assert_eq!(memory.get_data::<u16>(WasmPtr::from(3)), Err(INVALID));
            assert_eq!(memory.get_data::<u32>(WasmPtr::from(64)), Err(FAULT));
            assert_eq!(memory.write_data::<u32>(WasmPtr::from(60), 7), Ok(()));
            assert_eq!(memory.get_data::<u32>(WasmPtr::from(60)), Ok(&7));
        });
    }

    proptest! {
        #[test]
        fn buffers_to_be_written_are_handed_out_inside_the_memory_and_apart(
            ranges in proptest::collection::vec((0_usize..80, 0_usize..20), 0..6),
        ) {
            let mut memory: Vec<u8> = (0..64).collect();
            let used = || ranges.iter().filter(|(_, length)| *length > 0);
            let fit = used().all(|(start, length)| start + length <= 64);
            let overlap = used().enumerate().any(|(index, a)| {
                used().skip(index + 1).any(|b| a.0 < b.0 + b.1 && b.0 < a.0 + a.1)
            });
            match apart(&mut memory, &ranges) {
                Ok(slices) => {
                    prop_assert!(fit && !overlap);
                    for (slice, (start, length)) in slices.iter().zip(&ranges) {
                        let expected: Vec<u8> = (*start..start + length).map(|byte| byte as u8).collect();
                        prop_assert_eq!(&**slice, expected.as_slice());
                    }
                }
                Err(_) => prop_assert!(!fit || overlap),
            }
        }
    }
}
