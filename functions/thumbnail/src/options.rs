//! What is wanted.

use kit::{Event, FunctionError};

/// Where nothing is said of sizes.
const DEFAULT_SIZE: u32 = 256;

/// Pixels that a side may have.
const MAX_SIZE: u32 = 4096;

/// Sizes of one event.
const MAX_SIZES: usize = 8;

/// Quality of JPEGs where nothing is said; sharp's, too.
const DEFAULT_QUALITY: u8 = 80;

/// How a picture gets its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// All of it, the longer side as long as wanted.
    Inside,
    /// A square out of its middle.
    Cover,
}

/// The options of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Each once, in the order of the event.
    pub sizes: Vec<u32>,
    /// For all of them.
    pub fit: Fit,
    /// Of JPEGs, 1 to 100.
    pub quality: u8,
}

impl Options {
    /// Reads `sizes` (or `size`), `fit` and `quality`.
    pub(crate) fn of(event: &Event<'_>) -> Result<Self, FunctionError> {
        let sizes = event.option("sizes").or_else(|| event.option("size"));
        let fit = event.choice("fit", &[("inside", Fit::Inside), ("cover", Fit::Cover)])?;
        Ok(Self {
            sizes: sizes.map_or_else(|| Ok(vec![DEFAULT_SIZE]), read_sizes)?,
            fit: fit.unwrap_or(Fit::Inside),
            quality: event.number("quality", 1..=100)?.unwrap_or(DEFAULT_QUALITY),
        })
    }
}

/// As in `160,480`.
fn read_sizes(text: &str) -> Result<Vec<u32>, FunctionError> {
    let refused = || {
        let found: String = text.chars().take(40).collect();
        FunctionError::bad_request(format!(
            "sizes is {found:?}, accepted are up to {MAX_SIZES} numbers of 1 to {MAX_SIZE}, such as 160,480"
        ))
    };
    let mut sizes = Vec::new();
    for part in text.split(',') {
        let size =
            part.trim().parse().ok().filter(|size| (1..=MAX_SIZE).contains(size)).ok_or_else(refused)?;
        if !sizes.contains(&size) {
            sizes.push(size);
        }
        if sizes.len() > MAX_SIZES {
            return Err(refused());
        }
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_a_list_each_once() {
        assert_eq!(read_sizes("160,480").unwrap(), [160, 480]);
        assert_eq!(read_sizes(" 480 , 160,480").unwrap(), [480, 160]);
        assert_eq!(read_sizes("1,2,3,4,5,6,7,8").unwrap().len(), 8);
    }

    #[test]
    fn what_is_no_list_of_sizes_is_named() {
        for text in ["", "0", "4097", "-1", "160,", "160;480", "1,2,3,4,5,6,7,8,9", "1e2"] {
            let error = read_sizes(text).unwrap_err();
            assert!(error.message().starts_with(&format!("sizes is {text:?}, accepted are")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,60}") {
            if let Ok(sizes) = read_sizes(&text) {
                prop_assert!((1..=8).contains(&sizes.len()) && sizes.iter().all(|size| (1..=4096).contains(size)));
            }
        }
    }
}
