//! Ahead-of-time compilation: native code beside the wasm, in one file that an interpreter still runs.

use std::path::{Path, PathBuf};

use thiserror::Error;
use wasmedge_sys as sys;
use wasmedge_types::{CompilerOptimizationLevel, CompilerOutputFormat};

use crate::interposed::ThreadSetting;

/// The processors that the native code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processor {
    /// Any x86-64: for everything that is deployed.
    Generic,
    /// This machine's, with all its instructions; the file may die elsewhere.
    Native,
}

/// Why a module was not compiled.
#[derive(Debug, Error)]
pub enum CompileError {
    /// A file can't be read or written.
    #[error("can't {action} {path}: {source}")]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The compiler refused the module.
    #[error("can't compile {path}: {reason}")]
    Refused {
        /// The module.
        path: PathBuf,
        /// WasmEdge's reason.
        reason: String,
    },
}

/// Compiles the module at `input` into `output`, which appears whole or not at all.
///
/// # Errors
/// See [`CompileError`].
pub fn compile(input: &Path, output: &Path, processor: Processor) -> Result<(), CompileError> {
    let compiled = compile_in_memory(input, processor)?;
    let partial = output.with_extension("wasm.partial");
    std::fs::write(&partial, compiled)
        .and_then(|()| std::fs::rename(&partial, output))
        .map_err(|source| CompileError::File { action: "write", path: output.to_owned(), source })
}

/// The module at `input` with native code beside the wasm.
pub(super) fn compile_in_memory(input: &Path, processor: Processor) -> Result<Vec<u8>, CompileError> {
    let wasm = std::fs::read(input).map_err(|source| CompileError::File {
        action: "read",
        path: input.to_owned(),
        source,
    })?;
    // WasmEdge's compiler writes files only.
    let folder = tempfile::tempdir().map_err(|source| CompileError::File {
        action: "write",
        path: std::env::temp_dir(),
        source,
    })?;
    let file = folder.path().join("compiled.wasm");
    run_compiler(&wasm, &file, processor)
        .map_err(|error| CompileError::Refused { path: input.to_owned(), reason: error.to_string() })?;
    std::fs::read(&file).map_err(|source| CompileError::File { action: "read", path: file.clone(), source })
}

fn run_compiler(
    wasm: &[u8],
    file: &Path,
    processor: Processor,
) -> Result<(), Box<wasmedge_types::error::WasmEdgeError>> {
    let _kept = ThreadSetting::keep_signal_reactions();
    let _restricted = (processor == Processor::Generic).then(ThreadSetting::compile_for_any_processor);
    let mut settings = sys::Config::create()?;
    settings.set_aot_optimization_level(CompilerOptimizationLevel::O3);
    settings.set_aot_compiler_output_format(CompilerOutputFormat::Wasm);
    settings.generic_binary(processor == Processor::Generic);
    settings.bulk_memory_operations(true);
    settings.simd(true);
    let loader = sys::Loader::create(Some(&settings))?;
    let module = loader.from_bytes(wasm)?;
    sys::Validator::create(Some(&settings))?.validate(&module)?;
    sys::Compiler::create(Some(&settings))?.compile_from_bytes(wasm, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with an addition of bytes as vectors.
    fn compiled(processor: Processor) -> Vec<u8> {
        let wasm = wat::parse_str(
            r#"(module (memory (export "memory") 1)
                 (func (export "_start") (v128.store (i32.const 0)
                     (i8x16.add (v128.load (i32.const 16)) (v128.load (i32.const 32))))))"#,
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("module.wasm");
        std::fs::write(&file, wasm.unwrap()).unwrap();
        compile_in_memory(&file, processor).unwrap()
    }

    #[test]
    fn code_for_any_processor_has_the_instructions_that_every_x86_64_has() {
        // PADDB of SSE2; with AVX there would be VPADDB instead, which starts with C5.
        let paddb = |code: &[u8]| code.windows(3).any(|bytes| bytes == [0x66, 0x0F, 0xFC]);
        assert!(paddb(&compiled(Processor::Generic)));
        assert_eq!(paddb(&compiled(Processor::Native)), !std::arch::is_x86_feature_detected!("avx"));
    }
}
