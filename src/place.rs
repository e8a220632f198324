//! Where the function's model is: behind its memory's first pages, put there by `vision function`.

use packed::PLACE_MARK;

/// As [`packed::Place`] describes it.
#[derive(Clone, Copy)]
#[repr(C)]
struct Place {
    mark: [u8; 16],
    address: u32,
    length: u32,
}

/// Empty in what the compiler makes; `vision function` writes address and length into the file.
#[used]
static PLACE: Place = Place { mark: PLACE_MARK, address: 0, length: 0 };

/// The block that was put in; None where none was.
pub(crate) fn block() -> Option<&'static [u8]> {
    // SAFETY: it is initialised. Read so, because what the compiler knows of it is not what the file has.
    let place = unsafe { (&raw const PLACE).read_volatile() };
    let end = u64::from(place.address) + u64::from(place.length);
    let memory = core::arch::wasm32::memory_size(0) as u64 * (64 << 10);
    if place.length == 0 || end > memory {
        return None;
    }
    // SAFETY: within the memory. Nothing else has these bytes: whoever fills the place in adds pages for them behind those that
    // the linker knows of, and allocators begin with those and then with pages that they ask for.
    Some(unsafe { std::slice::from_raw_parts(place.address as *const u8, place.length as usize) })
}
