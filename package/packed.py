"""What `vision function` wrote into a function: name and sum of its model (functions/packed/src/lib.rs describes the block)."""

from __future__ import annotations

import json
import struct

_PLACE = b"wasm-vision here"
_BLOCK = b"wasm-vision-pack"
_VERSION = 1
_HEADER = struct.Struct("<16s5I32s")


class BadFunction(ValueError):
    """A module without a model."""


def model(wasm: bytes) -> tuple[str, str]:
    """The name and the sha256 of the model that a function carries.

    Raises `BadFunction` where it carries none.
    """
    place = wasm.find(_PLACE)
    if place < 0:
        raise BadFunction("it has no place for a model: it is no function of `vision function`")
    _, length = struct.unpack_from("<2I", wasm, place + len(_PLACE))
    # The code of the function has the mark, too, to compare with.
    start = wasm.find(_BLOCK)
    while 0 <= start <= len(wasm) - _HEADER.size and length:
        _, version, described, *lengths, sha256 = _HEADER.unpack_from(wasm, start)
        if version == _VERSION and _HEADER.size + described + sum(lengths) <= length:
            break
        start = wasm.find(_BLOCK, start + 1)
    else:
        raise BadFunction(f"it has no model in version {_VERSION} of the format: put one in with `vision function`")
    description = json.loads(wasm[start + _HEADER.size:start + _HEADER.size + described])
    return description["name"], sha256.hex()
