//! A safe handle over libjpeg-turbo's TurboJPEG 3 API.
//!
//! The crate turbojpeg's own safe layer turns warnings into errors and so loses truncated pictures of which most is
//! there; this one tells warnings and errors apart.

use std::ffi::{CStr, c_int};

use turbojpeg_sys as sys;

/// What the header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    /// CMYK or YCCK: four inks instead of three lights.
    pub(super) has_inks: bool,
    /// What all its coefficients take, of two bytes each.
    pub(super) coefficient_bytes: usize,
}

/// How a decode ended that has pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    Whole,
    /// The library warned, most often of missing data.
    WithWarning(String),
}

/// Scans that a progressive picture may have; real ones have about ten, and each costs a pass over the picture.
const MOST_SCANS: c_int = 100;

/// What the library takes besides coefficients: rows of the widest picture, and tables.
const BESIDES_MIB: usize = 16;

/// A decompressor of libjpeg-turbo.
pub(super) struct Handle(sys::tjhandle);

impl Handle {
    pub(super) fn new() -> Result<Self, String> {
        // SAFETY: a plain constructor; null is checked.
        let handle = unsafe { sys::tj3Init(sys::TJINIT_TJINIT_DECOMPRESS as c_int) };
        if handle.is_null() {
            return Err("libjpeg-turbo gave no decoder".to_owned());
        }
        let handle = Self(handle);
        handle.set(sys::TJPARAM_TJPARAM_SCANLIMIT, MOST_SCANS);
        Ok(handle)
    }

    /// Lets the library take so much for coefficients that must all be in memory, and little besides.
    pub(super) fn limit_memory(&mut self, bytes: usize) {
        let mib = c_int::try_from((bytes >> 20) + BESIDES_MIB).unwrap_or(c_int::MAX);
        self.set(sys::TJPARAM_TJPARAM_MAXMEMORY, mib);
    }

    /// Reads the header of `jpeg`.
    pub(super) fn read_header(&mut self, jpeg: &[u8]) -> Result<Header, String> {
        // SAFETY: the handle is alive, and the slice is readable for its length.
        let status = unsafe { sys::tj3DecompressHeader(self.0, jpeg.as_ptr(), jpeg.len() as sys::size_t) };
        if status != 0 && !self.only_warned() {
            return Err(self.message());
        }
        let space = self.get(sys::TJPARAM_TJPARAM_COLORSPACE);
        let has_inks = space == sys::TJCS_TJCS_CMYK as c_int || space == sys::TJCS_TJCS_YCCK as c_int;
        let size = |parameter| u32::try_from(self.get(parameter)).unwrap_or(0);
        let (width, height) = (size(sys::TJPARAM_TJPARAM_JPEGWIDTH), size(sys::TJPARAM_TJPARAM_JPEGHEIGHT));
        let subsampling = self.get(sys::TJPARAM_TJPARAM_SUBSAMP);
        let coefficient_bytes = coefficient_bytes((width, height), has_inks, subsampling);
        Ok(Header { width, height, has_inks, coefficient_bytes })
    }

    /// Decodes `jpeg`, whose header was read, at 1/`denominator` of its size into `out`: 4 bytes a pixel for inks,
    /// else 3; `size` is the reduced size.
    pub(super) fn decode(
        &mut self,
        jpeg: &[u8],
        header: Header,
        denominator: u32,
        size: (u32, u32),
        out: &mut [u8],
    ) -> Result<Decoded, String> {
        let (format, pixel_bytes) =
            if header.has_inks { (sys::TJPF_TJPF_CMYK, 4) } else { (sys::TJPF_TJPF_RGB, 3) };
        let needed = size.0 as usize * size.1 as usize * pixel_bytes;
        let factor = sys::tjscalingfactor { num: 1, denom: denominator as c_int };
        // SAFETY: the handle is alive.
        if unsafe { sys::tj3SetScalingFactor(self.0, factor) } != 0 {
            return Err(self.message());
        }
        let scaled = |side: u32| side.div_ceil(denominator);
        if out.len() < needed || size != (scaled(header.width), scaled(header.height)) {
            return Err("the buffer does not fit the picture".to_owned());
        }
        // SAFETY: the input is readable for its length. The library writes rows of `size`, packed (pitch 0), which
        // the buffer holds: checked above against the header that the same bytes gave.
        let status = unsafe {
            sys::tj3Decompress8(
                self.0,
                jpeg.as_ptr(),
                jpeg.len() as sys::size_t,
                out.as_mut_ptr(),
                0,
                format as c_int,
            )
        };
        match status {
            0 => Ok(Decoded::Whole),
            _ if self.only_warned() => Ok(Decoded::WithWarning(self.message())),
            _ => Err(self.message()),
        }
    }

