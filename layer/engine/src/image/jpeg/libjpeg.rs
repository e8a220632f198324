//! A safe handle over libjpeg.c, which calls libjpeg-turbo.

use std::ffi::{CStr, c_char, c_int};
use std::marker::PhantomData;

// Brings the library itself into the program.
use turbojpeg_sys as _;

/// What the header says, and all that the decoder knows before the first scan.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample.
    pub(super) precision: u32,
    space: u32,
    lossless: u32,
    several_scans: u32,
    whole_bytes: u64,
}

/// The colours that are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Grey,
    Rgb,
    YCbCr,
    Cmyk,
    Ycck,
}

impl Header {
    pub(super) fn space(&self) -> Space {
        match self.space {
            1 => Space::Grey,
            2 => Space::Rgb,
            4 => Space::Cmyk,
            5 => Space::Ycck,
            // The C side gives 1 to 5.
            _ => Space::YCbCr,
        }
    }

    pub(super) fn is_lossless(&self) -> bool {
        self.lossless != 0
    }

    /// What must be in memory as a whole: nothing where the data comes in one scan.
    pub(super) fn kept_bytes(&self) -> usize {
        if self.several_scans == 0 { 0 } else { usize::try_from(self.whole_bytes).unwrap_or(usize::MAX) }
    }
}

/// A kind of segments beside the picture's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// EXIF and XMP; the first eight are kept.
    App1 = 1,
    /// The colour profile in pieces; the first 32 are kept.
    App2 = 2,
}

/// What comes out at the scale that the library takes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Output {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bytes of a pixel.
    pub(super) channels: u32,
    working_bytes: u64,
}

impl Output {
    pub(super) fn row_bytes(&self) -> usize {
        self.width as usize * self.channels as usize
    }

    /// What the library holds besides what must be there as a whole.
    pub(super) fn working_bytes(&self) -> usize {
        usize::try_from(self.working_bytes).unwrap_or(usize::MAX)
    }
}

/// What the decoder found of the data. Rows are those of its units, 8 to 32 rows of pixels each.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Report {
    pub(super) rows: u32,
    pub(super) components: u32,
    /// Rows whose data is there, for each component: all of it, or the coarse part where the picture is progressive.
    pub(super) coarse: [u32; 4],
    /// Rows whose first details are there.
    pub(super) fine: [u32; 4],
    /// Not 0: something of later scans is missing.
    pub(super) details_missing: u32,
    pub(super) bad_codes: u32,
    pub(super) resyncs: u32,
    /// Places where data ran out and went on in the same row.
    pub(super) gaps: u32,
    /// The most bytes in one place that belong to nothing.
    pub(super) extraneous: u32,
    /// Not 0: the decoder gave up behind a scan that it had read.
    pub(super) gave_up: u32,
    pub(super) scans: u32,
    pub(super) data_start: u64,
    pub(super) data_end: u64,
}

/// Why the library failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// A frame marker (SOFn) of a kind that it doesn't read.
    UnsupportedProcess(u8),
    /// So many bits a sample.
    UnsupportedPrecision(c_int),
    /// The data ends before the picture's starts.
    NoPicture,
    TooMuchMemory,
    /// Components that make no colours.
    UnsupportedColor,
    /// In so many scans, with so many restarts.
    TooMuchWork {
        scans: u32,
        restarts: u32,
    },
    Other(String),
}

/// `struct vision_jpeg`.
#[repr(C)]
struct Raw {
    _private: [u8; 0],
}

unsafe extern "C" {
    fn vision_jpeg_new() -> *mut Raw;
    fn vision_jpeg_free(handle: *mut Raw);
    fn vision_jpeg_restarts(handle: *const Raw) -> u32;
    fn vision_jpeg_failure(handle: *const Raw, parameter: *mut c_int, message: *mut *const c_char) -> c_int;
    fn vision_jpeg_segment(handle: *const Raw, number: u32, index: u32, bytes: *mut *const u8) -> u32;
    fn vision_jpeg_header(handle: *mut Raw, input: *const u8, length: usize, header: *mut Header) -> c_int;
    fn vision_jpeg_scale(handle: *mut Raw, denominator: u32, output: *mut Output) -> c_int;
    fn vision_jpeg_start(handle: *mut Raw, most_bytes: u64, most_work: u64) -> c_int;
    fn vision_jpeg_row(handle: *mut Raw, out: *mut u8, length: usize) -> c_int;
    fn vision_jpeg_rows(handle: *mut Raw, out: *mut u8, length: usize, rows: u32) -> c_int;
    fn vision_jpeg_report(handle: *mut Raw, report: *mut Report);
}

/// A decoder over one picture, whose header it has read.
pub(super) struct Jpeg<'a> {
    raw: *mut Raw,
    header: Header,
    /// The library reads the picture's bytes as long as the handle lives.
    input: PhantomData<&'a [u8]>,
}

/// A decoder at work: rows come from the top down.
pub(super) struct Rows<'a> {
    jpeg: Jpeg<'a>,
    output: Output,
    next: u32,
}

