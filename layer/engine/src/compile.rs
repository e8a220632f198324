//! Ahead-of-time compilation: native code beside the wasm, in one file that an interpreter can still run.

use std::path::Path;

use wasmedge_sdk::error::WasmEdgeError;
use wasmedge_sdk::{Compiler, Module};

use super::config::compiler_settings;
use super::outline::{Outline, without_native_code};
use super::processor::Processor;
use crate::interposed::ThreadSetting;

/// The module in `wasm` with native code beside the wasm. WasmEdge's compiler writes files only, in `folder`.
///
/// # Errors
/// The compiler's reason, or the system's.
pub fn compile(wasm: &[u8], processor: Processor, folder: &Path) -> Result<Vec<u8>, String> {
    let file = run_compiler(wasm, processor, folder).map_err(|error| error.to_string())?;
    let compiled =
        std::fs::read(&file).map_err(|error| format!("what was compiled can't be read: {error}"))?;
    // The folder may be gone soon, but its bytes count while they are there.
    drop(std::fs::remove_file(file));
    check_whole(&compiled)?;
    Ok(compiled)
}

/// WasmEdge does not notice where the system takes only a part of what it writes. Native code is at the end.
fn check_whole(compiled: &[u8]) -> Result<(), String> {
    match Outline::read("what was compiled", compiled) {
        Ok(outline) if outline.has_native_code => Ok(()),
        _ => Err(format!(
            "of what was compiled only {} bytes could be written: is the disk with the folder for temporary files full, or \
             the size of files limited (ulimit -f)?",
            compiled.len()
        )),
    }
}

fn run_compiler(
    wasm: &[u8],
    processor: Processor,
    folder: &Path,
) -> Result<std::path::PathBuf, Box<WasmEdgeError>> {
    let _kept = ThreadSetting::keep_signal_reactions();
    let _restricted = (processor == Processor::Generic).then(ThreadSetting::compile_for_any_processor);
    let settings = compiler_settings(processor)?;
    // Native code that is there already would be the one that runs.
    let bare = without_native_code(wasm);
    let wasm = bare.as_deref().unwrap_or(wasm);
    // The compiler itself does not validate.
    Module::from_bytes(Some(&settings), wasm)?;
    Compiler::new(Some(&settings))?.compile_from_bytes(wasm, "compiled", folder)
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
        compile(&wasm.unwrap(), processor, tempfile::tempdir().unwrap().path()).unwrap()
    }

    #[test]
    fn what_could_be_written_only_in_part_is_noticed() {
        let whole = compiled(Processor::Generic);
        assert_eq!(check_whole(&whole), Ok(()));
        for length in [0, 7, 8, whole.len() / 2, whole.len() - 1] {
            let said = check_whole(&whole[..length]).unwrap_err();
            assert!(said.starts_with(&format!("of what was compiled only {length} bytes")), "{said}");
        }
    }

    #[test]
    fn code_for_any_processor_has_no_instructions_that_only_some_have() {
        // PADDB of SSE2; with AVX there would be VPADDB instead, which starts with C5.
        let paddb = |code: &[u8]| code.windows(3).any(|bytes| bytes == [0x66, 0x0F, 0xFC]);
        assert!(paddb(&compiled(Processor::Generic)));
        assert_eq!(paddb(&compiled(Processor::Native)), !std::arch::is_x86_feature_detected!("avx"));
    }
}
