"""`python3 -m deploy.aws check|deploy|remove|outputs`: see the Makefile targets and docs/aws.md.

Ends with 0 (done), 1 (the cloud refused) or 2 (settings or usage; nothing was tried).
"""

from __future__ import annotations

import argparse
import re
import sys
import uuid
from collections import Counter
from pathlib import Path

from deploy.aws import buckets, template
from deploy.aws.account import Account, Refused, Unusable, open_account, told
from deploy.aws.stack import Stack
from package import site

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    arguments = usage()
    try:
        with told():
            return COMMANDS[arguments.command](arguments)
    except (Refused, template.BadTemplate) as error:
        say(str(error))
        return 1
    except Unusable as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("stopped; what CloudFormation has begun it goes on with, and the same command takes up from there")
        return 130


def usage() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.aws", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--stack", default="wasm-vision", help="the stack's name, with which all names begin")
    parser.add_argument("--parameters", default="", help="Name=value, separated by blanks; template.yaml describes each")
    parser.add_argument("--packages", type=Path, default=PROJECT / "dist", help="where lambda.zip (or lambda-cutout.zip …) is, and the page goes")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done; the cloud is only asked who you are")
    parser.add_argument("--yes", action="store_true", help="remove without asking")
    arguments = parser.parse_args()
    problems = []
    # The pictures' bucket has the stack, the account and the region in its name, and 63 letters at most.
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,22}[a-z0-9]", arguments.stack):
        problems.append(f"the stack is {arguments.stack!r}; accepted are 2 to 24 small letters, digits and dashes")
    pairs = [pair.partition("=") for pair in arguments.parameters.split()]
    problems += [f"{name!r} among the parameters has no value: Name=value" for name, sign, _ in pairs if not sign]
    arguments.values = {name: value for name, sign, value in pairs if sign}
    problems += template.parameter_problems(arguments.values)
    for problem in problems:
        say(problem)
    if problems:
        sys.exit(2)
    return arguments


def check(arguments: argparse.Namespace) -> int:
    """Settings and template, without the cloud."""
    made = template.plain(arguments.values, "us-east-1", "not-uploaded-yet", template.archive_name(arguments.values))
    say(f"settings are in order; {_summary(made, arguments.values)}")
    return 0


def deploy(arguments: argparse.Namespace) -> int:
    # Before the cloud is asked which function the stack has, if it has one.
    _archive(arguments, {})
    account = open_account()
    bucket = buckets.code_bucket(account, arguments.stack)
    stack = Stack(account, arguments.stack)
    archive = _archive(arguments, stack.parameters())
    say(f"account {account.number}, region {account.region}, stack {arguments.stack}")
    if arguments.dry_run:
        made = template.plain(arguments.values, account.region, bucket, archive.name)
        say(f"would {'change' if stack.description() else 'make'} {_summary(made, arguments.values)}; nothing was changed")
        return 0
    key = buckets.put_code(account, bucket, archive)
    if not stack.deploy(template.plain(arguments.values, account.region, bucket, key), arguments.values, say):
        say("the stack is as it should be already")
    outputs = stack.outputs()
    if "SiteBucket" in outputs:
        _deploy_page(account, outputs, arguments.packages)
    return _print(outputs)


def _archive(arguments: argparse.Namespace, before: dict[str, str]) -> Path:
    """The function's archive: parameters that are not given stay as they were."""
    archive = arguments.packages / template.archive_name(before | arguments.values)
    if not archive.exists():
        raise Unusable(f"{archive} is missing: run make package first")
    return archive


def _deploy_page(account: Account, outputs: dict[str, str], packages: Path) -> None:
    """The page with the addresses of this stack; a copy stays beside the packages."""
    site.write(site.site(PROJECT / "web", outputs["FunctionUrl"], outputs["UploadOrigin"]), packages)
    number = buckets.put_folder(account, outputs["SiteBucket"], packages / "web")
    everything = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(uuid.uuid4())}
    distributions = account.session.client("cloudfront")
    distributions.create_invalidation(DistributionId=outputs["SiteDistribution"], InvalidationBatch=everything)
    say(f"the page's {number} files are uploaded")


def remove(arguments: argparse.Namespace) -> int:
    account = open_account()
    stack = Stack(account, arguments.stack)
    made = stack.resources("AWS::S3::Bucket") if stack.description() else []
    found = {bucket: buckets.count(account, bucket) for bucket in [*made, buckets.code_bucket(account, arguments.stack)]}
    found = {bucket: number for bucket, number in found.items() if number is not None}
    if not found and not stack.description():
        say(f"there is no stack {arguments.stack} in account {account.number}, region {account.region}")
        return 0
    say(f"this removes the stack {arguments.stack} in account {account.number}, region {account.region}, and for good:")
    for bucket, number in found.items():
        say(f"  the bucket {bucket} with {number} objects")
    if not (arguments.yes or _agreed(arguments.stack)):
        raise Unusable("nothing was removed")
    _remove_with(account, stack, list(found))
    for bucket in found:
        # Those of the stack are gone with it.
        if bucket not in made:
            buckets.remove(account, bucket)
    say("removed")
    return 0


def _remove_with(account: Account, stack: Stack, emptied: list[str]) -> None:
    """Events that were still under way may write labels after the buckets were emptied: then once more."""
    for attempt in ("first", "last"):
        for bucket in emptied:
            if buckets.count(account, bucket) is not None:
                buckets.empty(account, bucket)
        try:
            return stack.remove(say)
        except Refused:
            if attempt == "last":
                raise


def _agreed(name: str) -> bool:
    if not sys.stdin.isatty():
        say("nobody is there to be asked: make remove-aws YES=1 removes without asking")
        return False
    print("deploy: type the stack's name to go on: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() == name


def outputs(arguments: argparse.Namespace) -> int:
    found = Stack(open_account(), arguments.stack).outputs()
    if not found:
        raise Refused(f"there is no stack {arguments.stack}, or it is not ready: make deploy-aws makes it")
    return _print(found)


def _print(found: dict[str, str]) -> int:
    for name, value in sorted(found.items()):
        print(f"{name}: {value}")
    return 0


def _summary(made: dict, values: dict[str, str]) -> str:
    kinds = Counter(one["Type"].removeprefix("AWS::") for one in template.resources(made, values).values())
    return ", ".join(f"{number} {kind}" if number > 1 else kind for kind, number in sorted(kinds.items()))


def say(line: str) -> None:
    print(f"deploy: {line}", file=sys.stderr)


COMMANDS = {"check": check, "deploy": deploy, "remove": remove, "outputs": outputs}

if __name__ == "__main__":
    sys.exit(main())
