"""The container image: the same packages give the same bytes, it is what the specification says, and it answers."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path
from typing import Any

from package import image, oci
from package.oci import Entry, Image, Layer
from toolchain import debian, paths

PROJECT = Path(__file__).resolve().parents[2]
ARCHIVE = PROJECT / "dist/image.tar"
UMOCI = paths.TOOLCHAIN / "umoci"


def blobs(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}


class Made(unittest.TestCase):
    """The archive itself."""

    def setUp(self) -> None:
        self.files = blobs(ARCHIVE)
        self.index = json.loads(self.files["index.json"])

    def blob(self, descriptor: dict[str, Any]) -> bytes:
        """What a descriptor leads to, which it describes rightly
        (https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md)."""
        self.assertEqual(set(descriptor) - {"annotations", "platform"}, {"mediaType", "digest", "size"})
        self.assertRegex(descriptor["digest"], r"^sha256:[0-9a-f]{64}$")
        content = self.files[f"blobs/{descriptor['digest'].replace(':', '/')}"]
        self.assertEqual(f"sha256:{hashlib.sha256(content).hexdigest()}", descriptor["digest"])
        self.assertEqual(len(content), descriptor["size"])
        return content

    def parts(self) -> tuple[dict[str, Any], dict[str, Any], list[bytes]]:
        """Manifest, configuration, and the layers as they are unpacked."""
        (descriptor,) = self.index["manifests"]
        manifest = json.loads(self.blob(descriptor))
        config = json.loads(self.blob(manifest["config"]))
        return manifest, config, [gzip.decompress(self.blob(layer)) for layer in manifest["layers"]]

    def test_made_again_elsewhere_it_has_the_same_bytes_whatever_the_umask_and_the_time(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for number, umask in enumerate((0o077, 0o000)):
                out = Path(folder) / f"{number}.tar"
                subprocess.run([sys.executable, "-m", "package.image", "--out", out], check=True, capture_output=True,
                               cwd=PROJECT, umask=umask, env={**os.environ, "TZ": f"X{number}", "PYTHONHASHSEED": str(number)})
            first, second = (hashlib.sha256((Path(folder) / f"{number}.tar").read_bytes()).hexdigest() for number in (0, 1))
        self.assertEqual(first, second)

    def test_it_is_a_layout_with_one_image_for_amd64(self) -> None:
        self.assertEqual(json.loads(self.files["oci-layout"]), {"imageLayoutVersion": "1.0.0"})
        self.assertEqual((self.index["schemaVersion"], self.index["mediaType"]), (2, oci.INDEX))
        manifest, config, layers = self.parts()
        self.assertEqual((manifest["schemaVersion"], manifest["mediaType"]), (2, oci.MANIFEST))
        self.assertEqual(self.index["manifests"][0]["mediaType"], oci.MANIFEST)
        self.assertEqual(manifest["config"]["mediaType"], oci.CONFIG)
        self.assertEqual({layer["mediaType"] for layer in manifest["layers"]}, {oci.LAYER})
        self.assertEqual((config["architecture"], config["os"]), ("amd64", "linux"))
        diff_ids = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]
        self.assertEqual(config["rootfs"], {"type": "layers", "diff_ids": diff_ids})
        self.assertEqual(len([step for step in config["history"] if not step.get("empty_layer")]), len(layers))
        self.assertRegex(config["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        named = {f"blobs/{found['digest'].replace(':', '/')}"
                 for found in [*self.index["manifests"], manifest["config"], *manifest["layers"]]}
        self.assertEqual(named | {"oci-layout", "index.json", "manifest.json"}, set(self.files), "nothing else is in it")

    def test_docker_finds_the_same_parts(self) -> None:
        ((described),) = json.loads(self.files["manifest.json"])
        manifest, _, _ = self.parts()
        path = lambda descriptor: f"blobs/{descriptor['digest'].replace(':', '/')}"  # noqa: E731
        self.assertEqual(described["Config"], path(manifest["config"]))
        self.assertEqual(described["Layers"], [path(layer) for layer in manifest["layers"]])
        self.assertEqual(described["RepoTags"], [self.index["manifests"][0]["annotations"]["io.containerd.image.name"]])

    def test_layers_have_sorted_names_without_times_owners_or_surprises(self) -> None:
        _, _, layers = self.parts()
        seen: set[str] = set()
        for layer in layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                members = tar.getmembers()
            names = [member.name for member in members]
            self.assertEqual(names, sorted(names))
            for member in members:
                self.assertEqual((member.mtime, member.uid, member.gid, member.uname, member.gname), (0, 0, 0, "", ""))
                self.assertFalse(member.mode & 0o6000, f"{member.name} has somebody else's rights")
                self.assertFalse(member.mode & 0o022 and not member.issym() and member.name != "tmp", member.name)
                self.assertNotRegex(member.name, r"^/|(^|/)\.\.(/|$)|(^|/)\.wh\.")
                self.assertTrue(member.isfile() or member.isdir() or member.issym(), member.name)
            files = {member.name for member in members if not member.isdir()}
            self.assertFalse(seen & files, "a file in two layers is there twice")
            seen |= files

    def test_its_labels_tell_what_it_is_and_what_is_in_it(self) -> None:
        manifest, config, layers = self.parts()
        labels = config["config"]["Labels"]
        self.assertEqual(labels, manifest["annotations"])
        for name in ("title", "version", "licenses", "created"):
            self.assertTrue(labels[f"org.opencontainers.image.{name}"], name)
        if revision := labels.get("org.opencontainers.image.revision"):
            self.assertRegex(revision, r"^[0-9a-f]{40}$")
        with tarfile.open(fileobj=io.BytesIO(layers[-1])) as tar:
            bill = tar.extractfile(labels["wasm-vision.sbom"].lstrip("/")).read()
        self.assertEqual(labels["wasm-vision.sbom.sha256"], hashlib.sha256(bill).hexdigest())
        self.assertEqual(json.loads(bill)["bomFormat"], "CycloneDX")

    def test_it_runs_as_nobody_in_particular(self) -> None:
        _, config, _ = self.parts()
        started = config["config"]
        self.assertEqual(started["User"], "65532:65532")
        self.assertEqual((started["Entrypoint"][-1].rsplit("/", 1)[1], started["Cmd"]), ("vision", ["serve"]))
        self.assertEqual((started["StopSignal"], started["ExposedPorts"]), ("SIGTERM", {"8080/tcp": {}}))

    def test_the_example_of_compose_names_it(self) -> None:
        name = self.index["manifests"][0]["annotations"]["io.containerd.image.name"]
        for document in ("compose.yaml", "docs/http.md", "docs/http.zh-CN.md"):
            self.assertRegex((PROJECT / document).read_text(), rf"\b{re.escape(name)}\b", document)

    def test_it_has_at_most_sixty_megabytes(self) -> None:
        self.assertLessEqual(ARCHIVE.stat().st_size, 60 << 20)


class Write(unittest.TestCase):
    """Any image."""

    def test_the_order_of_files_does_not_matter(self) -> None:
        entries = [Entry("b/c", b"1", 0o755), Entry("a", b"2"), Entry("b/a", link="/a"), Entry("b.x", b"3")]
        with tempfile.TemporaryDirectory() as folder:
            made = []
            for number, order in enumerate((entries, entries[::-1])):
                file = Path(folder) / f"{number}.tar"
                oci.write(file, Image("x", "1", "1970-01-01T00:00:00Z", {}, [Layer("all", order)]))
                made.append(file.read_bytes())
            self.assertEqual(*made)

    def test_a_missing_package_is_told_in_a_line(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, "-m", "package.image", "--packages", folder, "--out", f"{folder}/x.tar"],
                                  capture_output=True, text=True, cwd=PROJECT)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^image: .*layer.zip.*make package")


def umoci() -> Path:
    """A tool that unpacks images and was not made by us; it checks every digest."""
    program = next(UMOCI.glob("**/bin/umoci"), None)
    if program is None:
        debian.unpack(UMOCI, debian.suite_of_this_machine(), [], ["umoci"])
        program = next(UMOCI.glob("**/bin/umoci"))
    return program


class Unpacked(unittest.TestCase):
    """In the image's root, with nothing else there."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        layout, bundle = Path(cls.folder.name) / "layout", Path(cls.folder.name) / "bundle"
        with tarfile.open(ARCHIVE) as tar:
            tar.extractall(layout, filter="data")
        version = json.loads((layout / "index.json").read_text())["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
        # Without rights of root unless we have them: files would belong to others.
        rootless = ["--rootless"] if os.geteuid() else []
        subprocess.run([umoci(), "unpack", *rootless, "--image", f"{layout}:{version}", bundle], check=True, capture_output=True)
        cls.root, cls.runtime = bundle / "rootfs", json.loads((bundle / "config.json").read_text())

    def command(self, *arguments: str) -> list[str]:
        """A command in the root, as an engine starts it: with /proc, a root that nobody writes to, and the image's user where
        we may choose one."""
        if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True).returncode:
            if os.environ.get("CI"):
                self.fail("CI needs user namespaces")
            self.skipTest("user namespaces are forbidden here")
        (self.root / "proc").mkdir(exist_ok=True)
        namespace, user = (["--mount"], ["--userspec=65532:65532"]) if os.geteuid() == 0 else (["--map-root-user", "--mount"], [])
        script = 'mount --bind "$0" "$0" && mount --rbind /proc "$0/proc" && mount -o remount,bind,ro "$0" && exec "$CHROOT" '
        return ["unshare", *namespace, "sh", "-c", script + " ".join([*user, '"$0"', '"$@"']), str(self.root), *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        chroot = shutil.which("chroot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        return {"CHROOT": chroot, **dict(pair.split("=", 1) for pair in self.runtime["process"]["env"]), **more}

    def test_another_tool_reads_the_same_of_it(self) -> None:
        process = self.runtime["process"]
        self.assertEqual(process["args"], ["/opt/vision/bin/vision", "serve"])
        self.assertEqual((process["user"]["uid"], process["user"]["gid"]), (image.USER, image.USER))
        self.assertIn("VISION_LISTEN=0.0.0.0:8080", process["env"])
        self.assertEqual(sorted(path.name for path in self.root.iterdir() if path.name != "proc"),
                         ["etc", "function", "lib64", "opt", "tmp", "usr"])

    def test_it_answers_for_the_tomato_and_says_that_it_is_well_until_it_is_stopped(self) -> None:
        # A port of its own: the image's may be taken here.
        port = free_port()
        environment = self.environment(VISION_LISTEN=f"0.0.0.0:{port}")
        with tempfile.TemporaryFile("w+") as log:
            serve = subprocess.Popen(self.command(*self.runtime["process"]["args"]), env=environment, stderr=log, stdout=log)
            try:
                self.wait_until_well(environment, serve, log)
                tomato = (PROJECT / "tests/samples/tomato.jpg").read_bytes()
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/recognize", data=tomato) as answer:
                    predictions = json.load(answer)["predictions"]
                self.assertEqual(predictions[0]["label"], "Vine tomato")
                if os.geteuid() == 0:
                    status = Path(f"/proc/{serve.pid}/status").read_text()
                    self.assertRegex(status, r"Uid:\s+65532\s+65532")
            finally:
                serve.send_signal(signal.SIGTERM)
                code = serve.wait(timeout=60)
            self.assertEqual(code, 0)
        unwell = subprocess.run(self.command("/usr/bin/vision", "health"), env=environment, capture_output=True, text=True)
        self.assertEqual(unwell.returncode, 1)
        self.assertRegex(unwell.stderr, "nothing answers at http://127.0.0.1")

    def wait_until_well(self, environment: dict[str, str], serve: subprocess.Popen, log: Any) -> None:
        health = self.command("/opt/vision/bin/vision", "health", "--ready")
        end = time.monotonic() + 30
        while subprocess.run(health, env=environment, capture_output=True).returncode:
            if serve.poll() is not None or time.monotonic() > end:
                log.seek(0)
                self.fail(f"it is not well: {log.read()}")
            time.sleep(0.1)

    def test_other_commands_run_in_it_too(self) -> None:
        tomato = (PROJECT / "tests/tomato.json").read_bytes()
        done = subprocess.run(self.command("/usr/bin/vision", "run"), env=self.environment(), input=tomato, capture_output=True)
        self.assertRegex(done.stdout.decode(), re.compile(r"^Vine tomato: \d+\.\d+%$", re.MULTILINE), done.stderr)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    unittest.main()
