"""What the programs are made of: allowed licences and sources, pinned, listed whole and in the standard's form."""

import hashlib
import json
import re
import struct
import tomllib
import unittest
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from package import licences, packed, sbom
from package.archive import Member

PROJECT = Path(__file__).resolve().parents[2]
DENY = tomllib.loads((PROJECT / "deny.toml").read_text())


def packages() -> list[dict]:
    """All crates for the targets of deny.toml, those that only compile among them."""
    found = {package["id"]: package for target in DENY["graph"]["targets"] for package in sbom._metadata(target)["packages"]}
    return list(found.values())


class Licences(unittest.TestCase):
    def test_expressions_are_met_as_their_words_say(self) -> None:
        for text, met in {"MIT": True, "GPL-3.0": False, "GPL-3.0 OR MIT": True, "MIT/GPL-3.0": True, "MIT AND GPL-3.0": False,
                          "(GPL-3.0 OR MIT) AND ISC": True, "GPL-3.0 OR MIT AND BSL-1.0": False,
                          "ISC WITH LLVM-exception": False, "ISC WITH LLVM-exception OR MIT": True}.items():
            self.assertEqual(licences.is_met_by(text, {"MIT", "ISC"}), met, text)

    def test_a_licence_with_an_exception_is_another_licence(self) -> None:
        exception = "Apache-2.0 WITH LLVM-exception"
        self.assertTrue(licences.is_met_by(exception, {exception}))
        self.assertFalse(licences.is_met_by(exception, {"Apache-2.0"}))
        self.assertFalse(licences.is_met_by("Apache-2.0", {exception}))

    def test_what_is_no_licence_of_the_spdx_list_is_named(self) -> None:
        for text, named in {"Apache 2": "Apache 2", "MIT OR Licence-Of-Ours": "key(s): Licence-Of-Ours", "MIT AND (ISC": "MIT AND (ISC"}.items():
            with self.assertRaisesRegex(licences.BadLicence, re.escape(named)):
                licences.parse(text)

    def test_every_crate_has_an_allowed_licence(self) -> None:
        allowed = set(DENY["licenses"]["allow"])
        clarified = {entry["crate"]: entry["expression"] for entry in DENY["licenses"]["clarify"]}
        for package in packages():
            licence = package["license"] or clarified.get(package["name"])
            self.assertIsNotNone(licence, f"{package['name']} names no licence")
            self.assertTrue(licences.is_met_by(licence, allowed), f"{package['name']}: {licence}")

    def test_no_licence_is_allowed_for_nothing(self) -> None:
        expressions = " ".join(package["license"] or "" for package in packages())
        for licence in DENY["licenses"]["allow"]:
            self.assertIn(licence.split(" WITH ")[0], expressions)


class Sources(unittest.TestCase):
    def test_every_crate_is_ours_or_comes_from_the_one_registry_with_its_sum(self) -> None:
        lock = tomllib.loads((PROJECT / "Cargo.lock").read_text())
        members = [".", *tomllib.loads((PROJECT / "Cargo.toml").read_text())["workspace"]["members"]]
        ours = {tomllib.loads((PROJECT / member / "Cargo.toml").read_text())["package"]["name"] for member in members}
        for package in lock["package"]:
            if package["name"] in ours:
                self.assertNotIn("source", package)
            else:
                self.assertEqual(package["source"].split("+")[0], "registry", package["name"])
                self.assertRegex(package["checksum"], "^[0-9a-f]{64}$")
        self.assertEqual(len({package.get("source") for package in lock["package"]} - {None}), 1)

    def test_no_banned_crate_is_there(self) -> None:
        self.assertEqual({package["name"] for package in packages()} & set(DENY["bans"]["deny"]), set())

    def test_our_crates_ask_for_no_version_at_random(self) -> None:
        for package in packages():
            if package["source"] is None:
                wild = [need["name"] for need in package["dependencies"] if need["req"] == "*" and need.get("source")]
                self.assertEqual(wild, [], package["name"])

    def test_python_packages_are_pinned_by_their_sums(self) -> None:
        for file in [*PROJECT.glob("tests/**/requirements.txt"), *PROJECT.glob("*/requirements.txt")]:
            if file.parent.name not in {"images", "reference"}:  # They make files that are committed, and nothing else.
                pins = [line for line in file.read_text().splitlines() if re.match(r"[a-z]", line, re.IGNORECASE)]
                self.assertTrue(pins and all("==" in pin for pin in pins), file)
                self.assertGreaterEqual(file.read_text().count("--hash=sha256:"), len(pins), file)


