"""Where things are."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PEERS = PROJECT / "bench/peers"
WORK = PROJECT / ".toolchain/bench"
PYTHON = PROJECT / ".toolchain/venv/bench/bin/python"
LAYER = WORK / "layer"
FUNCTION = PROJECT / "dist/recognize.wasm"
EXAMPLES = PROJECT / "target/release/examples"
MODEL = PROJECT / "models/groceries"
# The model's input, models/groceries/model.toml.
SIDE = 192

# As the layer's bootstrap starts it: what is deployed is what is measured.
_RUNTIME = LAYER / "vision"
VISION = [str(_RUNTIME / "lib/loader"), "--library-path", str(_RUNTIME / "lib"), str(_RUNTIME / "bin/vision")]
