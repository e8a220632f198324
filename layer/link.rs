//! The arguments for the linker that every program with the runtime in it needs.

/// Tells the linker where the runtime's libraries are; set-up wrote that into `.cargo/config.toml`.
pub(crate) fn arguments() {
    // WasmEdge must find ours (layer/engine/src/interposed.rs) before the C library's and LLVM's.
    link_argument("--export-dynamic-symbol=sigaction");
    link_argument("--export-dynamic-symbol=LLVMGetHostCPUFeatures");
    // A twentieth of the space for relocations, which are all read at start.
    link_argument("-z,pack-relative-relocs");
    // No `rerun-if-changed`: for two of the packages there is no such file, and a missing file compiles everything anew.
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
