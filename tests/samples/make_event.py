#!/usr/bin/env python3
"""Wrap a picture as a bare event: ``make_event.py PICTURE EVENT`` writes ``{"body": "<base64>"}`` and a newline."""

import base64
import json
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    if len(arguments) != 2:
        print("usage: make_event.py PICTURE EVENT", file=sys.stderr)
        return 2
    picture, event = map(Path, arguments)
    try:
        event.write_text(json.dumps({"body": base64.b64encode(picture.read_bytes()).decode()}) + "\n", encoding="utf-8")
    except OSError as error:
        print(f"make_event.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
