//! Photos that are listed, one a line.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::{Sight, Sink};
use crate::trigger::batch::photo_name::PhotoName;

/// Bytes of a line: far more than a path may have.
const MAX_LINE: u64 = 64 << 10;

/// How a list is read.
#[derive(Clone, Debug)]
pub(in crate::trigger::batch) struct List {
    /// Where paths begin.
    pub(super) folder: PathBuf,
    /// What ends a path.
    pub(super) end: u8,
}

impl List {
    /// Tells of every photo in `lines`.
    pub(super) fn each(&self, lines: impl Read, sink: &mut impl Sink) -> ControlFlow<()> {
        match self.each_line(BufReader::new(lines), sink) {
            Ok(flow) => flow,
            Err(error) => sink.see(Sight::Unseen(format!("the list: {error}"))),
        }
    }

    fn each_line(&self, mut lines: impl BufRead, sink: &mut impl Sink) -> io::Result<ControlFlow<()>> {
        let mut number = 0_u64;
        loop {
            let mut line = Vec::new();
            lines.by_ref().take(MAX_LINE).read_until(self.end, &mut line)?;
            number += 1;
            if line.is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            if line.last() == Some(&self.end) {
                line.pop();
            } else if line.len() as u64 == MAX_LINE {
                return Err(io::Error::other(format!("line {number} has more than {MAX_LINE} bytes")));
            }
            if self.end == b'\n' && line.last() == Some(&b'\r') {
                line.pop();
            }
            if !line.is_empty() && sink.see(Sight::Photo(PhotoName::new(line))).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[u8], end: u8) -> Vec<String> {
        let mut names = Vec::new();
        let mut sink = |sight| {
            names.push(match sight {
                Sight::Photo(name) => name.text().into_owned(),
                other => format!("{other:?}"),
            });
            ControlFlow::Continue(())
        };
        let flow = List { folder: PathBuf::new(), end }.each(list, &mut sink);
        assert_eq!(flow, ControlFlow::Continue(()));
        names
    }

    #[test]
    fn every_line_with_something_in_it_is_a_photo() {
        assert_eq!(
            names(b"a.jpg\n\n b c.png \r\n#d.jpg\nlast", b'\n'),
            ["a.jpg", " b c.png ", "#d.jpg", "last"]
        );
        assert_eq!(names(b"a\nb.jpg\0c\r\0", 0), ["a\nb.jpg", "c\r"]);
        assert!(names(b"", b'\n').is_empty());
    }

    #[test]
    fn a_line_without_end_ends_the_list() {
        let told = names(&vec![b'x'; 70_000], b'\n');
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("line 1 has more than 65536 bytes"), "{told:?}");
    }
}
