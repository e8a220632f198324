"""template.yaml: what SAM makes of it is right by cfn-lint's schemas, has no circle, and says what we mean."""

import itertools
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from deploy.aws import template

CHOICES = {
    "FunctionKind": ("recognize", "cutout"), "FunctionOptions": ("", "size=1024&background=blur"),
    "WithPage": ("yes", "no"), "UrlAccess": ("NONE", "AWS_IAM"), "OtherOrigin": ("", "https://www.example.com"),
    "AlarmEmail": ("", "me@example.com"), "ObjectTags": ("true", "false"), "HistoryUrl": ("", "postgres://db/vision"),
}


def lint(document: dict) -> list[str]:
    """cfn-lint's findings, warnings too."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(document, file)
        file.flush()
        command = [Path(sys.executable).with_name("cfn-lint"), "--format", "parseable", "--regions", "eu-central-1,us-east-1", "--", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() + done.stderr.splitlines()


def plain(values: dict[str, str] | None = None) -> dict:
    return template.plain(values or {}, "eu-central-1", "code-bucket", "lambda.zip")


class Lint(unittest.TestCase):
    def test_nothing_is_found_in_what_the_transform_makes(self) -> None:
        self.assertEqual(lint(plain()), [])

    def test_wrong_values_are_found(self) -> None:
        # Of the template as written, cfn-lint finds neither.
        for path, value in ((("Properties", "Runtime"), "provided.al2022"), (("Properties", "MemorySize"), 64)):
            made = plain()
            made["Resources"]["Function"][path[0]][path[1]] = value
            self.assertNotEqual(lint(made), [], value)
        made = plain()
        made["Resources"]["FunctionUrl"]["Properties"]["InvokeMode"] = "BUFFER"
        self.assertNotEqual(lint(made), [])

    def test_every_parameter_has_a_description_and_a_default_that_is_accepted(self) -> None:
        parameters = template.load()["Parameters"]
        for name, known in parameters.items():
            self.assertGreater(len(known["Description"]), 20, name)
            self.assertEqual(template.parameter_problems({name: str(known["Default"])}), [], name)

    def test_every_parameter_is_used(self) -> None:
        document = template.load()
        used = json.dumps([document["Resources"], document["Conditions"]])
        for name in document["Parameters"]:
            self.assertTrue(f'{{"Ref": "{name}"}}' in used or f"${{{name}}}" in used, name)

    def test_it_fits_into_a_request(self) -> None:
        self.assertLess(len(json.dumps(plain(), separators=(",", ":"))), 51_200)


class Meaning(unittest.TestCase):
    def setUp(self) -> None:
        self.resources = plain()["Resources"]

    def properties(self, name: str) -> dict:
        return self.resources[name]["Properties"]

    def test_no_resource_waits_for_itself(self) -> None:
        waits = {name: references(one) & set(self.resources) for name, one in self.resources.items()}
        while ready := [name for name, others in waits.items() if not others]:
            waits = {name: others - set(ready) for name, others in waits.items() if name not in ready}
        self.assertEqual(waits, {}, "a circle")

    def test_whatever_is_chosen_no_reference_leads_to_what_is_not_made(self) -> None:
        document = plain()
        for values in (dict(zip(CHOICES, chosen)) for chosen in itertools.product(*CHOICES.values())):
            made = template.resources(document, values)
            conditions = {name: name in held(document, values) for name in document["Conditions"]}
            for name, one in made.items():
                missing = references(chosen_of(one, conditions)) & (set(document["Resources"]) - set(made))
                self.assertEqual(missing, set(), f"{name} with {values}")

    def test_the_bucket_tells_the_function_of_pictures_and_uploads_and_not_of_labels(self) -> None:
        told = self.properties("Pictures")["NotificationConfiguration"]["LambdaConfigurations"]
        prefixes = [one["Filter"]["S3Key"]["Rules"] for one in told]
        self.assertEqual(prefixes, [[{"Name": "prefix", "Value": {"Ref": "PicturesPrefix"}}], [{"Name": "prefix", "Value": "uploads/"}]])
        variables = self.properties("Function")["Environment"]["Variables"]
        prefix = {"Fn::If": ["IsRecognition", "labels/", "results/"]}
        self.assertEqual((variables["VISION_S3_OUTPUT_PREFIX"], variables["VISION_UPLOAD_PREFIX"]), (prefix, "uploads/"))

    def test_a_function_that_answers_pictures_has_neither_page_nor_uploads_and_writes_under_results(self) -> None:
        for kind, word in (("recognize", None), ("cutout", "cutout"), ("thumbnail", "thumb")):
            values = {"FunctionKind": kind, "FunctionOptions": "size=640"}
            document = plain(values)
            conditions = {name: name in held(document, values) for name in document["Conditions"]}
            made = template.resources(document, values)
            self.assertEqual("Distribution" in made, kind == "recognize", kind)
            variables = chosen_of(made["Function"]["Properties"], conditions)["Environment"]["Variables"]
            nothing = {"Ref": "AWS::NoValue"}
            self.assertEqual(variables["VISION_S3_OUTPUT_NAME"], word or nothing)
            self.assertEqual(variables["VISION_UPLOAD_BUCKET"] == nothing, kind != "recognize")
            self.assertEqual(variables["VISION_QUERY"], {"Ref": "FunctionOptions"})
            rights = json.dumps(chosen_of(made["Role"]["Properties"], conditions))
            self.assertEqual(("/labels/*" in rights, "/results/*" in rights), (kind == "recognize", kind != "recognize"))
            self.assertEqual(template.archive_name(values), "lambda.zip" if kind == "recognize" else f"lambda-{kind}.zip")

    def test_options_of_a_function_are_a_query(self) -> None:
        for options, accepted in {"": True, "size=1024&background=%23ffffff": True, "sizes=160,480": True, "size": False, "a=b c": False,
                                  "a=1&": False}.items():
            self.assertEqual(template.parameter_problems({"FunctionOptions": options}) == [], accepted, options)

    def test_s3_may_call_before_the_bucket_is_made(self) -> None:
        self.assertEqual(set(self.resources["Pictures"]["DependsOn"]), {"FunctionPicturesPermission", "FunctionUploadsPermission"})
        for name in self.resources["Pictures"]["DependsOn"]:
            self.assertEqual(self.properties(name)["SourceAccount"], {"Ref": "AWS::AccountId"})

    def test_a_public_url_has_both_permissions(self) -> None:
        public = [one["Properties"] for one in self.resources.values() if one.get("Condition") == "IsPublic"]
        self.assertEqual({one["Action"] for one in public}, {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"})
        self.assertEqual({one.get("FunctionUrlAuthType") or one.get("InvokedViaFunctionUrl") for one in public}, {"NONE", True})

    def test_no_bucket_is_public(self) -> None:
        for name, one in self.resources.items():
            if one["Type"] == "AWS::S3::Bucket":
                self.assertEqual(set(one["Properties"]["PublicAccessBlockConfiguration"].values()), {True}, name)

    def test_events_that_fail_are_kept_and_told_of(self) -> None:
        failed = self.properties("FunctionEventInvokeConfig")["DestinationConfig"]["OnFailure"]
        self.assertEqual(failed, {"Destination": {"Fn::GetAtt": ["DeadLetters", "Arn"]}})
        watched = {one["Properties"]["MetricName"] for one in self.resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"}
        self.assertEqual(watched, {"Errors", "Throttles", "ApproximateNumberOfMessagesVisible"})

    def test_nothing_stays_when_the_stack_is_removed(self) -> None:
        kept = [name for name, one in self.resources.items() if one.get("DeletionPolicy", "Delete") != "Delete"]
        self.assertEqual(kept, [])


def references(value: object) -> set[str]:
    """The names that a piece of a template refers to."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, one in value.items():
        if key == "Ref":
            found.add(one)
        elif key == "Fn::GetAtt":
            found.add(one[0] if isinstance(one, list) else one.split(".")[0])
        elif key == "Fn::Sub":
            found |= {part.split("}")[0].split(".")[0] for part in one.split("${")[1:]}
        elif key == "DependsOn":
            found |= {one} if isinstance(one, str) else set(one)
        else:
            found |= references(one)
    return found


def held(document: dict, values: dict[str, str]) -> set[str]:
    """The conditions that the values fulfil, by a resource for each."""
    probes = {name: {"Type": "x", "Condition": name} for name in document["Conditions"]}
    return set(template.resources(document | {"Resources": probes}, values))


def chosen_of(value: object, conditions: dict[str, bool]) -> object:
    """A piece of a template with each Fn::If decided."""
    if isinstance(value, list):
        return [chosen_of(one, conditions) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        name, yes, no = value["Fn::If"]
        return chosen_of(yes if conditions[name] else no, conditions)
    return {key: chosen_of(one, conditions) for key, one in value.items()}