    fn only_warned(&self) -> bool {
        // SAFETY: the handle is alive.
        unsafe { sys::tj3GetErrorCode(self.0) == sys::TJERR_TJERR_WARNING as c_int }
    }

    fn message(&self) -> String {
        // SAFETY: the handle is alive; the library's message ends with NUL and stays until the next call.
        unsafe {
            let message = sys::tj3GetErrorStr(self.0);
            if message.is_null() {
                String::new()
            } else {
                CStr::from_ptr(message).to_string_lossy().into_owned()
            }
        }
    }

    fn get(&self, parameter: sys::TJPARAM) -> c_int {
        // SAFETY: the handle is alive; an unknown parameter gives -1.
        unsafe { sys::tj3Get(self.0, parameter as c_int) }
    }

    fn set(&self, parameter: sys::TJPARAM, value: c_int) {
        // SAFETY: the handle is alive; the library checks parameter and value, and its default stays on refusal.
        unsafe { sys::tj3Set(self.0, parameter as c_int, value) };
    }
}

/// Bytes of all coefficients of a picture, at most.
fn coefficient_bytes((width, height): (u32, u32), has_inks: bool, subsampling: c_int) -> usize {
    // Components are padded to whole units of up to four blocks of 8.
    let padded = |side: u32| side.next_multiple_of(32) as usize;
    let component = padded(width) * padded(height) * 2;
    // A subsampling that TurboJPEG does not know may be none.
    let chroma = match subsampling {
        sys::TJSAMP_TJSAMP_GRAY => return component,
        sys::TJSAMP_TJSAMP_422 | sys::TJSAMP_TJSAMP_440 => component / 2,
        sys::TJSAMP_TJSAMP_420 | sys::TJSAMP_TJSAMP_411 | sys::TJSAMP_TJSAMP_441 => component / 4,
        _ => component,
    };
    component * if has_inks { 2 } else { 1 } + chroma * 2
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: made by tj3Init, destroyed once.
        unsafe { sys::tj3Destroy(self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::MAX_PIXELS;
    use crate::limits::Limits;

    #[test]
    fn the_default_limit_has_room_for_100_megapixels_in_four_inks_whatever_their_shape() {
        for width in 1_526..=65_535 {
            let height = (MAX_PIXELS / u64::from(width)).min(65_535) as u32;
            let needed = coefficient_bytes((width, height), true, sys::TJSAMP_TJSAMP_444);
            assert!(needed <= Limits::default().picture_bytes(), "{width} × {height}: {needed}");
        }
    }

    #[test]
    fn reduced_chroma_takes_less() {
        let of = |has_inks, subsampling| coefficient_bytes((320, 64), has_inks, subsampling) / (320 * 64);
        assert_eq!(of(false, sys::TJSAMP_TJSAMP_GRAY), 2);
        assert_eq!(of(false, sys::TJSAMP_TJSAMP_420), 3);
        assert_eq!(of(false, sys::TJSAMP_TJSAMP_422), 4);
        assert_eq!(of(false, sys::TJSAMP_TJSAMP_UNKNOWN), 6);
        assert_eq!(of(true, sys::TJSAMP_TJSAMP_444), 8);
    }
}
