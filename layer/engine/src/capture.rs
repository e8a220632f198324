//! Standard input and output of an instance, in memory.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Standard input: empty until the event comes, then the event.
#[derive(Clone, Default)]
pub(super) struct EventInput(Arc<Mutex<Option<Box<dyn Read + Send>>>>);

impl EventInput {
    pub(super) fn set(&self, event: Box<dyn Read + Send>) {
        *lock(&self.0) = Some(event);
    }
}

impl Read for EventInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        lock(&self.0).as_mut().map_or(Ok(0), |event| event.read(buffer))
    }
}

/// Standard output or error: kept up to a limit, refused beyond it.
#[derive(Clone, Debug)]
pub(super) struct CapturedOutput(Arc<Mutex<Captured>>);

#[derive(Debug)]
struct Captured {
    bytes: Vec<u8>,
    limit: usize,
    /// Bytes that there would have been, if they were more than the limit.
    excess: Option<usize>,
}

impl CapturedOutput {
    pub(super) fn new(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Captured { bytes: Vec::new(), limit, excess: None })))
    }

    /// Whether the module tried to write more than the limit.
    pub(super) fn has_exceeded(&self) -> bool {
        lock(&self.0).excess.is_some()
    }

    /// What was written; and how many bytes the module tried to write at least, if they were more than the limit.
    pub(super) fn take(&self) -> (Vec<u8>, Option<usize>) {
        let mut captured = lock(&self.0);
        (std::mem::take(&mut captured.bytes), captured.excess)
    }
}

impl Write for CapturedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut captured = lock(&self.0);
        let room = captured.limit - captured.bytes.len();
        if bytes.len() > room {
            let wanted = captured.bytes.len().saturating_add(bytes.len());
            captured.excess = captured.excess.max(Some(wanted));
        }
        if room == 0 && !bytes.is_empty() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let count = bytes.len().min(room);
        captured.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A poisoned lock only means that another thread panicked between two plain assignments.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_was_set_after_it_was_given_away_is_read_to_its_end() {
        let input = EventInput::default();
        let mut reader = input.clone();
        input.set(Box::new(&b"event"[..]));
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "event");
    }

    #[test]
    fn an_output_keeps_what_fits_and_remembers_that_more_came() {
        let output = CapturedOutput::new(4);
        assert!(output.clone().write_all(b"four").is_ok());
        assert!(output.clone().write_all(b"!").is_err());
        assert_eq!(output.take(), (b"four".to_vec(), Some(5)));
        // What did not fit is tried again, and counts once.
        assert!(output.clone().write_all(b"nine more").is_err());
        assert_eq!(output.take(), (b"nine".to_vec(), Some(9)));
    }

    #[test]
    fn an_output_of_exactly_the_limit_is_complete() {
        let output = CapturedOutput::new(4);
        output.clone().write_all(b"four").unwrap();
        output.clone().write_all(b"").unwrap();
        assert_eq!(output.take(), (b"four".to_vec(), None));
    }
}
