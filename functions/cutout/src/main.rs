//! The function: an event on standard input, the cut-out on standard output.

#[cfg(target_arch = "wasm32")]
mod host;

#[cfg(target_arch = "wasm32")]
fn main() -> std::process::ExitCode {
    host::main()
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!(
        "cutout is a wasm module: build it with `make cutout`, run it with `vision run --wasm dist/cutout.wasm`"
    );
    std::process::exit(2);
}
