#!/usr/bin/env python3
"""Fetch the weights of a model that is not in the repository: ``python3 models/fetch.py imagenet``.

Its ``model.toml`` names the file, its sha256, its place under the folder MODEL_MIRROR, and its public address.
Standard library alone (Python 3.11), so that nothing needs to be installed first.
"""

import hashlib
import http.client
import os
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

CONNECT_TIMEOUT_SECONDS = 10.0
CHUNK_BYTES = 1 << 16


class FetchError(Exception):
    """The weights could not be had; the message says why and what to do."""


def sha256_of(path: Path) -> str:
    """The file's sha256, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fetch(folder: Path, environment: Mapping[str, str] = os.environ, timeout: float = CONNECT_TIMEOUT_SECONDS) -> str:
    """Bring ``folder``'s weights into ``folder``, checked; whole or not at all.

    Args:
        folder: a model's folder, with its ``model.toml``.
        environment: may hold MODEL_MIRROR, a folder that is then the only source.
        timeout: seconds without an answer after which the public address counts as unreachable.

    Returns:
        A line that says what was done.

    Raises:
        FetchError: no source could be read, or what came has another sha256.
    """
    description_file = folder / "model.toml"
    if not description_file.is_file():
        raise FetchError(f"no such model: {description_file} not found")
    description = tomllib.loads(description_file.read_text(encoding="utf-8"))
    if "url" not in description:
        raise FetchError(f"{description_file} gives no url: the model {description.get('name', folder.name)} is part of the repository")
    target = folder / description["file"]
    expected = description["sha256"]
    if target.is_file() and sha256_of(target) == expected:
        return f"{target}: already there"

    mirror = environment.get("MODEL_MIRROR", "")
    source = str(Path(mirror) / description["mirror_path"]) if mirror else description["url"]
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        digest = hashlib.sha256()
        received = 0
        with partial.open("xb") as sink:
            for chunk in _read_mirror(Path(source)) if mirror else _read_address(source, timeout):
                received += len(chunk)
                if received > description["size"]:
                    raise FetchError(f"{source} is larger than the {description['size']} bytes expected; the file was not kept")
                digest.update(chunk)
                sink.write(chunk)
        if digest.hexdigest() != expected:
            raise FetchError(
                f"{source} has sha256 {digest.hexdigest()} ({received} bytes), expected {expected} ({description['size']} bytes); "
                "the file was not kept"
            )
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return f"{target}: fetched from {source}, sha256 as expected"


def _read_mirror(path: Path):
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise FetchError(
            f"MODEL_MIRROR has no {path} ({error.strerror}). Put the file there, or unset MODEL_MIRROR to use the public address"
        ) from error


def _read_address(address: str, timeout: float):
    try:
        with urllib.request.urlopen(address, timeout=timeout) as answer:
            while chunk := answer.read(CHUNK_BYTES):
                yield chunk
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = error if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", None) or error
        raise FetchError(
            f"cannot reach {address} ({reason}). Set MODEL_MIRROR to a folder that holds the file "
            "(as imagenet/mobilenet_v2_1.0_224_quant.tflite for the model imagenet), or try again with a network"
        ) from error


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code: 0 fetched, 1 could not be fetched, 2 wrong usage."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: fetch.py MODEL    (a folder beside this script, such as imagenet)", file=sys.stderr)
        return 2
    try:
        print(fetch(Path(__file__).resolve().parent / arguments[0]))
    except FetchError as error:
        print(f"fetch.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
