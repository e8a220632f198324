//! Reads from a module's sections what it imports, exports and needs.

use std::collections::HashSet;

use contract::about::{self, About};
use wasmparser::{ExternalKind, MemoryType, Parser, Payload, TypeRef};

use super::error::LoadError;
use super::features;
use crate::host::{self, Imported};
use crate::limits::Limits;
use crate::printable::printable;

/// The custom section in which WasmEdge's compiler keeps native code.
const NATIVE_CODE_SECTION: &str = "wasmedge";

/// What a module says of itself.
#[derive(Debug, Default)]
pub struct Outline {
    imports: Vec<(String, String)>,
    has_start: bool,
    /// Whether it carries native code of WasmEdge's compiler.
    pub has_native_code: bool,
    /// What it says of itself, if it can be read.
    pub about: Option<About>,
    memory_pages: u64,
    memories: usize,
    /// The first part of WebAssembly that modules may not use.
    feature: Option<&'static str>,
}

impl Outline {
    /// Reads the sections of the module in `wasm`.
    ///
    /// # Errors
    /// [`LoadError::NotWasm`].
    pub fn read(name: &str, wasm: &[u8]) -> Result<Self, LoadError> {
        let not_wasm = |reason: String| LoadError::NotWasm { module: name.to_owned(), reason };
        if !wasm.starts_with(b"\0asm") {
            return Err(not_wasm(format!(
                "it starts with {:?}",
                String::from_utf8_lossy(wasm.get(..4).unwrap_or(wasm))
            )));
        }
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(|error| not_wasm(error.to_string()))?;
            outline.feature = outline.feature.or(features::of_section(&payload));
            outline.note(payload).map_err(|error| not_wasm(error.to_string()))?;
        }
        Ok(outline)
    }

    fn note(&mut self, payload: Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if let TypeRef::Memory(memory) = import.ty {
                        self.note_memory(&memory);
                    }
                    self.imports.push((import.module.to_owned(), import.name.to_owned()));
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.note_memory(&memory?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.has_start |= export.name == "_start" && export.kind == ExternalKind::Func;
                }
            }
            Payload::CustomSection(section) => match section.name() {
                NATIVE_CODE_SECTION => self.has_native_code = true,
                about::SECTION => self.about = About::from_json(section.data()).ok(),
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn note_memory(&mut self, memory: &MemoryType) {
        self.memory_pages = self.memory_pages.max(memory.initial);
        self.memories += 1;
        let several = (self.memories > 1).then_some(features::SEVERAL_MEMORIES);
        self.feature = self.feature.or(features::of_memory(memory)).or(several);
    }

    /// Refuses a module that uses parts of WebAssembly that modules may not use, in its sections or in its code. Native code
    /// that WasmEdge has made of it need not be checked again at each start: reading all of a large module takes a while.
    ///
    /// # Errors
    /// [`LoadError::Feature`]. What can't be read is for WasmEdge to refuse.
    pub fn check_features(name: &str, wasm: &[u8]) -> Result<(), LoadError> {
        let of_sections = Self::read(name, wasm).ok().and_then(|outline| outline.feature);
        of_sections.or_else(|| features::of_code(wasm)).map_or(Ok(()), |feature| {
            Err(LoadError::Feature { module: name.to_owned(), feature: feature.to_owned() })
        })
    }

    /// Refuses what this runtime does not offer, or not within these limits.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn check(&self, name: &str, limits: Limits) -> Result<(), LoadError> {
        let module = || name.to_owned();
        if let Some(feature) = self.feature {
            return Err(LoadError::Feature { module: module(), feature: feature.to_owned() });
        }
        let offered = host::offered();
        let offered: HashSet<_> = offered.iter().map(|known| (known.module, known.name)).collect();
        let is_offered = |module: &str, name: &str| offered.contains(&(module, name));
        let unknown: Vec<String> = self
            .imports
            .iter()
            .filter(|(module, name)| !is_offered(module, name))
            .map(|(module, name)| printable(&format!("{module}.{name}")).into_owned())
            .collect();
        if !unknown.is_empty() {
            let (imports, offered) =
                (unknown.join(", "), host::offered_modules().collect::<Vec<_>>().join(", "));
            return Err(LoadError::UnknownImport { module: module(), imports, offered });
        }
        if !self.has_start {
            return Err(LoadError::NoStart { module: module() });
        }
        if self.memory_pages > u64::from(limits.memory_pages()) {
            let (found, limit) = (self.memory_pages.div_ceil(16), limits.memory_mib);
            return Err(LoadError::MemoryTooLarge { module: module(), found, limit });
        }
        Ok(())
    }
}

impl Outline {
    /// What the module imports.
    pub(crate) fn imported(&self) -> Imported {
        Imported::of(self.imports.iter().map(|(module, name)| (module.as_str(), name.as_str())))
    }
}

/// The module without the native code that it carries; None where it carries none, or is no sound module.
pub(super) fn without_native_code(wasm: &[u8]) -> Option<Vec<u8>> {
    let (mut bare, mut found) = (wasm_encoder::Module::new(), false);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.ok()?;
        if matches!(&payload, Payload::CustomSection(section) if section.name() == NATIVE_CODE_SECTION) {
            found = true;
        } else if let Some((id, range)) = payload.as_section() {
            let data = wasm.get(range.start as usize..range.end as usize)?;
            bare.section(&wasm_encoder::RawSection { id, data });
        }
    }
    found.then(|| bare.finish())
}
