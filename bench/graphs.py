"""How fast frozen graphs are here, beside TensorFlow's C library and its Python package: one thread each.

    python bench/graphs.py GRAPH.pb INPUT OUTPUT SIDE

Needs tests/reference/requirements-tensorflow.txt, `make tensorflow`, and `cargo build --release --package vision --example graph`. Each contestant is a process of its own; they take turns, and the smallest times count. `first`
is from the start of the process's work to its first answer, with opening libraries and reading the graph; `peak` is its most memory.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
RUNS = 60
TURNS = 3


def picture(side: int) -> "np.ndarray":
    import numpy as np

    numbers = np.arange(side * side * 3, dtype=np.int64) * 7919 % 255
    return (numbers.astype(np.float32) / np.float32(127.5) - np.float32(1)).reshape(1, side, side, 3)


def report(started: float, values: str, run) -> None:
    answer = run()
    first = (time.perf_counter() - started) * 1e3
    warm = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        warm.append((time.perf_counter() - start) * 1e3)
    Path(values).write_bytes(answer)
    print(json.dumps({"first": first, "warm": warm}))


def library(graph: str, source: str, target: str, side: int, values: str) -> None:
    """TensorFlow's C library, called as tensorflow/c/c_api.h says."""
    pixels = picture(side)
    started = time.perf_counter()

    class Buffer(ctypes.Structure):
        _fields_ = [("data", ctypes.c_char_p), ("length", ctypes.c_size_t), ("deallocator", ctypes.c_void_p)]

    class Output(ctypes.Structure):
        _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]

    folder = PROJECT / ".toolchain/tensorflow"
    ctypes.CDLL(str(folder / "libtensorflow_framework.so.2"))
    api = ctypes.CDLL(str(folder / "libtensorflow_cc.so.2"))
    for name in ("TF_NewStatus", "TF_NewGraph", "TF_NewImportGraphDefOptions", "TF_GraphOperationByName", "TF_NewSessionOptions",
                 "TF_NewSession", "TF_AllocateTensor", "TF_TensorData"):
        getattr(api, name).restype = ctypes.c_void_p
    api.TF_Message.restype = ctypes.c_char_p
    api.TF_TensorByteSize.restype = ctypes.c_size_t
    pointer = ctypes.c_void_p
    status = pointer(api.TF_NewStatus())

    def check() -> None:
        if api.TF_GetCode(status):
            raise SystemExit(api.TF_Message(status).decode())

    definition = Path(graph).read_bytes()
    graph_handle = pointer(api.TF_NewGraph())
    buffer = Buffer(definition, len(definition), None)
    api.TF_GraphImportGraphDef(graph_handle, ctypes.byref(buffer), pointer(api.TF_NewImportGraphDefOptions()), status)
    check()
    options = pointer(api.TF_NewSessionOptions())
    # One thread within an operation (field 2), operations one by one (field 5).
    api.TF_SetConfig(options, b"\x10\x01\x28\x01", ctypes.c_size_t(4), status)
    session = pointer(api.TF_NewSession(graph_handle, options, status))
    check()
    shape = (ctypes.c_int64 * 4)(*pixels.shape)
    tensor = pointer(api.TF_AllocateTensor(1, shape, 4, ctypes.c_size_t(pixels.nbytes)))
    ctypes.memmove(api.TF_TensorData(tensor), pixels.ctypes.data, pixels.nbytes)
    find = lambda name: Output(api.TF_GraphOperationByName(graph_handle, name.encode()), 0)  # noqa: E731
    fed, wanted, values_in, values_out = find(source), find(target), (pointer * 1)(tensor), (pointer * 1)()

    def run() -> bytes:
        api.TF_SessionRun(session, None, ctypes.byref(fed), values_in, 1, ctypes.byref(wanted), values_out, 1, None, 0, None, status)
        check()
        answer = pointer(values_out[0])
        data = ctypes.string_at(api.TF_TensorData(answer), api.TF_TensorByteSize(answer))
        api.TF_DeleteTensor(answer)
        return data

    report(started, values, run)


def package(graph: str, source: str, target: str, side: int, values: str) -> None:
    pixels = picture(side)
    started = time.perf_counter()
    import tensorflow as tf

    tf1 = tf.compat.v1
    tf1.disable_eager_execution()
    definition = tf1.GraphDef.FromString(Path(graph).read_bytes())
    tf1.import_graph_def(definition, name="")
    config = tf1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    session = tf1.Session(config=config)
    report(started, values, lambda: session.run(f"{target}:0", {f"{source}:0": pixels}).tobytes())


def measured(command: list[str], values: str) -> dict[str, object]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    output = child.stdout.read()
    _, code, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(code)
    if code:
        raise SystemExit(f"{command[0]} failed")
    said = json.loads(output)
    return {"first": said["first"], "warm": min(said["warm"]), "middle": sorted(said["warm"])[RUNS // 2],
            "peak": usage.ru_maxrss / 1024, "values": Path(values).read_bytes()}


def main() -> None:
    import numpy as np

    graph, source, target, side = sys.argv[1:5]
    peer = str(PROJECT / "target/release/examples/graph")
    with tempfile.TemporaryDirectory() as folder:
        values = f"{folder}/values"
        arguments = [graph, source, target, side]
        contestants = {
            "wasm-vision (LiteRT)": [peer, *arguments, "1", str(RUNS), values],
            "TensorFlow, C library": [sys.executable, __file__, "--library", *arguments, values],
            "TensorFlow, Python": [sys.executable, __file__, "--package", *arguments, values],
        }
        found: dict[str, list[dict]] = {name: [] for name in contestants}
        for _ in range(TURNS):
            for name, command in contestants.items():
                found[name].append(measured(command, values))
    best = {name: {key: min(turn[key] for turn in turns) for key in ("first", "warm", "middle", "peak")} for name, turns in found.items()}
    answers = {name: np.frombuffer(turns[0]["values"], np.float32) for name, turns in found.items()}
    ours = answers["wasm-vision (LiteRT)"]
    print("| | first answer, ms | warm, ms (middle) | peak, MB | largest difference |\n| --- | --- | --- | --- | --- |")
    for name, numbers in best.items():
        difference = float(np.abs(ours - answers[name]).max())
        print(f"| {name} | {numbers['first']:.0f} | {numbers['warm']:.2f} ({numbers['middle']:.2f}) | {numbers['peak']:.0f} | {difference:.1e} |")
    c = best["TensorFlow, C library"]
    print("of the C library's:", {key: round(best["wasm-vision (LiteRT)"][key] / c[key], 3) for key in ("first", "warm", "peak")})


if __name__ == "__main__":
    if sys.argv[1] in ("--library", "--package"):
        mode, graph, source, target, side, values = sys.argv[1:7]
        (library if mode == "--library" else package)(graph, source, target, int(side), values)
    else:
        main()
