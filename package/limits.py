"""The platform's limits for packages (https://cloud.tencent.com/document/product/583/11637)."""

from __future__ import annotations

from pathlib import Path

from package.archive import unpacked_size

MB = 1 << 20

# A zip that the console takes; through a bucket it may be larger, but then the console's path in docs/deploy.md fails.
ZIP_LIMIT = 50 * MB
# The function and all its layers.
UNPACKED_LIMIT = 500 * MB


def check(archives: list[Path]) -> list[str]:
    """Prints the sizes; returns what is wrong with them."""
    problems = []
    total = 0
    for archive in archives:
        packed, unpacked = archive.stat().st_size, unpacked_size(archive)
        total += unpacked
        print(f"{archive.name}: {packed / MB:.1f} MB, unpacked {unpacked / MB:.1f} MB")
        if packed > ZIP_LIMIT:
            problems.append(f"{archive.name} has {packed / MB:.1f} MB, the platform takes up to {ZIP_LIMIT // MB} MB")
    if total > UNPACKED_LIMIT:
        problems.append(f"unpacked they have {total / MB:.1f} MB, the platform takes up to {UNPACKED_LIMIT // MB} MB")
    return problems
