"""One pinned file from a public address into the cache: checked by sha256, never left half-written."""

import socket
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from toolchain import paths
from toolchain.console import Failure, progress, say

CONNECT_SECONDS = 4


def pinned(url: str, sha256: str) -> Path | None:
    """The file behind `url` in the cache, or None where its host doesn't answer within seconds."""
    target = paths.cache("files") / f"{sha256[:16]}-{Path(urllib.parse.urlparse(url).path).name}"
    if target.exists() and paths.sha256(target) == sha256:
        return target
    partial = target.with_suffix(".partial")
    name = target.name.split("-", 1)[1]
    try:
        with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer, partial.open("wb") as out:
            total = int(answer.headers.get("Content-Length") or 0)
            measure = lambda: f"{out.tell() >> 20} of {total >> 20} MB"  # noqa: E731
            with progress(f"fetching {name} ({total >> 20} MB)", measure):
                while chunk := answer.read(1 << 18):
                    out.write(chunk)
    except (urllib.error.URLError, socket.timeout, ConnectionError, TimeoutError) as error:
        partial.unlink(missing_ok=True)
        say(f"the address of {name} does not answer ({getattr(error, 'reason', error)})")
        return None
    if (got := paths.sha256(partial)) != sha256:
        partial.unlink()
        raise Failure(f"{url} has sha256 {got}, expected {sha256}; it was not used")
    partial.replace(target)
    return target
