//! JSON in UTF-16, as shells on Windows write it.

/// The text of `bytes`, where they are UTF-16 of either byte order: with a byte order mark, or with the zero byte that
/// stands beside an ASCII character at the start. None for anything else; damaged pairs become U+FFFD.
pub fn decode(bytes: &[u8]) -> Option<String> {
    let (is_big_endian, rest) = match bytes {
        [0xFE, 0xFF, rest @ ..] => (true, rest),
        [0xFF, 0xFE, rest @ ..] => (false, rest),
        [0, 1..=0x7F, ..] => (true, bytes),
        [1..=0x7F, 0, ..] => (false, bytes),
        _ => return None,
    };
    let unit =
        |pair: [u8; 2]| if is_big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
    let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_utf16_is_left() {
        for bytes in [&b""[..], b"{", b"{}", b"\xFF\xD8\xFF", b"\0\0\0\x18ftyp"] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn text_comes_back_in_either_byte_order_with_and_without_mark(text in "[{ -~]\\PC{0,40}", big: bool, mark: bool) {
            let marked = if mark { format!("\u{feff}{text}") } else { text.clone() };
            let bytes: Vec<u8> =
                marked.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect();
            prop_assert_eq!(decode(&bytes), Some(text));
        }
    }
}
