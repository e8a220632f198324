//! The colour profile of a JPEG: pieces in APP2 segments (ICC.1:2010, annex B.4).

/// Before each piece; then its number from 1 and how many there are, a byte each.
const NAME: &[u8] = b"ICC_PROFILE\0";

/// The profile that these segments hold together; None where there is none, or a piece of it is missing.
pub(super) fn of<'a>(segments: impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut pieces: Vec<(u8, u8, &[u8])> = segments
        .filter_map(|segment| match segment.strip_prefix(NAME)? {
            [number, count, piece @ ..] => Some((*number, *count, piece)),
            _ => None,
        })
        .collect();
    pieces.sort_by_key(|(number, ..)| *number);
    let whole = (1..=pieces.len()).zip(&pieces).all(|(expected, (number, count, _))| {
        usize::from(*number) == expected && usize::from(*count) == pieces.len()
    });
    (whole && !pieces.is_empty()).then(|| pieces.iter().flat_map(|(.., piece)| *piece).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(number: u8, count: u8, bytes: &[u8]) -> Vec<u8> {
        [NAME, &[number, count], bytes].concat()
    }

    fn profile(segments: &[Vec<u8>]) -> Option<Vec<u8>> {
        of(segments.iter().map(Vec::as_slice))
    }

    #[test]
    fn pieces_are_put_together_in_their_order() {
        let others = b"MPF\0".to_vec();
        assert_eq!(profile(&[piece(2, 2, b"cd"), others, piece(1, 2, b"ab")]).as_deref(), Some(&b"abcd"[..]));
        assert_eq!(profile(&[piece(1, 1, b"ab")]).as_deref(), Some(&b"ab"[..]));
    }

    #[test]
    fn a_profile_of_which_a_piece_is_missing_is_none() {
        for segments in [
            vec![],
            vec![piece(1, 2, b"ab")],
            vec![piece(0, 1, b"ab")],
            vec![piece(1, 2, b"ab"), piece(1, 2, b"cd")],
            vec![piece(1, 2, b"ab"), piece(2, 3, b"cd")],
            vec![NAME.to_vec()],
        ] {
            assert_eq!(profile(&segments), None);
        }
    }
}
