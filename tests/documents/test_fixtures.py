"""Every file that tests read is listed in the README.md of its folder, in the first column of a table."""

from __future__ import annotations

import os
import re
import subprocess
import unittest
from fnmatch import fnmatch
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TESTS = PROJECT / "tests"

# Code and what it is built from explain themselves; so do programs, which are executable.
CODE = {".rs", ".py", ".mk"}
BUILT_FROM = {"Cargo.toml", "requirements.txt", "requirements.in"}


def committed() -> list[Path]:
    """All files under tests/ that git has or is going to have."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "tests"]
    names = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT).stdout.split("\0")
    return [file for name in names if name and (file := PROJECT / name).exists()]


def is_fixture(file: Path) -> bool:
    return not (file.suffix in CODE or file.name in BUILT_FROM or file.name == "README.md" or os.access(file, os.X_OK))


def readme_of(file: Path) -> Path | None:
    """The README.md of the nearest folder that has one; that of tests/ itself lists folders only."""
    folders = [folder for folder in file.parents if folder.is_relative_to(TESTS) and (folder != TESTS or file.parent == TESTS)]
    return next((folder / "README.md" for folder in folders if (folder / "README.md").exists()), None)


def listed(readme: Path) -> list[str]:
    """The names in the first column of its tables: `file`, `family-*`, or `folder/` for all that is in it."""
    rows = re.findall(r"^\| ([^|]*`[^|]*) \|", readme.read_text(), re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def is_listed(file: Path, readme: Path) -> bool:
    name = str(file.relative_to(readme.parent))
    return any(name.startswith(entry) if entry.endswith("/") else fnmatch(name, entry) for entry in listed(readme))


class Fixtures(unittest.TestCase):
    def test_every_fixture_is_listed_in_the_readme_of_its_folder(self) -> None:
        missing = []
        for file in committed():
            readme = readme_of(file)
            if is_fixture(file) and (readme is None or not is_listed(file, readme)):
                missing.append(str(file.relative_to(PROJECT)))
        self.assertEqual(missing, [])

    def test_every_folder_is_listed_in_the_readme_of_the_tests(self) -> None:
        folders = {f"{file.relative_to(TESTS).parts[0]}/" for file in committed() if file.parent != TESTS}
        self.assertEqual({name for name in listed(TESTS / "README.md") if name.endswith("/")}, folders)

    def test_what_is_listed_is_there(self) -> None:
        for readme in TESTS.rglob("README.md"):
            for entry in listed(readme):
                self.assertTrue(any(readme.parent.glob(entry)), f"{readme.relative_to(PROJECT)} lists {entry}")

    def test_a_name_that_no_row_has_is_not_listed(self) -> None:
        readme = TESTS / "cases/README.md"
        self.assertTrue(is_listed(TESTS / "cases/bare.event.json", readme))
        self.assertFalse(is_listed(TESTS / "cases/bare-new.event.json", readme))


if __name__ == "__main__":
    unittest.main()
