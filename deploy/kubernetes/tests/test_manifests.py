"""What deploy/kubernetes says: every resource by the schema of its kind, and that the parts go together."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import yaml

from .schemas import problems

FOLDER = Path(__file__).resolve().parent.parent
PROJECT = FOLDER.parent.parent
VISION = PROJECT / os.environ.get("VISION", "target/release/vision")
BUILT = ["base", "overlays/history", "overlays/keda", "knative"]


def resources(file: Path) -> list[dict]:
    return [each for each in yaml.safe_load_all(file.read_text()) if each]


def files() -> list[Path]:
    """All but the patches, which are parts of resources: they are checked in what is built of them."""
    return sorted(file for file in FOLDER.glob("**/*.yaml") if not file.stem.endswith("-patch"))


def resource(name: str, kind: str) -> dict:
    return next(each for each in resources(FOLDER / name) if each["kind"] == kind)


def seconds(text: str) -> int:
    return int(re.fullmatch(r"(\d+)s", text).group(1))


class Schemas(unittest.TestCase):
    def test_every_resource_is_as_its_kind_says(self) -> None:
        self.assertGreater(len(files()), 12)
        for file in files():
            for each in resources(file):
                with self.subTest(file=str(file.relative_to(FOLDER)), kind=each["kind"]):
                    self.assertEqual(problems(each), [])

    def test_a_wrong_name_or_type_is_noticed_in_every_kind(self) -> None:
        kinds = set()
        for file in files():
            for each in resources(file):
                kinds.add(each["kind"])
                wrong = copy.deepcopy(each)
                (wrong["spec"] if "spec" in wrong else wrong)["nameOfNothing"] = 1
                self.assertNotEqual(problems(wrong), [], f"{file} {each['kind']}")
        self.assertEqual(len(kinds), 10, kinds)
        service = resource("knative/service.yaml", "Service")
        for change in ({"timeoutSeconds": "65"}, {"containerConcurency": 3}):
            wrong = copy.deepcopy(service)
            wrong["spec"]["template"]["spec"].update(change)
            self.assertNotEqual(problems(wrong), [], change)
        deployment = resource("base/deployment.yaml", "Deployment")
        deployment["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
        self.assertNotEqual(problems(deployment), [])

    @unittest.skipUnless(shutil.which("kubectl"), "kubectl builds the overlays, and is not here")
    def test_what_kustomize_builds_is_as_its_kinds_say(self) -> None:
        for name in BUILT:
            text = subprocess.run(["kubectl", "kustomize", FOLDER / name], check=True, capture_output=True, text=True).stdout
            built = [each for each in yaml.safe_load_all(text) if each]
            for each in built:
                with self.subTest(overlay=name, kind=each["kind"]):
                    self.assertEqual(problems(each), [])
            scalers = [each["kind"] for each in built if each["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")]
            expected = {"base": ["HorizontalPodAutoscaler"], "overlays/history": ["HorizontalPodAutoscaler"],
                        "overlays/keda": ["ScaledObject"], "knative": []}
            self.assertEqual(scalers, expected[name])
            for each in built:
                # Without the labels that kustomize adds a selector would take every pod of the namespace.
                selector = each["spec"].get("selector") or each["spec"].get("podSelector")
                self.assertNotIn(selector, ({}, {"matchLabels": {}}), each["kind"])


class Together(unittest.TestCase):
    def containers(self) -> list[tuple[str, dict, dict]]:
        """Each container that serves, with its pod."""
        pods = [resource("base/deployment.yaml", "Deployment"), resource("knative/service.yaml", "Service")]
        return [(each["apiVersion"], pod, pod["containers"][0]) for each in pods for pod in [each["spec"]["template"]["spec"]]]

    def test_variables_are_those_of_the_program(self) -> None:
        told = subprocess.run([VISION, "serve", "--help"], check=True, capture_output=True, text=True, env={}).stdout
        known = set(re.findall(r"\[env: (\w+)=", told))
        self.assertIn("VISION_DRAIN_TIME", known)
        for file in files():
            for name in re.findall(r"\bVISION_\w+", file.read_text()):
                self.assertIn(name, known, file)

    def test_nobody_is_killed_before_the_end(self) -> None:
        for _, pod, container in self.containers():
            set_to = {each["name"]: each.get("value") for each in container["env"]}
            drain, whole = seconds(set_to["VISION_DRAIN_TIME"]), seconds(set_to["VISION_SHUTDOWN_TIME"])
            self.assertLessEqual(2 * drain, whole)
            self.assertLess(whole, pod.get("terminationGracePeriodSeconds") or pod["timeoutSeconds"])

    def test_containers_may_do_next_to_nothing(self) -> None:
        for version, pod, container in self.containers():
            with self.subTest(version):
                context = {**pod.get("securityContext", {}), **container["securityContext"]}
                self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
                self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
                self.assertTrue(context["runAsNonRoot"] and context["readOnlyRootFilesystem"])
                self.assertFalse(context["allowPrivilegeEscalation"] or pod["automountServiceAccountToken"])
                self.assertTrue(container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"])
                self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/readyz")
                self.assertEqual(container["livenessProbe"]["httpGet"]["path"], "/healthz")

    def test_metrics_that_scale_are_those_of_the_service(self) -> None:
        source = "".join(file.read_text() for file in (PROJECT / "layer/src/trigger/serve").glob("**/*.rs"))
        scaled = "".join((FOLDER / name).read_text() for name in ("base/autoscaler.yaml", "overlays/keda/scaledobject.yaml"))
        named = set(re.findall(r"\bvision_[a-z_]+", scaled))
        self.assertEqual(named, {"vision_queue_length", "vision_instances_busy"})
        for metric in named:
            self.assertIn(f'"{metric}"', source)

    def test_references_lead_to_what_is_there(self) -> None:
        made = {(each["kind"], each["metadata"]["name"]) for file in files() for each in resources(file) if "metadata" in each}
        triggers = [each for each in resources(FOLDER / "knative/trigger.yaml")]
        self.assertIn(("Service", triggers[0]["spec"]["subscriber"]["ref"]["name"]), made)
        for each in triggers:
            self.assertIn(("Broker", each["spec"]["broker"]), made)
        for name in ("source-s3", "source-minio"):
            sink = resource(f"knative/{name}.yaml", "IntegrationSource")["spec"]["sink"]["ref"]
            self.assertIn((sink["kind"], sink["name"]), made)


if __name__ == "__main__":
    unittest.main()
