"""Packages of any Debian suite without root: fetched by apt into the cache, unpacked into a prefix of the project.

apt reads the suite from a private state folder with an empty status file, so that the closure contains even
libc6. The archive's signature is checked against the keyring of the machine; apt checks each package's hash.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from toolchain import paths
from toolchain.console import Failure, progress, say

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def suite_of_this_machine() -> str:
    release = Path("/etc/os-release").read_text()
    codename = re.search(r"^VERSION_CODENAME=(\w+)", release, re.MULTILINE)
    return codename.group(1) if codename else "stable"


def unpack(prefix: Path, suite: str, closure: list[str], alone: list[str] | None = None) -> dict[str, str]:
    """Unpacks packages of `suite` into `prefix`, which appears whole or not at all.

    `closure` come with all they depend on, `alone` without. Returns the version of every package by name.
    """
    debs = _fetched(suite, closure, alone or [])
    partial = prefix.with_name(prefix.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with progress(f"unpacking {len(debs)} packages of Debian {suite}"):
        for deb in debs:
            subprocess.run(["dpkg-deb", "-x", deb, partial], check=True)
    shutil.rmtree(prefix, ignore_errors=True)
    partial.replace(prefix)
    return dict(_name_and_version(deb) for deb in debs)


def _name_and_version(deb: Path) -> tuple[str, str]:
    name, version, _ = deb.stem.split("_", 2)
    return name, version.replace("%3a", ":")


def _fetched(suite: str, closure: list[str], alone: list[str]) -> list[Path]:
    """The .deb files, from the cache where an earlier set-up left them whole."""
    folder = paths.cache("debian", suite)
    key = "+".join(closure + alone)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        index_file = folder / "sets.json"
        index = json.loads(index_file.read_text()) if index_file.exists() else {}
        if (known := index.get(key)) and all(
            (file := folder / name).exists() and paths.sha256(file) == digest for name, digest in known.items()
        ):
            return [folder / name for name in known]
        debs = _download(folder, suite, closure, alone)
        index[key] = {deb.name: paths.sha256(deb) for deb in debs}
        partial = index_file.with_suffix(".partial")
        partial.write_text(json.dumps(index, indent=1))
        partial.replace(index_file)
        return debs


def _download(folder: Path, suite: str, closure: list[str], alone: list[str]) -> list[Path]:
    apt = _PrivateApt(folder, suite)
    apt.run("reading the package list", "update")
    if alone:
        apt.run(f"fetching {', '.join(alone)}", "download", *alone)
    names = []
    if closure:
        names = apt.names_downloaded_by(closure)
        apt.run(f"fetching {', '.join(closure)} and what they need", "install", "-y", "--download-only", *closure)
    debs = []
    for name in [*names, *alone]:
        candidates = sorted(folder.glob(f"{name}_*.deb"), key=lambda deb: deb.stat().st_mtime)
        if not candidates:
            raise Failure(f"apt fetched no package {name} from Debian {suite}; see {apt.log}")
        debs.append(candidates[-1])
    return debs


class _PrivateApt:
    """apt-get over one suite, with every file of its state in a folder of ours."""

    def __init__(self, folder: Path, suite: str) -> None:
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise Failure("apt-get and dpkg-deb are not here: on other systems install the missing part by hand")
        if not KEYRING.exists():
            raise Failure(f"{KEYRING} is missing (package debian-archive-keyring): packages can't be verified")
        self.suite, self.folder, self.log = suite, folder, folder / "apt.log"
        state = folder / "apt"
        (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (folder / "partial").mkdir(exist_ok=True)
        (state / "status").write_text("")
        self.log.write_text("")
        (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n")
        # apt splits its configuration at spaces; a file with quoted values takes any path.
        settings = {
            "Dir::Etc::sourcelist": state / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::Lists": state / "lists",
            "Dir::State::status": state / "status",
            "Dir::Cache": state,
            "Dir::Cache::archives": folder,
            "APT::Sandbox::User": "root",
            "APT::Install-Recommends": "0",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        self.configuration = state / "apt.conf"
        self.configuration.write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))

    def run(self, what: str, *arguments: str) -> None:
        with self.log.open("a") as log, progress(f"Debian {self.suite}: {what}", self._fetched_so_far):
            done = subprocess.run(self._command(*arguments), cwd=self.folder, env=self._environment(),
                                  stdout=log, stderr=log, check=False)
        if done.returncode:
            reasons = [line for line in self.log.read_text().splitlines() if line.startswith(("E:", "W:"))]
            raise Failure(f"apt-get {arguments[0]} failed for Debian {self.suite}: "
                          f"{'; '.join(reasons[-3:]) or 'no reason given'} (whole log: {self.log})")

    def names_downloaded_by(self, packages: list[str]) -> list[str]:
        plan = subprocess.run(self._command("install", "--simulate", *packages), env=self._environment(),
                              capture_output=True, text=True, check=False)
        names = re.findall(r"^Inst (\S+)", plan.stdout, re.MULTILINE)
        if plan.returncode or not names:
            raise Failure(f"Debian {self.suite} has no {' or '.join(packages)}: {plan.stderr.strip()}")
        return names

    def _command(self, *arguments: str) -> list[str]:
        return ["apt-get", "-q", *arguments]

    def _environment(self) -> dict[str, str]:
        return os.environ | {"APT_CONFIG": str(self.configuration), "LC_ALL": "C"}

    def _fetched_so_far(self) -> str:
        files = [*self.folder.glob("*.deb"), *(self.folder / "partial").glob("*")]
        return f"{sum(file.stat().st_size for file in files if file.exists()) >> 20} MB in the cache"


def _mirror() -> str:
    """The Debian mirror that the machine's own package sources use."""
    files = [*Path("/etc/apt/sources.list.d").glob("*.sources"), *Path("/etc/apt/sources.list.d").glob("*.list"),
             Path("/etc/apt/sources.list")]
    for file in filter(Path.exists, files):
        text = file.read_text()
        lines = re.findall(r"^URIs:\s*(\S+)", text, re.MULTILINE)
        lines += re.findall(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)", text, re.MULTILINE)
        for line in lines:
            if line.rstrip("/").endswith("/debian"):
                return line
    say("no Debian mirror among the machine's package sources")
    raise Failure("no line of /etc/apt/sources.list* names a Debian mirror; add one")
