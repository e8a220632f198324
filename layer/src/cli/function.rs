//! `vision function`: a model and its labels become a function, without a compiler of Rust.

mod arguments;
mod trial;

use std::io::{Read as _, Seek as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use contract::about::{About, Answers};
use packer::{Finding, GraftError, NativeCode, PackError, Source, graft, pack, with_about};
use worker::sandbox::SandboxMode;
use worker::{LoadError, Processor, Sha256Sum};

pub(super) use arguments::FunctionArgs;

use super::engine_args::{Start, module_or_default};
use super::exit::{Exit, Failure, Outcome};
use crate::console;
use crate::modules::{Cache, ModuleFile, file_of, known_modules, replace_file};
use crate::pool::{Confining, Given, Loader};

pub(super) fn run(Start { nursery, log_level, .. }: Start, arguments: &FunctionArgs) -> Outcome {
    let refused = |error| refused(&arguments.model, error);
    let source = Source::open(&arguments.model).map_err(refused)?;
    let packing = pack(&source, &arguments.options().map_err(refused)?).map_err(refused)?;
    let base = module_or_default(arguments.wasm.as_ref())?;
    let module = ModuleFile::open(&base).map_err(Failure::usage)?;
    let cache = Cache::of_user();
    // Native code runs only where somebody vouches for it, also in a copy.
    let is_known = known_modules(&[], cache.as_ref()).contains(&module.sum);
    let native_code = if is_known { NativeCode::Keep } else { NativeCode::Drop };
    let wasm = module.bytes().map_err(Failure::failed)?;
    let grafted = graft(&wasm, &packing.block, native_code).map_err(|error| unfit_base(&base, error))?;
    let (loader, _) =
        Loader::confine(nursery, SandboxMode::Auto, Given::default(), arguments.limits, log_level)
            .and_then(Confining::finish)
            .map_err(Failure::failed)?;
    let name = arguments.output.display().to_string();
    let wasm = if grafted.has_native_code { grafted.wasm } else { compiled(&loader, &name, &grafted.wasm)? };
    let title = arguments.title().or_else(|| source.title().cloned());
    let wasm = with_about(&name, &wasm, &About { answers: Answers::Labels, title }).map_err(refused)?;
    trial::run(loader, &name, &wasm)?;
    replace_file(&arguments.output, &wasm)
        .with_context(|| format!("can't write {name}"))
        .map_err(Failure::usage)?;
    let sum = Sha256Sum::of(&wasm);
    // Its native code and its model may run from now on, for this user.
    let noted = cache.map(|cache| cache.note_compiled(&sum, &arguments.output));
    if let Some(Err(error)) = &noted {
        tracing::info!(%error, "the user's cache folder can't tell that this was made here");
    }
    if !arguments.quiet {
        let is_noted = matches!(noted, Some(Ok(())));
        let _ = console::print(report(&arguments.output, &packing.findings, &sum, is_noted))
            .map_err(Failure::failed)?;
    }
    Ok(Exit::Answered)
}

/// The module with native code for any processor.
fn compiled(loader: &Loader, name: &str, wasm: &[u8]) -> Result<Vec<u8>, Failure> {
    let file = file_of(wasm).map_err(Failure::failed)?;
    let compiled = loader.compile(name, &file, Processor::Generic);
    let mut compiled = compiled.map_err(|error| match error {
        LoadError::NoCompiler { .. } => Failure::usage(error),
        error => Failure::failed(error),
    })?;
    let mut bytes = Vec::new();
    compiled.rewind().and_then(|()| compiled.read_to_end(&mut bytes)).map_err(Failure::failed)?;
    Ok(bytes)
}

fn refused(model: &Path, error: PackError) -> Failure {
    match error {
        PackError::Option(_) => Failure::usage(error),
        PackError::Unfit(_) => Failure::failed(anyhow!(error).context(model.display().to_string())),
        error => Failure::failed(error),
    }
}

fn unfit_base(base: &Path, error: GraftError) -> Failure {
    match error {
        GraftError::TooLarge { .. } => Failure::failed(error),
        error => Failure::usage(anyhow!(error).context(base.display().to_string())),
    }
}

/// What was found, a line each, and what to do with the result.
fn report(output: &Path, findings: &[Finding], sum: &Sha256Sum, is_noted: bool) -> String {
    let width = findings.iter().map(|finding| finding.about.chars().count()).max().unwrap_or(0);
    let mut lines: Vec<String> =
        findings.iter().map(|Finding { about, found }| format!("{about:width$}  {found}")).collect();
    let file = output.display();
    let elsewhere = if is_noted { "elsewhere" } else { "to run it" };
    lines.push(format!("{file} is ready; by making it, you vouch for its model"));
    if is_noted {
        lines.push(format!("try it:     vision run --wasm {file} photo.jpg"));
    }
    lines.push(format!("{elsewhere}:  vision run --wasm {file} --trust-module {sum} photo.jpg"));
    lines.join("\n")
}
