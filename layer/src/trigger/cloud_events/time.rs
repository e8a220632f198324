//! Times of RFC 3339, as the attribute `time` has them.

/// Whether `text` is a whole date with a time and an offset, such as `2026-11-30T08:00:00.5+08:00`.
pub(super) fn is_timestamp(text: &str) -> bool {
    without_offset(text).is_some_and(|text| humantime::parse_rfc3339(&format!("{text}Z")).is_ok())
}

/// The date and the time before a sound offset.
fn without_offset(text: &str) -> Option<&str> {
    if let Some(text) = text.strip_suffix(['Z', 'z']) {
        return Some(text);
    }
    let (text, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (hours, minutes) = offset.strip_prefix(['+', '-'])?.split_once(':')?;
    let is_number = |digits: &str, most: u8| {
        digits.len() == 2
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.parse::<u8>().is_ok_and(|number| number <= most)
    };
    (is_number(hours, 23) && is_number(minutes, 59)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_date_seconds_and_an_offset() {
        for text in [
            "2026-11-30T08:00:00Z",
            "2026-11-30T08:00:00.000000000Z",
            "2026-11-30T08:00:00.5+08:00",
            "2026-11-30T08:00:00-11:30",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "",
            "Z",
            "noon",
            "2026-11-30",
            "2026-11-30T08:00Z",
            "2026-11-30T08:00:00",
            "2026-11-30T08:00:00+8:00",
            "2026-11-30T08:00:00+24:00",
            "2026-11-30T08:00:00+08",
            "2026-11-30T08:00:00+aa:00",
            "2026-13-30T08:00:00Z",
            "2026-11-30T08:00:00番番",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
