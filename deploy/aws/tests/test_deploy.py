"""`make deploy-aws` and its siblings, the programs themselves, against the emulator."""

import json
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from deploy.aws.tests.emulator import ACCOUNT, REGION, Emulator, clean_environment

PROJECT = Path(__file__).resolve().parents[3]
PICTURES = f"wasm-vision-pictures-{ACCOUNT}-{REGION}"
CODE = f"wasm-vision-code-{ACCOUNT}-{REGION}"


class ProgramTest(unittest.TestCase):
    """The program in a process of its own, the emulator, and a folder with a package."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = Emulator()
        cls.addClassCleanup(cls.emulator.close)

    def setUp(self) -> None:
        self.emulator.reset()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.packages = Path(folder.name)
        with zipfile.ZipFile(self.packages / "lambda.zip", "w") as archive:
            archive.writestr("bootstrap", "#!/bin/sh\n")

    def run_it(self, command: str, *options: str, environment: dict | None = None) -> tuple[int, str]:
        """Exit code, and all that was said."""
        environment = self.emulator.environment if environment is None else environment
        called = [sys.executable, "-m", "deploy.aws", *options, "--packages", str(self.packages), command]
        done = subprocess.run(called, cwd=PROJECT, env=clean_environment() | environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        return done.returncode, done.stdout

    def deploy(self, *options: str) -> dict[str, str]:
        code, said = self.run_it("deploy", *options)
        self.assertEqual(code, 0, said)
        return dict(line.split(": ", 1) for line in said.splitlines() if not line.startswith("deploy: "))

    def stacks(self) -> list[str]:
        return [stack["StackName"] for stack in self.emulator.client("cloudformation").describe_stacks()["Stacks"]]

    def buckets(self) -> set[str]:
        return {bucket["Name"] for bucket in self.emulator.client("s3").list_buckets()["Buckets"]}


class Deploy(ProgramTest):
    def test_a_deploy_makes_the_function_with_its_archive_and_settings(self) -> None:
        self.deploy("--parameters", "MemoryMB=1024 LogLevel=warn")
        found = self.emulator.client("lambda").get_function_configuration(FunctionName="wasm-vision")
        self.assertEqual((found["Runtime"], found["MemorySize"], found["Timeout"]), ("provided.al2023", 1024, 30))
        variables = found["Environment"]["Variables"]
        self.assertEqual(variables["VISION_LOG"], "warn")
        self.assertEqual(variables["VISION_UPLOAD_BUCKET"], PICTURES)
        self.assertNotIn("VISION_HISTORY", variables)
        (key,) = [one["Key"] for one in self.emulator.client("s3").list_objects_v2(Bucket=CODE)["Contents"]]
        stored = self.emulator.client("s3").get_object(Bucket=CODE, Key=key)["Body"].read()
        self.assertEqual(stored, (self.packages / "lambda.zip").read_bytes())

    def test_another_function_is_another_archive_and_stays_when_nothing_else_is_said(self) -> None:
        with zipfile.ZipFile(self.packages / "lambda-cutout.zip", "w") as archive:
            archive.writestr("cutout.wasm", "wasm")
        outputs = self.deploy("--parameters", "FunctionKind=cutout FunctionOptions=size=640&background=blur")
        self.assertNotIn("SiteUrl", outputs)
        found = self.emulator.client("lambda").get_function_configuration(FunctionName="wasm-vision")
        variables = found["Environment"]["Variables"]
        self.assertEqual((variables["VISION_QUERY"], variables["VISION_S3_OUTPUT_PREFIX"]), ("size=640&background=blur", "results/"))
        self.assertEqual((variables["VISION_S3_OUTPUT_NAME"], variables.get("VISION_UPLOAD_BUCKET")), ("cutout", None))
        self.deploy("--parameters", "LogLevel=warn")
        storage = self.emulator.client("s3")
        stored = [storage.get_object(Bucket=CODE, Key=one["Key"])["Body"].read() for one in storage.list_objects_v2(Bucket=CODE)["Contents"]]
        self.assertEqual(stored, [(self.packages / "lambda-cutout.zip").read_bytes()])
        code, said = self.run_it("deploy", "--parameters", "FunctionKind=thumbnail")
        self.assertEqual(code, 2)
        self.assertIn("lambda-thumbnail.zip is missing: run make package first", said)

    def test_the_page_is_uploaded_with_the_addresses_of_the_stack(self) -> None:
        outputs = self.deploy()
        storage = self.emulator.client("s3")
        index = storage.get_object(Bucket=outputs["SiteBucket"], Key="index.html")
        markup = index["Body"].read().decode()
        self.assertIn(f'<meta name="service" content="{outputs["FunctionUrl"]}">', markup)
        function, uploads = outputs["FunctionUrl"].rstrip("/"), outputs["UploadOrigin"]
        self.assertIn(f"connect-src 'self' {function} {uploads};", markup)
        self.assertEqual(index["ContentType"], "text/html; charset=utf-8")
        script = storage.get_object(Bucket=outputs["SiteBucket"], Key="assets/scripts/recognize.js")
        self.assertRegex(script["ContentType"], "^(text|application)/javascript")
        distributions = self.emulator.client("cloudfront")
        self.assertEqual(outputs["SiteUrl"], "https://{}/".format(
            distributions.get_distribution(Id=outputs["SiteDistribution"])["Distribution"]["DomainName"]))
        invalidated = distributions.list_invalidations(DistributionId=outputs["SiteDistribution"])["InvalidationList"]
        self.assertEqual(invalidated["Quantity"], 1)

    def test_only_the_page_s_origin_may_call_the_function(self) -> None:
        outputs = self.deploy()
        url = self.emulator.client("lambda").get_function_url_config(FunctionName="wasm-vision")
        self.assertEqual((url["AuthType"], url["Cors"]["AllowOrigins"]), ("NONE", [outputs["SiteUrl"].rstrip("/")]))

    def test_a_second_deploy_changes_what_changed_and_keeps_the_other_parameters(self) -> None:
        first = self.deploy("--parameters", "MemoryMB=1024")
        with zipfile.ZipFile(self.packages / "lambda.zip", "a") as archive:
            archive.writestr("more", "x")
        second = self.deploy("--parameters", "LogDays=30")
        self.assertEqual(first, second)
        found = self.emulator.client("cloudformation").describe_stacks(StackName="wasm-vision")["Stacks"][0]
        values = {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]}
        self.assertEqual((values["MemoryMB"], values["LogDays"]), ("1024", "30"))
        self.assertEqual(len(self.emulator.client("s3").list_objects_v2(Bucket=CODE)["Contents"]), 2)

    def test_files_that_the_page_has_no_more_are_gone(self) -> None:
        outputs = self.deploy()
        storage = self.emulator.client("s3")
        storage.put_object(Bucket=outputs["SiteBucket"], Key="assets/old.js", Body=b"")
        self.deploy()
        keys = {one["Key"] for one in storage.list_objects_v2(Bucket=outputs["SiteBucket"])["Contents"]}
        self.assertNotIn("assets/old.js", keys)
        self.assertIn("index.html", keys)

    def test_without_the_page_there_is_no_distribution(self) -> None:
        outputs = self.deploy("--parameters", "WithPage=no")
        self.assertNotIn("SiteUrl", outputs)
        self.assertEqual(self.emulator.client("cloudfront").list_distributions()["DistributionList"]["Quantity"], 0)

    def test_a_dry_run_changes_nothing(self) -> None:
        code, said = self.run_it("deploy", "--dry-run")
        self.assertEqual(code, 0, said)
        self.assertIn("would make CloudFront::Distribution", said)
        self.assertEqual((self.stacks(), self.buckets()), ([], set()))

    def test_outputs_are_told_again(self) -> None:
        outputs = self.deploy()
        code, said = self.run_it("outputs")
        self.assertEqual(code, 0, said)
        self.assertIn(f"FunctionUrl: {outputs['FunctionUrl']}", said)

    def test_remove_takes_away_the_stack_and_every_bucket_with_its_objects(self) -> None:
        self.deploy()
        storage = self.emulator.client("s3")
        storage.create_bucket(Bucket="somebody-else-s", CreateBucketConfiguration={"LocationConstraint": REGION})
        for number in range(3):
            storage.put_object(Bucket=PICTURES, Key=f"in/{number} 番茄+.jpg", Body=b"x")
        code, said = self.run_it("remove", "--yes")
        self.assertEqual(code, 0, said)
        self.assertIn(f"the bucket {PICTURES} with 3 objects", said)
        self.assertEqual((self.stacks(), self.buckets()), ([], {"somebody-else-s"}))

    def test_remove_asks_and_where_nobody_is_there_it_removes_nothing(self) -> None:
        self.deploy()
        before = self.buckets()
        code, said = self.run_it("remove")
        self.assertEqual(code, 2, said)
        self.assertIn("YES=1", said)
        self.assertEqual((self.stacks(), self.buckets()), (["wasm-vision"], before))

    def test_removing_what_is_not_there_is_no_error(self) -> None:
        code, said = self.run_it("remove", "--yes")
        self.assertEqual((code, "there is no stack wasm-vision" in said), (0, True), said)

    def test_two_stacks_do_not_meet(self) -> None:
        self.deploy()
        self.deploy("--stack", "other")
        self.run_it("remove", "--yes")
        self.assertEqual(self.stacks(), ["other"])
        self.assertIn(f"other-pictures-{ACCOUNT}-{REGION}", self.buckets())


class Refusals(ProgramTest):
    """Each is one line that says what to do, and exit code 2 where nothing was tried."""

    def said(self, *options: str, command: str = "deploy", environment: dict | None = None) -> str:
        code, said = self.run_it(command, *options, environment=environment)
        self.assertEqual(code, 2, said)
        self.assertEqual([line for line in said.splitlines() if not line.startswith("deploy: ")], [])
        return said

    def test_without_credentials_or_region(self) -> None:
        self.assertIn("no AWS credentials found", self.said(environment={"AWS_REGION": REGION}))
        self.assertIn("no region is set", self.said(environment={}))
        self.assertIn("profile", self.said(environment={"AWS_REGION": REGION, "AWS_PROFILE": "nobody"}))

    def test_with_credentials_that_aws_does_not_know(self) -> None:
        self.emulator.ask_for_permissions()
        self.assertIn("AWS does not know this access key", self.said())

    def test_without_the_package(self) -> None:
        (self.packages / "lambda.zip").unlink()
        self.assertIn("lambda.zip is missing: run make package", self.said())

    def test_wrong_parameters_all_at_once(self) -> None:
        said = self.said("--parameters", "MemoryMB=64 Colour=red LogDays=2 AlarmEmail=nobody PicturesPrefix=labels/ x")
        for part in ("MemoryMB is '64'", "Colour is no parameter", "LogDays is '2'", "AlarmEmail is 'nobody'",
                     "PicturesPrefix is 'labels/'", "'x' among the parameters has no value"):
            self.assertIn(part, said)

    def test_a_stack_name_that_makes_bad_names_of_buckets(self) -> None:
        for name in ("Big", "x", "a_b", "a" * 30, "-a"):
            self.assertIn("small letters, digits and dashes", self.said(f"--stack={name}"))

    def test_a_cloud_that_cannot_be_reached_is_told(self) -> None:
        code, said = self.run_it("deploy", environment=self.emulator.environment | {
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"})
        self.assertEqual(code, 1)
        self.assertIn("Could not connect", said)

    def test_the_secret_is_never_told(self) -> None:
        code, said = self.run_it("deploy", environment=self.emulator.environment | {"AWS_SECRET_ACCESS_KEY": "very-secret"})
        self.assertNotIn("very-secret", said)


