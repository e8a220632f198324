//! What a function says of itself, written into its module; the section's form is [`contract::about`]'s.

use std::path::Path;

use contract::about::{About, SECTION};
use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{BinaryReaderError, Parser, Payload};

use crate::error::PackError;
use crate::small_file;

/// Bytes of a function.toml: ours have some hundred.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// Reads a function.toml.
///
/// # Errors
/// See [`PackError`].
pub fn read_about(path: &Path) -> Result<About, PackError> {
    let file = path.display().to_string();
    let bytes = small_file::read(path, MAX_FILE_BYTES)?;
    toml::from_slice(&bytes).map_err(|error| PackError::Damaged { file, reason: error.to_string() })
}

/// The module in `wasm` with what it says of itself, in place of what it may say already. Nothing else changes.
///
/// # Errors
/// [`PackError::Option`] for what can't be said, [`PackError::Damaged`] for what is no module.
pub fn with_about(name: &str, wasm: &[u8], about: &About) -> Result<Vec<u8>, PackError> {
    let json = about.to_json().map_err(PackError::Option)?;
    let section = CustomSection { name: SECTION.into(), data: json.as_bytes().into() };
    let damaged = |error: BinaryReaderError| PackError::Damaged {
        file: name.to_owned(),
        reason: format!("it is no sound module: {error}"),
    };
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(damaged)?;
        if matches!(&payload, Payload::CustomSection(section) if section.name() == SECTION) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let data = wasm.get(range.start as usize..range.end as usize).unwrap_or_default();
            module.section(&RawSection { id, data });
        }
    }
    module.section(&section);
    Ok(module.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::about::{Answers, Title};

    fn sections(wasm: &[u8]) -> Vec<(String, Vec<u8>)> {
        let payloads = Parser::new(0).parse_all(wasm).map(Result::unwrap);
        let custom = payloads.filter_map(|payload| match payload {
            Payload::CustomSection(section) => Some((section.name().to_owned(), section.data().to_vec())),
            _ => None,
        });
        custom.collect()
    }

    #[test]
    fn a_module_says_one_thing_of_itself_and_is_else_as_before() {
        let wasm = wat::parse_str(r#"(module (@custom "other" "kept") (func (export "_start")))"#).unwrap();
        let first = with_about("m", &wasm, &About::default()).unwrap();
        let title = Some(Title { en: "Cut out".to_owned(), zh: "抠图".to_owned() });
        let about = About { answers: Answers::Picture, title };
        let second = with_about("m", &first, &about).unwrap();
        let found = sections(&second);
        assert_eq!(found[0], ("other".to_owned(), b"kept".to_vec()));
        assert_eq!((found.len(), found[1].0.as_str()), (2, SECTION));
        assert_eq!(About::from_json(&found[1].1), Ok(about));
        assert!(second.starts_with(&wasm));
    }

    #[test]
    fn what_is_no_module_or_can_t_be_said_is_refused() {
        let error = with_about("m.wasm", b"\0asm\x01\0\0\0\x01", &About::default()).unwrap_err();
        assert!(error.to_string().starts_with("m.wasm is damaged: it is no sound module"), "{error}");
        let title = Some(Title { en: String::new(), zh: "抠图".to_owned() });
        let error = with_about("m", b"\0asm\x01\0\0\0", &About { title, ..About::default() }).unwrap_err();
        assert!(error.to_string().contains("accepted are 1 to 60 letters"), "{error}");
    }

    #[test]
    fn a_function_toml_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "answers = \"picture\"\n[title]\nen = \"Cut out\"\nzh = \"抠图\"\n")
            .unwrap();
        let about = read_about(file.path()).unwrap();
        assert_eq!((about.answers, about.title.unwrap().zh.as_str()), (Answers::Picture, "抠图"));
        std::fs::write(file.path(), "answers = \"everything\"\n").unwrap();
        assert!(read_about(file.path()).unwrap_err().to_string().contains("everything"));
    }
}
