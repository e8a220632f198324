//! A module file: checked before the engine sees it, then loaded once for all workers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use wasmedge_sys as sys;
use wasmedge_types::RunMode;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use super::compile::{self, CompileError, Processor};
use super::config::{CodeSource, EngineConfig};
use super::module_data;
use crate::host::{self, DataImage};

/// The custom section in which WasmEdge's compiler keeps native code.
const NATIVE_CODE_SECTION: &str = "wasmedge";

/// Why a module can't be run at all; found before the first event.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file can't be read.
    #[error("can't read the module {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is something else than a wasm module.
    #[error("{path} is no wasm module: {reason}")]
    NotWasm {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The module has no entry point.
    #[error(
        "{path} exports no function `_start`: it is a library, not a program (build a binary for wasm32-wasip1)"
    )]
    NoStart {
        /// The file.
        path: PathBuf,
    },
    /// The module needs something that this runtime doesn't have.
    #[error("{path} imports {imports}, which this runtime doesn't offer (it offers {offered})")]
    UnknownImport {
        /// The file.
        path: PathBuf,
        /// The unknown imports, `module.name`.
        imports: String,
        /// The import modules that are offered.
        offered: String,
    },
    /// The module's memory is larger than the limit from the start.
    #[error("{path} starts with {found} MiB of memory, the limit is {limit} MiB (--memory-limit)")]
    MemoryTooLarge {
        /// The file.
        path: PathBuf,
        /// What the module declares.
        found: u64,
        /// The limit.
        limit: u32,
    },
    /// WasmEdge refused the module.
    #[error("WasmEdge can't run {path}: {reason}")]
    Refused {
        /// The file.
        path: PathBuf,
        /// WasmEdge's reason.
        reason: String,
    },
    /// The module could not be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A folder that was granted can't be used.
    #[error("the folder {path} can't be granted: {source}")]
    Dir {
        /// The folder of the host.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A worker could not make its first instance.
    #[error("no instance of the module could be made: {reason}")]
    Instantiate {
        /// The engine's reason.
        reason: String,
    },
    /// The system gave no thread.
    #[error("no thread for a worker: {0}")]
    Thread(std::io::Error),
    /// A worker ended while it started.
    #[error("a worker ended while it started")]
    WorkerDied,
}

/// A module that was checked and loaded.
pub(super) struct LoadedModule {
    pub(super) module: Arc<sys::Module>,
    pub(super) name: String,
    /// Whether native code runs, which executors must be told.
    pub(super) run_mode: RunMode,
    /// What was taken out of the module.
    pub(super) image: Option<Arc<DataImage>>,
}

impl LoadedModule {
    pub(super) fn load(path: &Path, config: &EngineConfig) -> Result<Self, LoadError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| LoadError::Unreadable { path: path.to_owned(), source })
        };
        let mut wasm = read(path)?;
        let outline = Outline::read(path, &wasm)?;
        outline.check(path, config)?;
        let run_mode = match config.code {
            CodeSource::Interpret => RunMode::Interpreter,
            CodeSource::Auto if outline.has_native_code => RunMode::Aot,
            code @ (CodeSource::Auto | CodeSource::Compile) => {
                if code == CodeSource::Auto {
                    tracing::warn!(
                        module = %path.display(),
                        "the module carries no native code and is compiled now; `vision compile` does it once and for all"
                    );
                }
                wasm = compile::compile_in_memory(path, Processor::Native)?;
                RunMode::Aot
            }
        };
        sys_load(path, &wasm, run_mode, config)
    }
}

fn sys_load(
    path: &Path,
    wasm: &[u8],
    run_mode: RunMode,
    config: &EngineConfig,
) -> Result<LoadedModule, LoadError> {
    let refused = |error: Box<dyn std::error::Error>| LoadError::Refused {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let settings = settings(run_mode, config).map_err(|error| refused(error))?;
    let loader = sys::Loader::create(Some(&settings)).map_err(|error| refused(error))?;
    let (without_data, image) = module_data::take_out(wasm).unzip();
    let wasm = without_data.as_deref().unwrap_or(wasm);
    let module = loader.from_bytes(wasm).map_err(|error| refused(error))?;
    let validator = sys::Validator::create(Some(&settings)).map_err(|error| refused(error))?;
    validator.validate(&module).map_err(|error| refused(error))?;
    let name = path.file_name().map_or_else(|| "module".into(), |name| name.to_string_lossy().into_owned());
    Ok(LoadedModule { module, name, run_mode, image: image.map(Arc::new) })
}

/// WasmEdge's settings for loading and running under the engine's limits.
pub(super) fn settings(
    run_mode: RunMode,
    config: &EngineConfig,
) -> Result<sys::Config, Box<wasmedge_types::error::WasmEdgeError>> {
    let mut settings = sys::Config::create()?;
    settings.set_run_mode(run_mode);
    settings.set_max_memory_pages(config.limits.memory_pages());
    settings.bulk_memory_operations(true);
    settings.simd(true);
    Ok(settings)
}

/// What a module says of itself.
#[derive(Debug, Default)]
struct Outline {
    imports: Vec<(String, String)>,
    has_start: bool,
    has_native_code: bool,
    memory_pages: u64,
}

impl Outline {
    fn read(path: &Path, wasm: &[u8]) -> Result<Self, LoadError> {
        let not_wasm = |reason: String| LoadError::NotWasm { path: path.to_owned(), reason };
        if !wasm.starts_with(b"\0asm") {
            return Err(not_wasm(format!(
                "it starts with {:?}",
                String::from_utf8_lossy(wasm.get(..4).unwrap_or(wasm))
            )));
        }
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            outline
                .note(payload.map_err(|error| not_wasm(error.to_string()))?)
                .map_err(|error| not_wasm(error.to_string()))?;
        }
        Ok(outline)
    }

    fn note(&mut self, payload: Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if let TypeRef::Memory(memory) = import.ty {
                        self.memory_pages = memory.initial;
                    }
                    self.imports.push((import.module.to_owned(), import.name.to_owned()));
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memory_pages = self.memory_pages.max(memory?.initial);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.has_start |= export.name == "_start" && export.kind == ExternalKind::Func;
                }
            }
            Payload::CustomSection(section) => self.has_native_code |= section.name() == NATIVE_CODE_SECTION,
            _ => {}
        }
        Ok(())
    }

    fn check(&self, path: &Path, config: &EngineConfig) -> Result<(), LoadError> {
        let offered = host::offered();
        let is_offered = |module: &str, name: &str| {
            offered.iter().any(|known| (known.module, known.name) == (module, name))
        };
        let unknown: Vec<String> = self
            .imports
            .iter()
            .filter(|(module, name)| !is_offered(module, name))
            .map(|(module, name)| format!("{module}.{name}"))
            .collect();
        if !unknown.is_empty() {
            let (imports, offered) = (unknown.join(", "), host::offered_modules().join(", "));
            return Err(LoadError::UnknownImport { path: path.to_owned(), imports, offered });
        }
        if !self.has_start {
            return Err(LoadError::NoStart { path: path.to_owned() });
        }
        if self.memory_pages > u64::from(config.limits.memory_pages()) {
            let (found, limit) = (self.memory_pages.div_ceil(16), config.limits.memory_mib);
            return Err(LoadError::MemoryTooLarge { path: path.to_owned(), found, limit });
        }
        Ok(())
    }
}
