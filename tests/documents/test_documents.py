"""What the documents say of each other: links lead somewhere, and both languages tell the same."""

from __future__ import annotations

import re
import subprocess
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def documents() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"]
    names = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT).stdout.split("\0")
    return [file for name in names if name and (file := PROJECT / name).exists()]


def without_blocks(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[str]:
    """Fenced examples, without what Chinese puts in the place of words in angle brackets."""
    return re.findall(r"^ *```.*?^ *```$", text, re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    return re.findall(r"^    (\S.*)$", without_blocks(text), re.MULTILINE)


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ .*$", without_blocks(text), re.MULTILINE)


def anchor(heading: str) -> str:
    """The anchor that a heading gets, as GitHub makes it."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lstrip("# ").lower()).strip())


def rows(text: str) -> list[int]:
    """The columns of each row of each table."""
    return [row.replace("\\|", "").count("|") - 1 for row in re.findall(r"^\|.*\|$", without_blocks(text), re.MULTILINE)]


class Links(unittest.TestCase):
    def test_every_link_within_the_project_leads_somewhere(self) -> None:
        for document in documents():
            for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(document.read_text())):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, fragment = target.partition("#")
                linked = (document.parent / name) if name else document
                place = f"{document.relative_to(PROJECT)}: {target}"
                self.assertTrue(linked.exists(), place)
                if fragment:
                    self.assertIn(fragment, map(anchor, headings(linked.read_text())), place)


class BothLanguages(unittest.TestCase):
    def pairs(self) -> list[tuple[Path, Path]]:
        """English and Chinese of every document that has both."""
        chinese = [file for file in documents() if file.name.endswith(".zh-CN.md")]
        return [(file.with_name(file.name.replace(".zh-CN", "")), file) for file in chinese]

    def test_each_names_the_other_at_its_top(self) -> None:
        self.assertGreaterEqual(len(self.pairs()), 5)
        for pair in self.pairs():
            for document, other in (pair, reversed(pair)):
                self.assertIn(f"]({other.name})", "".join(document.read_text().splitlines(keepends=True)[:4]), document)

    def test_both_have_the_same_examples_and_commands(self) -> None:
        for english, chinese in self.pairs():
            for part in (blocks, commands):
                self.assertEqual(part(chinese.read_text()), part(english.read_text()), chinese.name)

    def test_both_have_the_same_sections_and_tables(self) -> None:
        for english, chinese in self.pairs():
            levels = [[heading.split(" ")[0] for heading in headings(document.read_text())] for document in (english, chinese)]
            self.assertEqual(levels[1], levels[0], chinese.name)
            self.assertEqual(rows(chinese.read_text()), rows(english.read_text()), chinese.name)

    def test_both_link_to_the_same_pages_elsewhere(self) -> None:
        for english, chinese in self.pairs():
            links = [set(re.findall(r"https?://[^\s)>`]+", document.read_text())) for document in (english, chinese)]
            self.assertEqual(links[1], links[0], chinese.name)


if __name__ == "__main__":
    unittest.main()
