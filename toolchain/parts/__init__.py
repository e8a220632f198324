"""The parts of the toolchain, in the order in which set-up looks for them.

Each module has `RECIPE` (a number that changes when an old result must not be kept), `WHAT` (for people), and
`provide(sources) -> Found`, which tries the allowed sources in order or raises Failure with the remedy.
"""

from toolchain.parts import jpeg_assembler, jpeg_cmake, libclang, litert, node, tensorflow, wasm_target, wasmedge

ALL = {
    "wasm-target": wasm_target,
    "wasmedge": wasmedge,
    "litert": litert,
    "libclang": libclang,
    "cmake": jpeg_cmake,
    "nasm": jpeg_assembler,
}

ON_DEMAND = {"node": node, "tensorflow": tensorflow}
"""Parts that a target of its own asks for; set-up leaves them alone."""
