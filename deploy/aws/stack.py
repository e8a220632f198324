"""The stack in CloudFormation: made, changed, looked at, removed; with a line for each resource on the way."""

from __future__ import annotations

import json
import time
from typing import Any

from botocore.exceptions import ClientError

from deploy.aws.account import Account, Refused

# CloudFront takes minutes; CloudFormation itself gives up after hours.
LONGEST_WAIT_SECONDS = 3600
PAUSE_SECONDS = 3
INLINE_LIMIT = 51_200


class Stack:
    """A stack by its name; it need not exist."""

    def __init__(self, account: Account, name: str) -> None:
        self.name = name
        self._cloud = account.session.client("cloudformation")
        self._pause = PAUSE_SECONDS

    def description(self) -> dict[str, Any] | None:
        """What CloudFormation says of it; None where there is none."""
        try:
            return self._cloud.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise

    def outputs(self) -> dict[str, str]:
        """The outputs by name; none where there is no stack."""
        found = self.description() or {}
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """The parameters that it has, by name; none where there is no stack."""
        found = self.description() or {}
        return {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}

    def resources(self, kind: str) -> list[str]:
        """The physical names of the resources of one type, such as AWS::S3::Bucket."""
        pages = self._cloud.get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [one for page in pages for one in page["StackResourceSummaries"] if one["ResourceType"] == kind]
        return [one["PhysicalResourceId"] for one in found if one["ResourceStatus"] != "DELETE_COMPLETE"]

    def deploy(self, template: dict[str, Any], values: dict[str, str], say: Any) -> bool:
        """Makes or changes the stack and waits; whether anything was to do. Raises Refused with the first cause."""
        body = json.dumps(template, separators=(",", ":"))
        if len(body) > INLINE_LIMIT:
            raise Refused(f"the template has {len(body)} bytes, CloudFormation takes up to {INLINE_LIMIT}")
        before = self.description()
        # What a failed first try left can only be removed.
        if before and before["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"):
            say(f"removing what an earlier, failed try left of {self.name}")
            self.remove(say)
            before = None
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
        if before:
            kept = _changed_before(before, template) - set(values)
            parameters += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)]
        wanted = {"StackName": self.name, "TemplateBody": body, "Parameters": parameters, "Capabilities": ["CAPABILITY_IAM"],
                  "Tags": [{"Key": "project", "Value": "wasm-vision"}]}
        seen = self._events_so_far()
        try:
            if before:
                self._cloud.update_stack(**wanted)
            else:
                self._cloud.create_stack(**wanted)
        except ClientError as error:
            if "No updates are to be performed" in error.response["Error"]["Message"]:
                return False
            raise
        self._wait(seen, say)
        return True

    def remove(self, say: Any) -> None:
        """Removes the stack and waits; what is gone already is no error."""
        found = self.description()
        if found is None:
            return
        seen = self._events_so_far()
        # By its id: a removed stack has no name any more.
        self._cloud.delete_stack(StackName=found["StackId"])
        self._wait(seen, say, found["StackId"])

    def _events_so_far(self) -> set[str]:
        try:
            return {event["EventId"] for event in self._events(self.name)}
        except ClientError:
            return set()

    def _events(self, name: str) -> list[dict[str, Any]]:
        return self._cloud.describe_stack_events(StackName=name)["StackEvents"]

    def _wait(self, seen: set[str], say: Any, name: str | None = None) -> None:
        name = name or self.name
        causes: list[str] = []
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while time.monotonic() < deadline:
            status = self._cloud.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            for event in reversed(self._events(name)):
                if event["EventId"] in seen:
                    continue
                seen.add(event["EventId"])
                self._tell(event, causes, say)
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"):
                return
            if not status.endswith("_IN_PROGRESS"):
                raise Refused(f"the stack {self.name} ended as {status}: {causes[0] if causes else 'no reason given'}")
            time.sleep(self._pause)
        raise Refused(f"the stack {self.name} is not done after {LONGEST_WAIT_SECONDS} s; look at it in the console")

    def _tell(self, event: dict[str, Any], causes: list[str], say: Any) -> None:
        status, resource = event.get("ResourceStatus", ""), event.get("LogicalResourceId", "")
        reason = event.get("ResourceStatusReason", "")
        if status.endswith("_FAILED") and "cancelled" not in reason:
            causes.append(f"{resource}: {reason}")
        if not status.endswith("_IN_PROGRESS"):
            say(f"{resource}: {status}" + (f": {reason}" if reason else ""))


def _changed_before(stack: dict[str, Any], template: dict[str, Any]) -> set[str]:
    """The parameters that an earlier deploy set to something else than the default; a secret one shows as stars."""
    known = template["Parameters"]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", [])}
    return {name for name, value in values.items() if name in known and value != str(known[name]["Default"])}
