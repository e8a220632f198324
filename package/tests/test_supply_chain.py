"""What the programs are made of: allowed licences and sources, pinned, listed whole and in the standard's form."""

import hashlib
import json
import os
import re
import sys
import tomllib
import unittest
from pathlib import Path

from package import sbom
from package.archive import Member

PROJECT = Path(__file__).resolve().parents[2]
VALIDATOR = PROJECT / ".toolchain/sbom-validator"
DENY = tomllib.loads((PROJECT / "deny.toml").read_text())


def packages() -> list[dict]:
    """All crates for the targets of deny.toml, those that only compile among them."""
    found = {package["id"]: package for target in DENY["graph"]["targets"] for package in sbom._metadata(target)["packages"]}
    return list(found.values())


class LicenceExpression:
    """An SPDX expression such as `(MIT OR Apache-2.0) AND Unicode-3.0`; crates of old write a slash for `OR`."""

    def __init__(self, text: str) -> None:
        self._words = re.findall(r"[()]|[^\s()]+", text.replace("/", " OR "))

    def is_met_by(self, allowed: set[str]) -> bool:
        met = self._either(allowed)
        if self._words:
            raise ValueError(f"{self._words} left over")
        return met

    def _either(self, allowed: set[str]) -> bool:
        met = self._both(allowed)
        while self._next("OR"):
            met = self._both(allowed) or met
        return met

    def _both(self, allowed: set[str]) -> bool:
        met = self._one(allowed)
        while self._next("AND"):
            met = self._one(allowed) and met
        return met

    def _one(self, allowed: set[str]) -> bool:
        if self._next("("):
            met = self._either(allowed)
            if not self._next(")"):
                raise ValueError("a bracket is open")
            return met
        licence = self._words.pop(0)
        if self._next("WITH"):
            licence += f" WITH {self._words.pop(0)}"
        return licence in allowed

    def _next(self, word: str) -> bool:
        found = self._words[:1] == [word]
        if found:
            self._words.pop(0)
        return found


class Licences(unittest.TestCase):
    def test_expressions_are_met_as_their_words_say(self) -> None:
        for text, met in {"MIT": True, "GPL-3.0": False, "GPL-3.0 OR MIT": True, "MIT/GPL-3.0": True, "MIT AND GPL-3.0": False,
                          "(GPL-3.0 OR MIT) AND ISC": True, "GPL-3.0 OR MIT AND BSL-1.0": False,
                          "ISC WITH LLVM-exception": False}.items():
            self.assertEqual(LicenceExpression(text).is_met_by({"MIT", "ISC"}), met, text)

    def test_every_crate_has_an_allowed_licence(self) -> None:
        allowed = set(DENY["licenses"]["allow"])
        clarified = {entry["crate"]: entry["expression"] for entry in DENY["licenses"]["clarify"]}
        for package in packages():
            licence = package["license"] or clarified.get(package["name"])
            self.assertIsNotNone(licence, f"{package['name']} names no licence")
            self.assertTrue(LicenceExpression(licence).is_met_by(allowed), f"{package['name']}: {licence}")

    def test_no_licence_is_allowed_for_nothing(self) -> None:
        expressions = " ".join(package["license"] or "" for package in packages())
        for licence in DENY["licenses"]["allow"]:
            self.assertIn(licence.split(" WITH ")[0], expressions)


class Sources(unittest.TestCase):
    def test_every_crate_is_ours_or_comes_from_the_one_registry_with_its_sum(self) -> None:
        lock = tomllib.loads((PROJECT / "Cargo.lock").read_text())
        ours = {"vision", "recognize", "contract", "kit", "classify", "support"}
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


class Bill(unittest.TestCase):
    """dist/sbom.cdx.json, of packages made up for the test."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.layer = [Member("vision/bin/vision", b"program"), Member("vision/lib/libwasmedge.so.0", b"library")]
        cls.function = [Member("recognize.wasm", b"wasm")]
        cls.text = sbom.document(cls.layer, cls.function)
        cls.bill = json.loads(cls.text)
        cls.components = {component["bom-ref"]: component for component in cls.bill["components"]}

    def test_the_same_packages_give_the_same_bytes(self) -> None:
        self.assertEqual(self.text, sbom.document(self.layer, self.function))
        for word in ("serialNumber", "timestamp", str(PROJECT), str(Path.home())):
            self.assertNotIn(word, self.text.decode())

    def test_it_has_the_form_of_the_standard(self) -> None:
        if not VALIDATOR.exists():
            if os.environ.get("CI"):
                self.fail(f"{VALIDATOR} is missing: run `make test-package`")
            self.skipTest("the validator is fetched by `make test-package`")
        sys.path.insert(0, str(VALIDATOR))
        self.addCleanup(sys.path.remove, str(VALIDATOR))
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
        self.assertIsNone(JsonStrictValidator(SchemaVersion.V1_6).validate_str(self.text.decode()))
        self.assertIsNotNone(JsonStrictValidator(SchemaVersion.V1_6).validate_str(self.text.decode().replace('"CycloneDX"', '"other"')))

    def test_the_files_of_the_packages_are_in_it_with_their_sums(self) -> None:
        for member in [*self.layer, *self.function]:
            self.assertEqual(self.components[f"file:{member.name}"]["hashes"],
                             [{"alg": "SHA-256", "content": hashlib.sha256(member.content).hexdigest()}])

    def test_the_crates_of_both_programs_are_in_it_and_those_of_the_tests_are_not(self) -> None:
        names = {component["name"] for component in self.components.values()}
        self.assertLessEqual({"vision", "recognize", "tokio", "wasmedge-sys", "base64-simd", "libjpeg-turbo", "sqlite", "groceries"}, names)
        self.assertEqual(names & {"proptest", "jsonschema", "bindgen", "cmake"}, set())

    def test_everything_in_it_is_needed_by_something(self) -> None:
        needed = {reference for entry in self.bill["dependencies"] for reference in entry["dependsOn"]}
        crates = {reference for reference in self.components if reference.startswith("pkg:")}
        self.assertEqual(crates - needed, set())
        self.assertEqual(needed - set(self.components), set())


class Unsafe(unittest.TestCase):
    def test_unsafe_code_stands_only_in_the_files_that_the_document_names(self) -> None:
        document = (PROJECT / "docs/supply-chain.md").read_text()
        named = set(re.findall(r"^\| `([\w/.]+\.rs)` \|", document, re.MULTILINE))
        sources = [file for folder in ("src", "layer/src", "functions", "build") for file in (PROJECT / folder).rglob("*.rs")]
        tests = {"tests.rs", "mutants.rs"}
        code = {file: re.sub(r"//.*", "", file.read_text()) for file in sources if file.name not in tests}
        self.assertEqual({str(file.relative_to(PROJECT)) for file, text in code.items() if re.search(r"\bunsafe\b", text)}, named)
