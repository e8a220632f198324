//! The function: an event on standard input, its answer on standard output.

#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod place;

#[cfg(target_arch = "wasm32")]
fn main() -> std::process::ExitCode {
    host::main()
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("recognize is a wasm module: build it with `make wasm`, run it with `make run`");
    std::process::exit(2);
}
