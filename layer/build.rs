//! Tells the linker where the runtime's libraries are, as set-up wrote it into `.cargo/config.toml`.

fn main() {
    // WasmEdge must find our sigaction (layer/src/interposed.rs) before the C library's.
    link_argument("--export-dynamic-symbol=sigaction");
    println!("cargo:rerun-if-changed=build.rs");
    for name in ["VISION_WASMEDGE_LIBRARIES", "VISION_LITERT_LIBRARIES"] {
        println!("cargo:rerun-if-env-changed={name}");
        match std::env::var(name) {
            Ok(folder) => link_argument(&format!("-rpath,{folder}")),
            Err(_) => println!("cargo:warning={name} is not set: run `make setup` once in this clone"),
        }
    }
    // Only DT_RPATH, not DT_RUNPATH, also serves the libraries that our libraries need.
    link_argument("--disable-new-dtags");
    println!("cargo:rerun-if-env-changed=VISION_LOADER");
    if let Ok(loader) = std::env::var("VISION_LOADER") {
        // WasmEdge came with a newer C library than the machine's: the program must start through its loader.
        link_argument("--allow-shlib-undefined");
        link_argument(&format!("--dynamic-linker={loader}"));
    }
}

fn link_argument(argument: &str) {
    println!("cargo:rustc-link-arg=-Wl,{argument}");
}
