"""The platforms' limits for packages: https://cloud.tencent.com/document/product/583/11637 and
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from package.archive import unpacked_size
from package.contents import PICTURE_FUNCTIONS

MB = 1 << 20


@dataclass(frozen=True)
class Platform:
    """A platform, and the archives of which a function consists there."""

    name: str
    archives: frozenset[str]
    zip_limit: int
    """Of one archive. Through a bucket it may be larger, but then the documents' way by the console fails."""
    unpacked_limit: int
    """Of the function and all its layers."""


PLATFORMS = [Platform("Tencent SCF", frozenset({"layer", "scf"}), 50 * MB, 500 * MB),
             Platform("AWS Lambda", frozenset({"lambda"}), 50 * MB, 250 * MB),
             Platform("AWS Lambda", frozenset({"lambda-layer"}), 50 * MB, 250 * MB),
             *(platform for name in PICTURE_FUNCTIONS
               for platform in (Platform("Tencent SCF", frozenset({"layer", f"scf-{name}"}), 50 * MB, 500 * MB),
                                Platform("AWS Lambda", frozenset({f"lambda-{name}"}), 50 * MB, 250 * MB)))]


def check(archives: list[Path]) -> list[str]:
    """Prints the sizes; returns what is wrong with them."""
    for archive in archives:
        print(f"{archive.name}: {archive.stat().st_size / MB:.1f} MB, unpacked {unpacked_size(archive) / MB:.1f} MB")
    problems = []
    for platform in PLATFORMS:
        own = [archive for archive in archives if archive.stem in platform.archives]
        problems += [f"{archive.name} has {archive.stat().st_size / MB:.1f} MB, {platform.name} takes up to {platform.zip_limit // MB} MB"
                     for archive in own if archive.stat().st_size > platform.zip_limit]
        total = sum(map(unpacked_size, own))
        if total > platform.unpacked_limit:
            problems.append(f"unpacked they have {total / MB:.1f} MB, {platform.name} takes up to {platform.unpacked_limit // MB} MB")
    return problems
