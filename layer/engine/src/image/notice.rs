//! How much of a picture must be there, and what is said of one that is damaged.

use std::fmt;

use super::error::ImageError;

/// What is wrong with a picture that was decoded all the same, in a sentence for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice(String);

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a decoder found of a picture's data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// The share of the picture that is there, 0 to 1.
    pub(super) there: f64,
    /// The picture is progressive and only its later scans are missing, in whole or in part.
    pub(super) lacks_details: bool,
    /// The data does not fit the picture in some place: parts of it may show something else.
    pub(super) is_damaged: bool,
}

/// The rule of docs/pictures.md: a picture of which half is there is answered, with a notice where not all of it is there
/// or where it is damaged.
pub(super) fn judge(found: Found) -> Result<Option<Notice>, ImageError> {
    // At most 100: a share.
    let percent = (found.there * 100.0) as u32;
    if found.there < 0.5 {
        return Err(ImageError::Undecodable(format!("only {percent} % of it is there")));
    }
    let text = if found.there < 1.0 {
        format!("only {percent} % of the picture is there; what it shows may be missed")
    } else if found.is_damaged {
        "the picture is damaged; parts of it may show something else".to_owned()
    } else if found.lacks_details {
        "the picture's last details are missing".to_owned()
    } else {
        return Ok(None);
    };
    Ok(Some(Notice(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(there: f64, lacks_details: bool, is_damaged: bool) -> Option<String> {
        judge(Found { there, lacks_details, is_damaged }).unwrap().map(|notice| notice.to_string())
    }

    #[test]
    fn a_whole_picture_has_no_notice() {
        assert_eq!(text(1.0, false, false), None);
    }

    #[test]
    fn half_a_picture_is_enough_and_less_is_not() {
        assert!(text(0.5, false, false).unwrap().starts_with("only 50 % of the picture is there"));
        let error = judge(Found { there: 0.479, lacks_details: true, is_damaged: true }).unwrap_err();
        assert_eq!(error.to_string(), "the picture can't be decoded: only 47 % of it is there");
    }

    #[test]
    fn what_matters_most_is_said() {
        assert!(text(0.999, true, true).unwrap().contains("99 %"));
        assert!(text(1.0, true, true).unwrap().contains("damaged"));
        assert!(text(1.0, true, false).unwrap().contains("details"));
    }
}
