"""``python3 -m bench.cutout [PHOTO]``: dist/cutout.wasm and peer.py cut the same photo out, in turns, on one thread of one processor.

Without a photo the rendered person of tests/samples is taken, before a background of 1728 × 1080 pixels. Needs `make cutout` and
`make .toolchain/venv/bench/cutout/installed`; `make bench-cutout` does both.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PYTHON = PROJECT / ".toolchain/venv/bench/cutout/bin/python"
SCENE = "import sys; sys.path.insert(0, 'functions/cutout/tools'); import pictures; pictures.scene().resize((1728, 1080)).save(sys.argv[1], quality=90)"
ROUNDS, EVENTS = 12, 3
# Both may start with caches that are cold.
WARM_UP = 4


def turn(process: subprocess.Popen, events: int) -> list[float]:
    """Milliseconds of each event."""
    process.stdin.write(f"{events}\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{process.args[0]} ended early")
    return [nanoseconds / 1e6 for nanoseconds in json.loads(line)["nanoseconds"]]


def main() -> None:
    """Prints medians, their ratio, and where the time goes."""
    # One processor for both, so that neither has help of other threads; the front of our runtime has to share it, too.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as scratch:
        photo = str(Path(scratch) / "photo.jpg")
        if len(sys.argv) > 1:
            photo = str(Path(sys.argv[1]).resolve())
        else:
            subprocess.run([PYTHON, "-c", SCENE, photo], check=True, cwd=PROJECT)
        vision = ["target/release/vision", "bench", photo, "--wasm", "dist/cutout.wasm", "--threads", "1"]
        commands = {"cutout.wasm": [*vision, "--turns"], "Python, OpenCV, Pillow": [str(PYTHON), "bench/cutout/peer.py", photo]}
        processes = {name: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
                     for name, command in commands.items()}
        times: dict[str, list[float]] = {name: [] for name in processes}
        for process in processes.values():
            turn(process, WARM_UP)
        for _ in range(ROUNDS):
            for name, process in processes.items():
                times[name] += turn(process, EVENTS)
        for process in processes.values():
            process.stdin.close()
            process.wait(timeout=60)
        medians = {name: statistics.median(values) for name, values in times.items()}
        for name, values in times.items():
            print(f"{name}: median {medians[name]:.1f} ms, least {min(values):.1f} ms, of {len(values)}")
        ours, theirs = medians.values()
        print(f"ratio of the medians: {ours / theirs:.2f}")
        subprocess.run([*vision, "--count", "20"], check=True, cwd=PROJECT)


if __name__ == "__main__":
    main()
