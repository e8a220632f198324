"""dist/sbom.cdx.json: what is in the packages, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).

Crates come from `cargo metadata` and Cargo.lock, C libraries inside of crates from their sources, the libraries of the
layer from the layer. No times, random numbers or paths: the same packages give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from package import licences, packed
from package.archive import Member
from package.contents import PICTURE_FUNCTIONS

PROJECT = Path(__file__).resolve().parent.parent

# Each program of ours with the target that it is built for.
PROGRAMS = {"vision": "x86_64-unknown-linux-gnu", "recognize": "wasm32-wasip1"}
FUNCTION_TARGET = "wasm32-wasip1"
# What the packaged program has more than that of `make build` (package.mk).
FEATURES = ("parquet",)

# The models of `models/` that a function has in its data, where no block tells them.
MODELS = {"cutout": ("selfie", "faces")}


@dataclass(frozen=True)
class Bundled:
    """A library in another language whose source a crate carries, and where that source tells its version."""

    name: str
    licence: str
    file: str
    version: str


BUNDLED = {
    "turbojpeg-sys": Bundled("libjpeg-turbo", "IJG AND BSD-3-Clause AND Zlib", "libjpeg-turbo/CMakeLists.txt", r"set\(VERSION ([\d.]+)\)"),
    "libsqlite3-sys": Bundled("sqlite", "blessing", "sqlite3/sqlite3.h", r'#define SQLITE_VERSION\s+"([\d.]+)"'),
}

# Parts of set-up (.toolchain/state.json) by the library that the layer has of them.
PARTS = {"libwasmedge.so.0": ("wasmedge", "Apache-2.0"), "libLiteRt.so": ("litert", "Apache-2.0")}

# Crates that name no licence but carry one; deny.toml has the sum of the file.
LICENCE_FILES = {"wasmedge_tensorflow_interface": "Apache-2.0"}


def document(layer: list[Member], function: list[Member], pictures: dict[str, Path]) -> bytes:
    """The document for these packages; `pictures` are the functions that answer pictures, by name."""
    bom = Bom()
    bom.metadata.component = project = _project()
    crates, dependencies = _crates(PROGRAMS | dict.fromkeys(pictures, FUNCTION_TARGET))
    others = [Member(f"{name}.wasm", wasm.read_bytes()) for name, wasm in pictures.items()]
    models = [_known_model(PROJECT / f"models/{model}/model.toml") for name in pictures for model in MODELS.get(name, ())]
    for component in [*crates.values(), *_libraries(layer), *_files([*function, *others]), *_models(function), *models]:
        bom.components.add(component)
    for component in [project, *crates.values()]:
        bom.register_dependency(component, [crates[other] for other in sorted(dependencies[str(component.bom_ref)])])
    written = json.loads(JsonV1Dot6(bom).output_as_string())
    # The library makes both up anew for every document.
    del written["serialNumber"], written["metadata"]["timestamp"]
    return (json.dumps(written, indent=1, sort_keys=True) + "\n").encode()


def _project() -> Component:
    version = tomllib.loads((PROJECT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    return Component(type=ComponentType.APPLICATION, bom_ref="wasm-vision", name="wasm-vision", version=version,
                     licenses=_licences("Apache-2.0"))


def _crates(programs: dict[str, str]) -> tuple[dict[str, Component], dict[str, set[str]]]:
    """The crates of these programs by reference, and what each needs, by reference, too."""
    checksums = _checksums()
    components: dict[str, Component] = {}
    depends: dict[str, set[str]] = {"wasm-vision": set()}
    for program, target in programs.items():
        metadata = _metadata(target)
        packages = {package["id"]: package for package in metadata["packages"]}
        nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
        (root,) = (key for key, package in packages.items() if package["name"] == program)
        depends["wasm-vision"].add(_reference(packages[root]))
        waiting, seen = [root], {root}
        while waiting:
            package = packages[key := waiting.pop()]
            reference = _reference(package)
            # What compiles the program is not in it.
            needed = [entry["pkg"] for entry in nodes[key]["deps"] if any(kind["kind"] is None for kind in entry["dep_kinds"])]
            components[reference] = _crate(package, checksums)
            depends.setdefault(reference, set()).update(_reference(packages[other]) for other in needed)
            for library in _bundled(package):
                components[str(library.bom_ref)] = library
                depends[str(library.bom_ref)] = set()
                depends[reference].add(str(library.bom_ref))
            waiting += [other for other in needed if other not in seen]
            seen.update(needed)
    return components, depends


def _metadata(target: str) -> dict[str, Any]:
    features = ["--features", ",".join(f"vision/{feature}" for feature in FEATURES)]
    command = ["cargo", "metadata", *features, "--locked", "--format-version", "1", "--filter-platform", target]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT)
    return json.loads(done.stdout)


def _checksums() -> dict[tuple[str, str], str]:
    lock = tomllib.loads((PROJECT / "Cargo.lock").read_text())
    return {(package["name"], package["version"]): package["checksum"] for package in lock["package"] if "checksum" in package}


def _reference(package: dict[str, Any]) -> str:
    return f"pkg:cargo/{package['name']}@{package['version']}"


def _crate(package: dict[str, Any], checksums: dict[tuple[str, str], str]) -> Component:
    reference = _reference(package)
    compiles_only = any("proc-macro" in target["kind"] for target in package["targets"])
    checksum = checksums.get((package["name"], package["version"]))
    return Component(type=ComponentType.APPLICATION if package["name"] in (*PROGRAMS, *PICTURE_FUNCTIONS) else ComponentType.LIBRARY,
                     bom_ref=reference, purl=PackageURL.from_string(reference), name=package["name"], version=package["version"],
                     licenses=_licences(package["license"] or LICENCE_FILES[package["name"]]),
                     scope=ComponentScope.EXCLUDED if compiles_only else None,
                     hashes=_sha256(checksum) if checksum else None)


def _bundled(package: dict[str, Any]) -> Iterable[Component]:
    if (bundled := BUNDLED.get(package["name"])) is None:
        return
    text = (Path(package["manifest_path"]).parent / bundled.file).read_text(errors="replace")
    if (version := re.search(bundled.version, text)) is None:
        raise ValueError(f"{package['name']} {package['version']}: {bundled.file} tells no version of {bundled.name}")
    reference = f"pkg:generic/{bundled.name}@{version[1]}"
    yield Component(bom_ref=reference, purl=PackageURL.from_string(reference), name=bundled.name, version=version[1],
                    licenses=_licences(bundled.licence))


def _licences(expression: str) -> list[LicenseExpression]:
    return [LicenseExpression(licences.parse(expression).render())]


def _sha256(digest: str) -> list[HashType]:
    return [HashType(alg=HashAlgorithm.SHA_256, content=digest)]


def _libraries(layer: list[Member]) -> Iterable[Component]:
    """The layer's shared libraries, their loader among them."""
    state_file = PROJECT / ".toolchain/state.json"
    state = json.loads(state_file.read_text()) if state_file.exists() else {}
    for member in layer:
        component = _file(member)
        if part_and_licence := PARTS.get(Path(member.name).name):
            part, licence = part_and_licence
            component.name, component.type, component.licenses = part, ComponentType.LIBRARY, _licences(licence)
            if found := state.get(part):
                component.version = found["version"]
                component.properties.add(Property(name="wasm-vision:source", value=found["source"]))
        yield component


