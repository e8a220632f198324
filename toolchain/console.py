"""What set-up says to the person in front of it: lines on standard error, progress that does not flood a log."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator


class Failure(Exception):
    """Something that can't be had or done; the message names it and the remedy."""


def say(line: str) -> None:
    print(f"[set-up] {line}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress(what: str, measure: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Announces `what`, then shows `measure()` about once a second on a terminal (every 10 s in a log)."""
    say(f"{what} …")
    started = time.monotonic()
    done = threading.Event()
    terminal = sys.stderr.isatty()

    def report() -> None:
        while not done.wait(1 if terminal else 10):
            line = f"[set-up]   {time.monotonic() - started:4.0f} s  {measure()}"
            print(f"\r{line:<70}" if terminal else line, file=sys.stderr, end="" if terminal else "\n", flush=True)

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()
        if terminal:
            print("\r" + " " * 70 + "\r", file=sys.stderr, end="", flush=True)
