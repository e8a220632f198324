"""deploy/aws/template.yaml: its parameters, and the plain CloudFormation that SAM's own transform makes of it.

The transform runs here instead of in the cloud: what cfn-lint has checked is what is created.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import boto3
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# The transform counts what it does, and when it ends complains that nobody asked for the figures.
logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)

FILE = Path(__file__).with_name("template.yaml")


class BadTemplate(Exception):
    """What SAM's transform finds wrong."""


def load() -> dict[str, Any]:
    """The template as it is written."""
    return yaml_parse(FILE.read_text())


def archive_name(values: dict[str, str]) -> str:
    """The archive of the function that the parameters choose, as `make package` names it."""
    kind = values.get("FunctionKind", "recognize")
    return "lambda.zip" if kind == "recognize" else f"lambda-{kind}.zip"


def parameter_problems(values: dict[str, str]) -> list[str]:
    """What CloudFormation would refuse of the given parameters, one line each."""
    known = load()["Parameters"]
    problems = []
    for name, value in values.items():
        if name not in known:
            problems.append(f"{name} is no parameter; known are {', '.join(known)}")
        elif problem := _problem(known[name], value):
            problems.append(f"{name} is {value!r}; {problem}")
    return problems


def _problem(known: dict[str, Any], value: str) -> str | None:
    allowed = [str(one) for one in known.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"accepted are {', '.join(allowed)}"
    if known["Type"] == "Number" and not allowed:
        least, most = known["MinValue"], known["MaxValue"]
        if not re.fullmatch(r"-?\d{1,9}", value) or not least <= int(value) <= most:
            return f"accepted are whole numbers from {least} to {most}"
    pattern = known.get("AllowedPattern")
    if pattern and not re.search(pattern, value):
        return f"accepted is what matches {pattern}"
    return None


def plain(values: dict[str, str], region: str, bucket: str, key: str) -> dict[str, Any]:
    """The template without SAM for a region, with the function's archive at `key` of `bucket`."""
    template = load()
    template["Resources"]["Function"]["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    defaults = {name: known["Default"] for name, known in template["Parameters"].items()}
    try:
        # No policies of AWS are named: else their addresses would have to be asked for.
        translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
        return translator.translate(template, defaults | values)
    except InvalidDocumentException as error:
        raise BadTemplate("; ".join(cause.message for cause in error.causes)) from error


def resources(template: dict[str, Any], values: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The resources that the parameters leave, by name."""
    given = {name: str(known["Default"]) for name, known in template["Parameters"].items()} | values

    def holds(condition: dict[str, Any]) -> bool:
        ((kind, value),) = condition.items()
        if kind == "Condition":
            return holds(template["Conditions"][value])
        if kind == "Fn::Equals":
            left, right = (given[one["Ref"]] if isinstance(one, dict) else str(one) for one in value)
            return left == right
        if kind == "Fn::Not":
            return not holds(value[0])
        return (all if kind == "Fn::And" else any)(map(holds, value))

    everything = template["Resources"]
    return {name: one for name, one in everything.items() if "Condition" not in one or holds({"Condition": one["Condition"]})}
