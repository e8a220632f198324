//! A remark that goes with an answer, for example that a part of the picture is missing.
//!
//! JSON has it as the field [`FIELD`]; other answers to HTTP events have the header [`HEADER`]; a function that answers a
//! bare event writes a line on standard error and ends with 0.

use std::fmt::Write as _;

/// Name of the field in JSON answers.
pub const FIELD: &str = "notice";

/// Name of the header in other answers.
pub const HEADER: &str = "x-vision-notice";

/// A notice as a header's value: printable ASCII stands as it is, all other bytes of its UTF-8 and `%` as `%XX`.
pub fn header_value(notice: &str) -> String {
    let mut value = String::with_capacity(notice.len());
    for byte in notice.bytes() {
        match byte {
            b'%' => value.push_str("%25"),
            b' '..=b'~' => value.push(byte.into()),
            // Writing to a String can't fail.
            _ => drop(write!(value, "%{byte:02X}")),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_a_header_whatever_its_language() {
        assert_eq!(header_value("the last 7% are missing"), "the last 7%25 are missing");
        assert_eq!(header_value("缺\r\nx: y"), "%E7%BC%BA%0D%0Ax: y");
    }
}
