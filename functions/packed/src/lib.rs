//! A model with its description and labels in one block of bytes, and the place in a function that leads to it.
//!
//! `vision function` writes the block, the function reads it. All numbers are little-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 0 to 16 | `wasm-vision-pack` |
//! | 16 to 20 | version of the format: 1 |
//! | 20 to 36 | lengths, four numbers of four bytes: description, English labels, Chinese labels, model |
//! | 36 to 68 | sha256 of the model |
//! | from 68 | the description (JSON), the English and the Chinese labels, a line each (UTF-8) |
//! | from the next multiple of 4096 | the model, to the end |
//!
//! The model begins on a page of its own: the runtime notices writes to pages, and LiteRT wants it aligned. Whoever reads a
//! block believes none of its numbers.

#![deny(clippy::indexing_slicing)]

mod description;
mod limits;
mod place;

pub use description::{
    Certainty, Description, Element, Input, Normalization, Output, Quantization, Scores, Unsure,
};
pub use limits::{MAX_CLASSES, MAX_SIDE};
pub use place::{PLACE_BYTES, PLACE_MARK, Place};

use thiserror::Error;

const MAGIC: [u8; 16] = *b"wasm-vision-pack";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 68;
/// Where the model begins is a multiple of it.
const PAGE_BYTES: usize = 4096;
/// Bytes of the description and the labels together: thousands of labels have some hundred thousand.
const MAX_TEXT_BYTES: usize = 4 << 20;

/// What is wrong with a block.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Damage {
    /// It does not begin like one.
    #[error("it is no packed model")]
    Magic,
    /// It is of another version of the format.
    #[error("its format is version {0}, this function reads version {VERSION}")]
    Version(u32),
    /// A part reaches out of it.
    #[error("its parts have {needed} bytes, it has {found}")]
    Outside {
        /// What its lengths add up to.
        needed: usize,
        /// Its bytes.
        found: usize,
    },
    /// A part is not what it should be.
    #[error("its {0}")]
    Part(String),
}

/// A block, looked at part by part.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed<'a> {
    /// What its model takes and gives.
    pub description: Description,
    /// sha256 of the model, as whoever packed it wrote it.
    pub sha256: [u8; 32],
    /// The model's file.
    pub model: &'a [u8],
    english: &'a str,
    chinese: &'a str,
}

impl<'a> Packed<'a> {
    /// Reads a block of which nothing is known. The sum is not computed: that takes longer than an event may, and the runtime
    /// does it when it makes the model ready.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Damage> {
        if !bytes.starts_with(&MAGIC) {
            return Err(Damage::Magic);
        }
        let version = number(bytes, 16).ok_or(Damage::Magic)?;
        if version != VERSION {
            return Err(Damage::Version(version));
        }
        let mut rest = Rest { bytes, at: HEADER_BYTES };
        let lengths = [20, 24, 28, 32].map(|at| number(bytes, at).unwrap_or(u32::MAX) as usize);
        let [description, english, chinese, model] = lengths;
        let sha256 = bytes.get(36..HEADER_BYTES).and_then(|sum| sum.try_into().ok()).ok_or(Damage::Magic)?;
        if description.saturating_add(english).saturating_add(chinese) > MAX_TEXT_BYTES {
            return Err(Damage::Part(format!("texts have more than {MAX_TEXT_BYTES} bytes")));
        }
        let description = rest.take(description)?;
        let (english, chinese) =
            (text(rest.take(english)?, "labels")?, text(rest.take(chinese)?, "Chinese labels")?);
        rest.at = rest.at.next_multiple_of(PAGE_BYTES);
        let model = rest.take(model)?;
        if rest.at != bytes.len() {
            return Err(Damage::Outside { needed: rest.at, found: bytes.len() });
        }
        for (labels, name) in [(english, "labels"), (chinese, "Chinese labels")] {
            if has_controls(labels) {
                return Err(Damage::Part(format!("{name} have control characters")));
            }
        }
        let description = Description::from_json(description).map_err(Damage::Part)?;
        if description.name.contains(char::is_control) {
            return Err(Damage::Part("name has control characters".to_owned()));
        }
        let classes = description.output.classes;
        for (labels, name, may_lack) in [(english, "labels", false), (chinese, "Chinese labels", true)] {
            let found = labels.lines().count();
            if found != classes && !(may_lack && labels.is_empty()) {
                return Err(Damage::Part(format!("{name} are {found}, its classes {classes}")));
            }
        }
        Ok(Self { description, sha256, model, english, chinese })
    }

    /// The English labels, in the order of their classes.
    pub fn english(&self) -> impl Iterator<Item = &'a str> {
        self.english.lines()
    }

    /// The Chinese labels, in the order of their classes; the English ones where there are none.
    pub fn chinese(&self) -> impl Iterator<Item = &'a str> {
        if self.chinese.is_empty() { self.english.lines() } else { self.chinese.lines() }
    }

    /// Whether it has Chinese labels of its own.
    pub fn has_chinese(&self) -> bool {
        !self.chinese.is_empty()
    }
}

/// What a block is made of.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// What the model takes and gives.
    pub description: &'a Description,
    /// A label for each class.
    pub english: &'a [String],
    /// The same in Chinese, or none.
    pub chinese: &'a [String],
    /// The model's file.
    pub model: &'a [u8],
    /// Its sha256.
    pub sha256: [u8; 32],
}

impl Parts<'_> {
    /// The block.
    ///
    /// # Errors
    /// What nobody could read again, as [`Packed::read`] says it.
    pub fn pack(&self) -> Result<Vec<u8>, Damage> {
        let description = self.description.to_json().map_err(Damage::Part)?;
        let [english, chinese] = [self.english, self.chinese].map(lines);
        let texts = [description.as_bytes(), english.as_bytes(), chinese.as_bytes()];
        let mut block = MAGIC.to_vec();
        block.extend(VERSION.to_le_bytes());
        for length in texts.iter().map(|text| text.len()).chain([self.model.len()]) {
            let length = u32::try_from(length)
                .map_err(|_| Damage::Part(format!("parts have more than 4 GiB: {length} bytes")))?;
            block.extend(length.to_le_bytes());
        }
        block.extend(self.sha256);
        texts.iter().for_each(|text| block.extend(*text));
        block.resize(block.len().next_multiple_of(PAGE_BYTES), 0);
        block.extend(self.model);
        Packed::read(&block)?;
        Ok(block)
    }
}

fn lines(labels: &[String]) -> String {
    labels.iter().flat_map(|label| [label.as_str(), "\n"]).collect()
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn text<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, Damage> {
    std::str::from_utf8(bytes).map_err(|_| Damage::Part(format!("{name} are not UTF-8")))
}

/// Whether there are control characters besides the ends of lines: labels go to terminals. By bytes, since every event asks.
fn has_controls(labels: &str) -> bool {
    let bytes = labels.as_bytes();
    let is_ascii_control = |byte: &u8| (*byte < b' ' && *byte != b'\n') || *byte == 0x7F;
    // U+0080 to U+009F.
    bytes.iter().any(is_ascii_control) || bytes.windows(2).any(|pair| matches!(pair, [0xC2, 0x80..=0x9F]))
}

struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Damage> {
        let end = self.at.saturating_add(length);
        let outside = Damage::Outside { needed: end, found: self.bytes.len() };
        let part = self.bytes.get(self.at..end).ok_or(outside)?;
        self.at = end;
        Ok(part)
    }
}

#[cfg(test)]
mod tests;
