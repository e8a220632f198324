"""Container images as one file, which depend on nothing but their contents: an archive of the OCI image layout
(https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md) that is also one of `docker save`."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Entry:
    """A file, folder or link of a layer; all belong to root."""

    name: str
    content: bytes | None = None
    """None for a folder, and for a link."""
    mode: int = 0o644
    link: str | None = None


@dataclass(frozen=True)
class Layer:
    """Files that change together."""

    what: str
    entries: list[Entry]


@dataclass(frozen=True)
class Image:
    """What an image is made of."""

    name: str
    version: str
    created: str
    """RFC 3339."""
    config: dict[str, Any]
    layers: list[Layer]
    annotations: dict[str, str] = field(default_factory=dict)


@dataclass
class _Blobs:
    blobs: dict[str, bytes] = field(default_factory=dict)

    def put(self, media_type: str, content: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def write(file: Path, image: Image) -> None:
    """Writes the image; the same image gives the same bytes."""
    blobs = _Blobs()
    tars = [_tar(layer.entries) for layer in image.layers]
    layers = [blobs.put(LAYER, gzip.compress(tar, compresslevel=9, mtime=0)) for tar in tars]
    config = blobs.put(CONFIG, _json({
        "created": image.created, "architecture": "amd64", "os": "linux", "config": image.config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars]},
        "history": [{"created": image.created, "created_by": layer.what} for layer in image.layers]}))
    manifest = blobs.put(MANIFEST, _json({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
                                          "annotations": image.annotations}))
    names = {"org.opencontainers.image.ref.name": image.version, "io.containerd.image.name": f"{image.name}:{image.version}"}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        {**manifest, "platform": {"architecture": "amd64", "os": "linux"}, "annotations": names}]}
    # What `docker load` reads where it knows no OCI layout.
    docker = [{"Config": _path(config), "RepoTags": [f"{image.name}:{image.version}"], "Layers": [_path(layer) for layer in layers]}]
    files = [Entry("oci-layout", _json({"imageLayoutVersion": "1.0.0"})), Entry("index.json", _json(index)),
             Entry("manifest.json", _json(docker)),
             *(Entry(f"blobs/sha256/{digest}", content) for digest, content in blobs.blobs.items())]
    unfinished = file.with_name(file.name + ".unfinished")
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_bytes(_tar(files))
    unfinished.replace(file)


def _path(descriptor: dict[str, Any]) -> str:
    return f"blobs/{descriptor['digest'].replace(':', '/')}"


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _tar(entries: list[Entry]) -> bytes:
    """Sorted by name, each below its folders, without times, owners or names of users."""
    by_name = {entry.name: entry for entry in entries}
    for entry in entries:
        for parent in list(Path(entry.name).parents)[:-1]:
            by_name.setdefault(str(parent), Entry(str(parent), mode=0o755))
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for _, entry in sorted(by_name.items()):
            info = tarfile.TarInfo(entry.name)
            info.mode = entry.mode
            if entry.link is not None:
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.link, 0o777
            elif entry.content is None:
                info.type = tarfile.DIRTYPE
            else:
                info.size = len(entry.content)
            tar.addfile(info, io.BytesIO(entry.content or b""))
    return made.getvalue()