impl<'a> Jpeg<'a> {
    pub(super) fn read_header(input: &'a [u8]) -> Result<Self, Failure> {
        // SAFETY: a plain constructor; null is checked.
        let raw = unsafe { vision_jpeg_new() };
        if raw.is_null() {
            return Err(Failure::TooMuchMemory);
        }
        let mut jpeg = Self { raw, header: Header::default(), input: PhantomData };
        // SAFETY: the handle is alive; the input is readable for its length and stays so for 'a.
        let status = unsafe { vision_jpeg_header(raw, input.as_ptr(), input.len(), &raw mut jpeg.header) };
        if status == 0 { Ok(jpeg) } else { Err(jpeg.failure()) }
    }

    pub(super) fn header(&self) -> Header {
        self.header
    }

    /// What stands in the segments of this kind before the picture's data.
    pub(super) fn segments(&self, segment: Segment) -> impl Iterator<Item = &'a [u8]> {
        (0..).map_while(move |index| {
            let mut bytes = std::ptr::null();
            // SAFETY: the handle is alive.
            let length = unsafe { vision_jpeg_segment(self.raw, segment as u32, index, &raw mut bytes) };
            // SAFETY: a part of the input, which lives for 'a: the C side checked that it lies within.
            (length > 0).then(|| unsafe { std::slice::from_raw_parts(bytes, length as usize) })
        })
    }

    /// Asks for 1/`denominator` of the size. What the library makes of that is what it says, not what was asked for: it
    /// does not reduce lossless pictures.
    pub(super) fn scale(&mut self, denominator: u32) -> Result<Output, Failure> {
        let mut output = Output::default();
        // SAFETY: the handle is alive and has read its header.
        let status = unsafe { vision_jpeg_scale(self.raw, denominator, &raw mut output) };
        if status == 0 { Ok(output) } else { Err(self.failure()) }
    }

    /// Reads what must be read before the first row, at the scale that `scale` gave `output` for.
    pub(super) fn start(
        self,
        output: Output,
        most_bytes: usize,
        most_work: u64,
    ) -> Result<Rows<'a>, Failure> {
        // SAFETY: the handle is alive, has its scale and was not started: that takes it away.
        match unsafe { vision_jpeg_start(self.raw, most_bytes as u64, most_work) } {
            0 => Ok(Rows { jpeg: self, output, next: 0 }),
            _ => Err(self.failure()),
        }
    }

    fn failure(&self) -> Failure {
        let (mut parameter, mut message) = (0, std::ptr::null());
        // SAFETY: the handle is alive.
        let code = unsafe { vision_jpeg_failure(self.raw, &raw mut parameter, &raw mut message) };
        match code {
            2 => Failure::UnsupportedProcess(u8::try_from(parameter).unwrap_or(0)),
            3 => Failure::UnsupportedPrecision(parameter),
            4 => Failure::NoPicture,
            5 => Failure::TooMuchMemory,
            6 => Failure::UnsupportedColor,
            7 => {
                // SAFETY: the handle is alive.
                let restarts = unsafe { vision_jpeg_restarts(self.raw) };
                Failure::TooMuchWork { scans: u32::try_from(parameter).unwrap_or(0), restarts }
            }
            8 => Failure::Other("it was called wrongly".to_owned()),
            // SAFETY: a text within the handle, which is alive, and ends with NUL.
            _ => Failure::Other(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()),
        }
    }
}

impl Rows<'_> {
    /// Writes the next row into the start of `out`, a byte a channel.
    pub(super) fn read_one(&mut self, out: &mut [u8]) -> Result<(), Failure> {
        self.check(out.len(), 1)?;
        // SAFETY: the handle is alive and started; the C side writes one row, which `out` was just seen to hold.
        let status = unsafe { vision_jpeg_row(self.jpeg.raw, out.as_mut_ptr(), out.len()) };
        self.next += 1;
        if status == 0 { Ok(()) } else { Err(self.jpeg.failure()) }
    }

    /// Writes the next rows into the start of `out`, for pictures of 8 bits a sample.
    pub(super) fn read(&mut self, out: &mut [u8], rows: u32) -> Result<(), Failure> {
        self.check(out.len(), rows)?;
        // SAFETY: as above, with so many rows.
        let status = unsafe { vision_jpeg_rows(self.jpeg.raw, out.as_mut_ptr(), out.len(), rows) };
        self.next += rows;
        if status == 0 { Ok(()) } else { Err(self.jpeg.failure()) }
    }

    fn check(&self, length: usize, rows: u32) -> Result<(), Failure> {
        let fits = self.output.row_bytes().checked_mul(rows as usize).is_some_and(|bytes| bytes <= length);
        if fits && rows <= self.output.height - self.next {
            Ok(())
        } else {
            Err(Failure::Other("the buffer does not fit the picture".to_owned()))
        }
    }

    /// What was found, after the last row or a failure.
    pub(super) fn report(&mut self) -> Report {
        let mut report = Report::default();
        // SAFETY: the handle is alive and started.
        unsafe { vision_jpeg_report(self.jpeg.raw, &raw mut report) };
        report
    }
}

impl Drop for Jpeg<'_> {
    fn drop(&mut self) {
        // SAFETY: made by vision_jpeg_new, freed once.
        unsafe { vision_jpeg_free(self.raw) }
    }
}