def _files(members: list[Member]) -> Iterable[Component]:
    return map(_file, members)


def _file(member: Member) -> Component:
    return Component(type=ComponentType.FILE, bom_ref=f"file:{member.name}", name=member.name,
                     hashes=_sha256(hashlib.sha256(member.content).hexdigest()))


def _models(function: list[Member]) -> Iterable[Component]:
    return [_model(member.content) for member in function if member.name.endswith(".wasm")]


def _model(wasm: bytes) -> Component:
    """The weights that the function carries: one of `models/`, or somebody's own, of which only name and sum are known."""
    name, digest = packed.model(wasm)
    for file in sorted((PROJECT / "models").glob("*/model.toml")):
        if tomllib.loads(file.read_text())["sha256"] == digest:
            return _known_model(file)
    return Component(type=ComponentType.MACHINE_LEARNING_MODEL, bom_ref=f"model:{name}", name=name, hashes=_sha256(digest))


def _known_model(file: Path) -> Component:
    """The model of `models/` that a manifest describes."""
    manifest = tomllib.loads(file.read_text())
    sources = [ExternalReference(type=ExternalReferenceType.OTHER, comment="made from", url=XsUri(url)) for url in manifest["sources"]]
    return Component(type=ComponentType.MACHINE_LEARNING_MODEL, bom_ref=f"model:{manifest['name']}", name=manifest["name"],
                     version=manifest["version"], description=manifest["description"], licenses=_licences(manifest["licence"]),
                     hashes=_sha256(manifest["sha256"]), external_references=sources)
