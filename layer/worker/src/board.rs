//! The page on which a worker notes what it is doing.

use std::io;
use std::os::fd::AsFd as _;

use engine::progress::Board;
use memmap2::{MmapOptions, MmapRaw};

use crate::channel::{AnswerFile, PAGE_OF_STEPS};

/// The first page of a worker's file for answers, for as long as the process lives.
///
/// # Errors
/// The system's reason.
pub(crate) fn of(answers: &AnswerFile) -> io::Result<&'static Board> {
    let file = std::fs::File::from(answers.as_fd().try_clone_to_owned()?);
    let page: MmapRaw = MmapOptions::new().len(PAGE_OF_STEPS as usize).map_raw(&file)?;
    let board = page.as_mut_ptr().cast::<Board>();
    std::mem::forget(page);
    // SAFETY: a page that stays mapped, of which any bytes are a board; it is only used as atomic bytes.
    Ok(unsafe { &*board })
}