def function(name: str, sha256: str) -> bytes:
    """As much of a function as tells its model; its code has the mark of a block, too."""
    description = json.dumps({"name": name}).encode()
    header = struct.pack("<16s5I32s", b"wasm-vision-pack", 1, len(description), 0, 0, 0, bytes.fromhex(sha256))
    block = header + description
    return b"wasm-vision-pack and code" + b"wasm-vision here" + struct.pack("<2I", 1 << 25, len(block)) + block


class Bill(unittest.TestCase):
    """dist/sbom.cdx.json, of packages made up for the test."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.layer = [Member("vision/bin/vision", b"program"), Member("vision/lib/libwasmedge.so.0", b"library")]
        groceries = tomllib.loads((PROJECT / "models/groceries/model.toml").read_text())["sha256"]
        cls.function = [Member("recognize.wasm", function("groceries", groceries))]
        cls.text = sbom.document(cls.layer, cls.function, {})
        cls.bill = json.loads(cls.text)
        cls.components = {component["bom-ref"]: component for component in cls.bill["components"]}

    def test_the_same_packages_give_the_same_bytes(self) -> None:
        self.assertEqual(self.text, sbom.document(self.layer, self.function, {}))
        for word in ("serialNumber", "timestamp", str(PROJECT), str(Path.home())):
            self.assertNotIn(word, self.text.decode())

    def test_it_has_the_form_of_the_standard(self) -> None:
        self.assertIsNone(JsonStrictValidator(SchemaVersion.V1_6).validate_str(self.text.decode()))
        self.assertIsNotNone(JsonStrictValidator(SchemaVersion.V1_6).validate_str(self.text.decode().replace('"CycloneDX"', '"other"')))

    def test_the_files_of_the_packages_are_in_it_with_their_sums(self) -> None:
        for member in [*self.layer, *self.function]:
            self.assertEqual(self.components[f"file:{member.name}"]["hashes"],
                             [{"alg": "SHA-256", "content": hashlib.sha256(member.content).hexdigest()}])

    def test_the_crates_of_both_programs_are_in_it_and_those_of_the_tests_are_not(self) -> None:
        names = {component["name"] for component in self.components.values()}
        self.assertLessEqual({"vision", "recognize", "tokio", "wasmedge-sys", "base64-simd", "parquet", "libjpeg-turbo", "sqlite", "groceries"}, names)
        self.assertEqual(names & {"proptest", "jsonschema", "bindgen", "cmake"}, set())

    def test_somebodys_own_model_is_in_it_by_name_and_sum(self) -> None:
        bill = json.loads(sbom.document(self.layer, [Member("recognize.wasm", function("mine", "ab" * 32))], {}))
        (model,) = [component for component in bill["components"] if component["type"] == "machine-learning-model"]
        self.assertEqual((model["name"], model["hashes"]), ("mine", [{"alg": "SHA-256", "content": "ab" * 32}]))
        with self.assertRaisesRegex(packed.BadFunction, "no place for a model"):
            packed.model(b"wasm")
        empty = b"wasm-vision here" + bytes(8) + b"wasm-vision-pack"
        with self.assertRaisesRegex(packed.BadFunction, "it has no model"):
            packed.model(empty)

    def test_everything_in_it_is_needed_by_something(self) -> None:
        needed = {reference for entry in self.bill["dependencies"] for reference in entry.get("dependsOn", [])}
        crates = {reference for reference in self.components if reference.startswith("pkg:")}
        self.assertEqual(crates - needed, set())
        self.assertEqual(needed - set(self.components), set())


class Unsafe(unittest.TestCase):
    def test_unsafe_code_stands_only_in_the_files_that_the_document_names(self) -> None:
        document = (PROJECT / "docs/supply-chain.md").read_text()
        named = set(re.findall(r"^\| `([\w/.]+\.rs)` \|", document, re.MULTILINE))
        sources = [file for folder in ("src", "layer", "functions") for file in (PROJECT / folder).rglob("*.rs")]
        tests = {"tests.rs", "mutants.rs"}
        code = {file: re.sub(r"//.*", "", file.read_text()) for file in sources if file.name not in tests}
        self.assertEqual({str(file.relative_to(PROJECT)) for file, text in code.items() if re.search(r"\bunsafe\b", text)}, named)
