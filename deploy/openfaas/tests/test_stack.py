"""What deploy/openfaas says: the fields that faas-cli knows (it skips others), times that go together, variables of the program."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import unittest
from pathlib import Path

import jsonschema
import yaml

FOLDER = Path(__file__).resolve().parent.parent
PROJECT = FOLDER.parent.parent
VISION = PROJECT / os.environ.get("VISION", "target/release/vision")

TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
RESOURCES = {"type": "object", "additionalProperties": False, "properties": {"memory": {"type": "string"}, "cpu": {"type": "string"}}}
# By https://docs.openfaas.com/reference/yaml/.
STACK = {
    "type": "object", "additionalProperties": False, "required": ["version", "provider", "functions"],
    "properties": {
        "version": {"const": 1.0},
        "provider": {"type": "object", "additionalProperties": False, "required": ["name"],
                     "properties": {"name": {"const": "openfaas"}, "gateway": {"type": "string"}}},
        "functions": {"type": "object", "additionalProperties": {
            "type": "object", "additionalProperties": False, "required": ["image"],
            "properties": {"lang": {"const": "wasm-vision"}, "handler": {"type": "string"}, "image": {"type": "string"},
                           "skip_build": {"type": "boolean"}, "environment": TEXTS, "labels": TEXTS, "annotations": TEXTS,
                           "limits": RESOURCES, "requests": RESOURCES, "readonly_root_filesystem": {"type": "boolean"}}}},
    }}
# Variables of the watchdog: https://github.com/openfaas/of-watchdog.
WATCHDOG = {"fprocess", "mode", "upstream_url", "ready_path", "prefix_logs", "read_timeout", "exec_timeout", "write_timeout",
            "healthcheck_interval", "max_inflight", "TMPDIR"}


def stack(name: str) -> dict:
    return yaml.safe_load((FOLDER / name).read_text())


def dockerfile() -> dict[str, str]:
    """The variables of the image."""
    text = (FOLDER / "template/wasm-vision/Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.removeprefix("ENV ") for line in text.splitlines() if line.startswith("ENV ")]
    return {name: value.strip('"') for line in lines for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', line)}


def seconds(text: str) -> int:
    return int(re.fullmatch(r"(\d+)s", text).group(1))


class Stack(unittest.TestCase):
    def test_fields_are_those_that_faas_cli_reads(self) -> None:
        for name in ("stack.yaml", "container.yaml"):
            jsonschema.validate(stack(name), STACK)
            wrong = copy.deepcopy(stack(name))
            next(iter(wrong["functions"].values()))["limts"] = {}
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(wrong, STACK)

    def test_each_function_has_a_folder_for_its_module(self) -> None:
        functions = stack("stack.yaml")["functions"]
        self.assertEqual(sorted(functions), ["cutout", "recognize", "thumbnail"])
        for name, function in functions.items():
            self.assertEqual(function["handler"], f"./{name}")
            self.assertTrue((FOLDER / name / ".gitignore").exists())
        template = yaml.safe_load((FOLDER / "template/wasm-vision/template.yml").read_text())
        self.assertEqual(template["language"], functions["recognize"]["lang"])
        self.assertEqual(template["fprocess"], dockerfile()["fprocess"])

    def test_each_time_is_longer_than_what_it_waits_for(self) -> None:
        times = {name: seconds(value) for name, value in dockerfile().items() if re.fullmatch(r"\d+s", value)}
        request = times["VISION_TIME_LIMIT"] + times["VISION_BODY_TIME"]
        self.assertLess(request, times["exec_timeout"])
        self.assertLessEqual(times["read_timeout"], times["exec_timeout"])
        self.assertLess(times["exec_timeout"], times["write_timeout"])
        # The watchdog passes SIGTERM on at once, and goes on taking requests for so long.
        self.assertLess(times["healthcheck_interval"], times["VISION_DRAIN_TIME"])
        self.assertLessEqual(2 * times["VISION_DRAIN_TIME"], times["VISION_SHUTDOWN_TIME"])
        self.assertLess(times["VISION_SHUTDOWN_TIME"], times["write_timeout"])

    def test_variables_are_those_of_the_programs(self) -> None:
        told = subprocess.run([VISION, "serve", "--help"], check=True, capture_output=True, text=True, env={}).stdout
        known = set(re.findall(r"\[env: (\w+)=", told)) | WATCHDOG
        for name in ("stack.yaml", "container.yaml"):
            for function in stack(name)["functions"].values():
                self.assertLessEqual(set(function["environment"]), known)
        self.assertLessEqual(set(dockerfile()), known)


if __name__ == "__main__":
    unittest.main()
