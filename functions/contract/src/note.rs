//! The host's remark beside pixels: a reason or a notice.
//!
//! The result of `load_jpg` and `load_png` is one number. A function that wants to know more passes a buffer that is
//! [`BYTES`] longer than the pixels need, with [`MAGIC`] directly after the pixels and zeros after that. Our host
//! replaces all of these bytes by UTF-8 text, padded with zeros: after a failure the reason in a sentence, after success a
//! notice about damage, or only zeros if there is nothing to say. A host without this feature (a stock WasmEdge) leaves the
//! magic as it is.

/// Length of the field.
pub const BYTES: usize = 512;

/// What stands at its start before the call.
pub const MAGIC: &[u8; 16] = b"wasm-vision/note";

/// Result of `load_jpg` and `load_png`: the pixels are there.
pub const LOADED: i32 = 0;
/// Result: the picture can't be decoded.
pub const FAILED: i32 = 1;
/// Result of our host alone: the picture, or the memory for it, exceeds a limit.
pub const TOO_LARGE: i32 = 2;

/// The field before the call.
pub fn blank() -> [u8; BYTES] {
    let mut field = [0; BYTES];
    field[..MAGIC.len()].copy_from_slice(MAGIC);
    field
}

/// What the host wrote into `field`; None where it wrote nothing, or has nothing to say. A field that is no text is
/// nothing, too.
pub fn read(field: &[u8]) -> Option<&str> {
    if field.starts_with(MAGIC) {
        return None;
    }
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    let text = std::str::from_utf8(field.get(..end)?).ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// Writes `text` into `field`, the [`BYTES`] bytes behind the pixels, if a function asked for it; what does not fit is
/// cut off at a character.
pub fn write(field: &mut [u8], text: &str) {
    if field.len() != BYTES || !field.starts_with(MAGIC) {
        return;
    }
    // At least one zero ends it.
    let mut end = text.len().min(BYTES - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    field.fill(0);
    field[..end].copy_from_slice(&text.as_bytes()[..end]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_host_that_knows_nothing_of_notes_leaves_the_magic() {
        assert_eq!(read(&blank()), None);
        assert_eq!(&blank()[..16], b"wasm-vision/note");
    }

    #[test]
    fn nothing_to_say_is_nothing() {
        let mut field = blank();
        write(&mut field, "");
        assert_eq!((field, read(&field)), ([0; BYTES], None));
        assert_eq!(read(&[0xFF; BYTES]), None);
        assert_eq!(read(b""), None);
    }

    #[test]
    fn a_buffer_without_the_magic_is_left_alone() {
        for mut field in [vec![7; BYTES], blank()[..100].to_vec(), Vec::new()] {
            let before = field.clone();
            write(&mut field, "text");
            assert_eq!(field, before);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_up_to_its_length(text in "[a-zé番]{1,400}") {
            let mut field = blank();
            write(&mut field, &text);
            let found = read(&field).unwrap();
            prop_assert!(text.starts_with(found) && (found == text || found.len() > BYTES - 5));
        }
    }
}
