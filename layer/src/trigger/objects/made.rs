//! What a module made of a picture: labels, or files.

use base64_simd::STANDARD;
use bytes::Bytes;
use contract::file::{self, File, Files};

use crate::trigger::content_type;
use crate::trigger::recognition::Said;

/// What a module made of a picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// Labels, as JSON or as lines.
    Labels(Bytes),
    /// Files; at least one.
    Files(Vec<MadeFile>),
}

/// One file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MadeFile {
    /// What is put behind the picture's key.
    pub(super) suffix: String,
    /// What it is; nothing that a browser would run.
    pub(super) content_type: String,
    /// What is in it.
    pub(super) bytes: Bytes,
}

/// Files of one picture.
const MAX_FILES: usize = 32;

/// The word in the names of files of a module that gives them no name.
const NAMELESS: &str = "result";

impl Made {
    /// Reads a module's answer.
    ///
    /// # Errors
    /// It is not as the contract says.
    pub(super) fn of(said: Said) -> Result<Self, String> {
        let Said { body, content_type: told, suffix } = said;
        let told = told.as_deref().unwrap_or_else(|| content_type::of_binary(&body).unwrap_or("text/plain"));
        let essence = told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if let "text/plain" | "application/json" = essence.as_str() {
            return match several(&body) {
                Some(files) => Self::of_files(files),
                None => Ok(Self::Labels(body)),
            };
        }
        let suffix = suffix.unwrap_or_else(|| format!(".{NAMELESS}.{}", file::extension(&essence)));
        Ok(Self::Files(vec![MadeFile::new(suffix, &essence, body)?]))
    }

    fn of_files(Files { files }: Files) -> Result<Self, String> {
        if files.is_empty() || files.len() > MAX_FILES {
            return Err(format!("the module answers {} files, accepted are 1 to {MAX_FILES}", files.len()));
        }
        let mut made: Vec<MadeFile> = Vec::new();
        for (number, File { body, content_type, suffix }) in files.into_iter().enumerate() {
            let bytes = STANDARD
                .decode_to_vec(body)
                .map_err(|_| format!("file {number} of the module is no base64"))?;
            let default = || format!(".{NAMELESS}-{}.{}", number + 1, file::extension(&content_type));
            let file = MadeFile::new(suffix.unwrap_or_else(default), &content_type, bytes.into())?;
            if made.iter().any(|other| other.suffix == file.suffix) {
                return Err(format!("the module names two files {:?}", file.suffix));
            }
            made.push(file);
        }
        Ok(Self::Files(made))
    }
}

impl MadeFile {
    fn new(suffix: String, told: &str, bytes: Bytes) -> Result<Self, String> {
        if !file::is_suffix(&suffix) {
            let found: String = suffix.chars().take(80).collect();
            return Err(format!(
                "the module names a file {found:?}, accepted are endings such as .cutout.png"
            ));
        }
        Ok(Self { suffix, content_type: content_type::allowed(told).to_owned(), bytes })
    }
}

/// The files in an answer that is a list of them.
fn several(body: &[u8]) -> Option<Files> {
    // Labels are parsed once more elsewhere, and are small; a list of files is not.
    memchr::memmem::find(body.get(..256).unwrap_or(body), b"\"files\"")?;
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn made(content_type: Option<&str>, suffix: Option<&str>, body: &[u8]) -> Result<Made, String> {
        Made::of(Said {
            body: body.to_vec().into(),
            content_type: content_type.map(str::to_owned),
            suffix: suffix.map(str::to_owned),
        })
    }

    fn one(content_type: Option<&str>, suffix: Option<&str>, body: &[u8]) -> (String, String) {
        let Ok(Made::Files(files)) = made(content_type, suffix, body) else { panic!("{content_type:?}") };
        let [file] = files.as_slice() else { panic!("{files:?}") };
        (file.suffix.clone(), file.content_type.clone())
    }

    #[test]
    fn json_and_text_are_labels_and_anything_else_is_a_file() {
        for (content_type, body) in [
            (Some("application/json; charset=utf-8"), r#"{"predictions": []}"#),
            (Some("text/plain"), "Lemon: 97.00%\n"),
            (None, "Lemon: 97.00%\n"),
        ] {
            let labels = Made::Labels(body.to_owned().into());
            assert_eq!(made(content_type, None, body.as_bytes()), Ok(labels));
        }
        let pair = |suffix: &str, content_type: &str| (suffix.to_owned(), content_type.to_owned());
        assert_eq!(one(Some("image/PNG"), Some(".cutout.png"), b"x"), pair(".cutout.png", "image/png"));
        assert_eq!(one(Some("image/jpeg"), None, b"x"), pair(".result.jpg", "image/jpeg"));
        assert_eq!(one(None, None, b"\x89PNG\r\n\x1a\n"), pair(".result.png", "image/png"));
        // What a browser would run is data in a bucket, too.
        assert_eq!(one(Some("text/html"), None, b"x"), pair(".result.bin", "application/octet-stream"));
    }

    #[test]
    fn several_files_come_as_json() {
        let body = json!({"files": [
            {"suffix": ".thumb-160.jpg", "content_type": "image/jpeg", "body": "AA=="},
            {"content_type": "image/png", "body": "AQ=="},
        ]});
        let Ok(Made::Files(files)) = made(Some("application/json"), None, body.to_string().as_bytes()) else {
            panic!("{body}")
        };
        let found: Vec<_> = files.iter().map(|file| (file.suffix.as_str(), &file.bytes[..])).collect();
        assert_eq!(found, [(".thumb-160.jpg", &b"\0"[..]), (".result-2.png", b"\x01")]);
    }

    #[test]
    fn names_that_lead_elsewhere_and_lists_that_make_no_sense_are_refused() {
        for suffix in ["/../x.png", "x.png", ".a/b.png", ""] {
            let error = made(Some("image/png"), Some(suffix), b"x").unwrap_err();
            assert!(error.contains("accepted are endings such as .cutout.png"), "{error}");
        }
        let file = json!({"suffix": ".a.png", "content_type": "image/png", "body": "AA=="});
        for (files, expected) in [
            (json!([]), "0 files"),
            (json!([file, file]), "two files"),
            (json!([{"content_type": "image/png", "body": "*"}]), "no base64"),
            (json!(vec![&file; MAX_FILES + 1]), "33 files"),
        ] {
            let body = json!({"files": files}).to_string();
            let error = made(Some("application/json"), None, body.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_makes_labels_files_or_an_error(
            content_type in proptest::option::of("(image/png|application/json|text/plain|[ -~]{0,20})"),
            suffix in proptest::option::of("[.a-z/\\\\]{0,12}"),
            body in r#"(\{"files": ?\[\{"suffix":"[.a/]{0,3}","content_type":"x","body":"(AA==|.)"\}\]\}|.{0,20})"#,
        ) {
            if let Ok(Made::Files(files)) = made(content_type.as_deref(), suffix.as_deref(), body.as_bytes()) {
                prop_assert!(!files.is_empty());
                prop_assert!(files.iter().all(|file| file.suffix.starts_with('.') && !file.suffix.contains('/')));
            }
        }
    }
}
