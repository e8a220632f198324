//! A module: checked before WasmEdge sees it, then loaded once for all its instances.

use std::sync::Arc;

use wasmedge_sdk::{Module, RunMode};

use super::config::{CodeSource, EngineConfig, settings};
use super::error::LoadError;
use super::module_data;
use super::outline::Outline;
use crate::host::{DataImage, Imported};
use crate::processor::has_baseline;

/// A module that was checked and loaded.
pub struct LoadedModule {
    pub(super) module: Module,
    pub(super) name: String,
    /// Whether native code runs, which executors must be told.
    pub(super) run_mode: RunMode,
    /// What it imports.
    pub(super) imported: Imported,
    /// What was taken out of the module.
    pub(super) data_image: Option<Arc<DataImage>>,
}

impl LoadedModule {
    /// Loads the module in `wasm`, which messages and the guest itself know as `name`. Its native code runs if there is
    /// any and the processor can run it, unless all modules are interpreted.
    ///
    /// # Errors
    /// Everything that can be wrong before the first event: see [`LoadError`].
    pub fn load(name: &str, wasm: &[u8], config: &EngineConfig) -> Result<Self, LoadError> {
        let outline = Outline::read(name, wasm)?;
        outline.check(name, config.limits)?;
        let run_mode = match config.code {
            CodeSource::Interpret => RunMode::Interpreter,
            _ if outline.has_native_code && has_baseline() => RunMode::Aot,
            _ => RunMode::Interpreter,
        };
        if run_mode == RunMode::Interpreter {
            Outline::check_features(name, wasm)?;
        }
        let refused = |error: Box<dyn std::error::Error>| LoadError::Refused {
            module: name.to_owned(),
            reason: error.to_string(),
        };
        let settings = settings(run_mode, config.limits).map_err(|error| refused(error))?;
        let (without_data, data_image) = module_data::take_out(wasm).unzip();
        let wasm = without_data.as_deref().unwrap_or(wasm);
        let module = Module::from_bytes(Some(&settings), wasm).map_err(|error| refused(error))?;
        let name = name.rsplit('/').next().unwrap_or(name).to_owned();
        Ok(Self {
            module,
            name,
            run_mode,
            imported: outline.imported(),
            data_image: data_image.map(Arc::new),
        })
    }
}
