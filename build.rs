//! Tells the linker how much memory the function has at first.

/// Room for the largest event and its picture, there from the start: the runtime asks for large pages before the guest
/// runs, and memory that is not touched costs nothing. `vision function` puts the model behind it.
const INITIAL_MEMORY_BYTES: u32 = 32 << 20;

fn main() {
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "wasm32") {
        println!("cargo:rustc-link-arg-bins=--initial-memory={INITIAL_MEMORY_BYTES}");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
