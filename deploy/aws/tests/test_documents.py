"""docs/aws.md and its Chinese twin: what they name exists, with its default, and their sums are right."""

import re
import unittest
from pathlib import Path

from deploy.aws import template

PROJECT = Path(__file__).resolve().parents[3]
PAGES = ("docs/aws.md", "docs/aws.zh-CN.md")


def text(name: str) -> str:
    return (PROJECT / name).read_text()


class Documents(unittest.TestCase):
    def test_every_parameter_is_explained_with_its_default_and_no_other(self) -> None:
        defaults = {name: str(known["Default"]) for name, known in template.load()["Parameters"].items()}
        expected = {name: f"`{default}`" if default else "–" for name, default in defaults.items()}
        for page in PAGES:
            rows = re.findall(r"^\| `([A-Z]\w+)` \| (\S+) \|", text(page), re.MULTILINE)
            self.assertEqual(dict(rows), expected, page)
            self.assertEqual([name for name, _ in rows], list(defaults), page)

    def test_every_target_is_there_and_told_of(self) -> None:
        targets = set(re.findall(r"^([a-z][a-z-]+):", text("deploy/aws/deploy.mk"), re.MULTILINE))
        for page in PAGES:
            named = set(re.findall(r"\bmake (?:-s )?([a-z-]*aws[a-z-]*)", text(page)))
            self.assertEqual(named, targets, page)

    def test_names_of_resources_are_those_of_the_template(self) -> None:
        made = template.FILE.read_text()
        for suffix in ("-pictures-${AWS::AccountId}-${AWS::Region}", "-dead-letters"):
            self.assertIn("${AWS::StackName}" + suffix, made)
            written = "wasm-vision" + suffix.replace("${AWS::AccountId}", "<account>").replace("${AWS::Region}", "<region>")
            for page in PAGES:
                self.assertIn(f"`{written}`", text(page))

    def test_the_sums_of_the_cost_are_right(self) -> None:
        for page in PAGES:
            rows = re.findall(r"^\| [^|]+ \| ([\d,.]+ [^|]*) \| ([\d.]+) \|$", text(page), re.MULTILINE)
            self.assertEqual(len(rows), 6, page)
            total = 0.0
            for formula, result in rows:
                number = 1.0
                for sign, factor in re.findall(r"(^|[×/]) ?\$?([\d,.]+)", formula):
                    value = float(factor.replace(",", ""))
                    number = number / value if sign == "/" else number * value
                self.assertAlmostEqual(number, float(result), delta=0.005, msg=f"{page}: {formula}")
                total += float(result)
            (told,) = re.findall(r"\*\* \| \| ([\d.]+) \|$", text(page), re.MULTILINE)
            self.assertAlmostEqual(total, float(told), delta=0.005)

    def test_the_time_is_that_of_the_benchmarks(self) -> None:
        (measured,) = re.findall(r"^\| 4000 × 3000 \| 1 \| ([\d.]+) \(", text("docs/benchmarks.md"), re.MULTILINE)
        self.assertIn(f"takes {float(measured):.0f} ms on one processor", text(PAGES[0]))
        self.assertIn(f"用 {float(measured):.0f} 毫秒", text(PAGES[1]))

    def test_the_front_of_the_page_s_tests_answers_as_the_template_says(self) -> None:
        front = text("tests/page/function_url.py")
        cors = template.load()["Resources"]["Function"]["Properties"]["FunctionUrlConfig"]["Cors"]["Fn::If"][1]
        for name, key in {"METHODS": "AllowMethods", "ALLOWED_HEADERS": "AllowHeaders", "EXPOSED_HEADERS": "ExposeHeaders"}.items():
            (written,) = re.findall(rf"^{name} = (\(.*\))$", front, re.MULTILINE)
            self.assertEqual(list(re.findall(r'"([^"]+)"', written)), cors[key], name)
