//! Files that an answer is made of, such as pictures: as JSON, and what they are called beside the picture that they were made of.

use serde::{Deserialize, Serialize};

/// The header of an HTTP answer with the [suffix](is_suffix) of the file that its body is. Answers to pictures that a function has no
/// result for have it, too.
pub const SUFFIX_HEADER: &str = "x-vision-suffix";

/// The field of JSON in which several files are.
pub const FILES: &str = "files";

/// A file, as JSON has it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct File {
    /// Base64 of its content.
    pub body: String,
    /// Its type, such as `image/png`.
    pub content_type: String,
    /// What is put behind a picture's key to make the key of this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
}

/// Several files.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Files {
    /// In the function's order.
    pub files: Vec<File>,
}

/// Bytes that a suffix may have.
const MAX_SUFFIX_BYTES: usize = 64;

/// Whether `text` can be put behind a picture's key to name what was made of it: `.cutout.png`, `.thumb-160.jpg`. It begins with one dot,
/// has letters, digits, dots, `-` and `_`, and leads to no other folder.
pub fn is_suffix(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let Some(words) = text.strip_prefix('.') else { return false };
    text.len() <= MAX_SUFFIX_BYTES
        && words.bytes().all(is_letter)
        && words.split('.').all(|word| !word.is_empty())
}

/// The usual ending of files of a type, without a dot.
pub fn extension(content_type: &str) -> &'static str {
    match content_type.split(';').next().unwrap_or_default().trim() {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/webp" => "webp",
        "image/gif" => "gif",
        "image/avif" => "avif",
        "application/json" => "json",
        "text/plain" => "txt",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_leads_to_no_other_folder() {
        for suffix in [".cutout.png", ".thumb-160.jpg", ".json", ".A_1"] {
            assert!(is_suffix(suffix), "{suffix}");
        }
        let long = format!(".{}", "a".repeat(MAX_SUFFIX_BYTES));
        for text in ["", ".", "png", "..png", ".a..b", ".a.", ".a/b", "./b", ".a b", ".é", ".a\n", &long] {
            assert!(!is_suffix(text), "{text}");
        }
    }

    #[test]
    fn files_are_named_as_is_usual_for_their_type() {
        for (content_type, expected) in
            [("image/png", "png"), ("application/json; charset=utf-8", "json"), ("x/y", "bin")]
        {
            assert_eq!(extension(content_type), expected);
        }
    }
}
