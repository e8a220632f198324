"""Where a part may come from. `TOOLCHAIN_SOURCES` narrows or reorders it, for tests and for careful people."""

import os

from toolchain.console import Failure

MACHINE, UPSTREAM, PACKAGES = "machine", "upstream", "packages"
DEFAULT = f"{MACHINE},{UPSTREAM},{PACKAGES}"


def allowed() -> list[str]:
    """The sources to try, in order: what the machine has, the upstream release, package registries."""
    names = os.environ.get("TOOLCHAIN_SOURCES", DEFAULT).replace(" ", "").split(",")
    if unknown := set(names) - {MACHINE, UPSTREAM, PACKAGES}:
        raise Failure(f"TOOLCHAIN_SOURCES names {', '.join(sorted(unknown))}; known are {DEFAULT}")
    return names
