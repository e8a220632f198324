//! A new function answers one event before anybody else may call it: what it can't do is said at once. It runs as all functions
//! do, in a confined worker.

use anyhow::anyhow;
use worker::channel::EventFile;
use worker::{CodeSource, EngineConfig};

use crate::cli::exit::Failure;
use crate::cli::front::block_on;
use crate::modules::file_of;
use crate::pool::{Loader, Loading};
use crate::trigger::Threads;

/// A grey pixel, as PNG in base64.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNoaGgAAAMEAYFL09IQAAAAAElFTkSuQmCC";

/// Has the function in `wasm` answer one event.
pub(super) fn run(loader: Loader, name: &str, wasm: &[u8]) -> Result<(), Failure> {
    let config = EngineConfig { code: CodeSource::Native, is_vouched_for: true, ..EngineConfig::default() };
    let file = file_of(wasm).map_err(Failure::failed)?;
    let Loading::Loaded(loaded) = loader.load(name, &file, &config, true).map_err(Failure::failed)? else {
        return Err(Failure::failed(anyhow!("{name} carries no native code")));
    };
    let answer = block_on(Threads::One, async {
        let pool = loaded.start(1).await.map_err(Failure::failed)?;
        let event = EventFile::of(PICTURE.as_bytes()).map_err(Failure::failed)?;
        pool.call(event, None).await.map_err(Failure::failed)
    })??;
    match answer.outcome().failure() {
        None => Ok(()),
        Some(reason) => {
            Err(Failure::failed(anyhow!("the model can't be run, so there is no {name}: {reason}")))
        }
    }
}
