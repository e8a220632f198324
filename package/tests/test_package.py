"""What is uploaded: the same input gives the same bytes, with the right modes, within the platform's limits."""

import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from package import archive, compiler_stub, contents, elf, limits, platform
from package.archive import Member
from package.elf import BadProgram, Symbol

PROJECT = Path(__file__).resolve().parents[2]
DIST = PROJECT / "dist"


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Archives(Folder):
    MEMBERS = [Member("b/program", b"#!/bin/sh\n", executable=True), Member("a.txt", b"text" * 100)]

    def test_the_same_members_give_the_same_bytes_in_any_order_at_any_time(self) -> None:
        first, second = self.folder / "1.zip", self.folder / "2.zip"
        archive.write(first, self.MEMBERS)
        os.utime(first, (0, 0))
        archive.write(second, list(reversed(self.MEMBERS)))
        self.assertEqual(first.read_bytes(), second.read_bytes())

    def test_modes_do_not_depend_on_the_umask(self) -> None:
        for umask in (0o077, 0o000):
            before = os.umask(umask)
            try:
                archive.write(self.folder / "x.zip", self.MEMBERS)
                archive.unpack(self.folder / "x", self.MEMBERS)
            finally:
                os.umask(before)
            with zipfile.ZipFile(self.folder / "x.zip") as zip_file:
                modes = {info.filename: info.external_attr >> 16 for info in zip_file.infolist()}
            self.assertEqual(modes, {"a.txt": 0o100644, "b/program": 0o100755})
            self.assertEqual(stat.S_IMODE((self.folder / "x/b/program").stat().st_mode), 0o755)
            self.assertEqual(stat.S_IMODE((self.folder / "x/b").stat().st_mode), 0o755)

    def test_a_folder_made_anew_has_nothing_of_the_old_one(self) -> None:
        archive.unpack(self.folder / "x", self.MEMBERS)
        archive.unpack(self.folder / "x", self.MEMBERS[:1])
        self.assertEqual([file.name for file in (self.folder / "x").rglob("*") if file.is_file()], ["program"])


class Scripts(Folder):
    def test_windows_line_ends_are_refused(self) -> None:
        wasm = self.folder / "recognize.wasm"
        wasm.write_bytes(b"\0asm")
        for name in ("bootstrap", "scf_bootstrap"):
            (self.folder / name).write_bytes(b"#!/bin/sh\r\n")
        with self.assertRaisesRegex(contents.BadScript, "Windows line ends"):
            contents.function("recognize", wasm, self.folder)


class Limits(Folder):
    def test_an_archive_over_the_consoles_limit_is_told_with_both_sizes(self) -> None:
        file = self.folder / "lambda.zip"
        with zipfile.ZipFile(file, "w") as zip_file:
            zip_file.writestr("noise", os.urandom(1 << 20) * 51)
        (problem,) = limits.check([file])
        self.assertIn("has 51.0 MB, AWS Lambda takes up to 50 MB", problem)


class Programs(unittest.TestCase):
    def test_a_library_path_is_replaced_in_place(self) -> None:
        program = b"ELF\0/build/lib:/build/other\0rest"
        changed = elf.with_library_path(program, "/build/lib:/build/other", "$ORIGIN/../lib")
        self.assertEqual(len(changed), len(program))
        self.assertTrue(changed.startswith(b"ELF\0$ORIGIN/../lib\0\0"))
        self.assertNotIn(b"/build", changed)

    def test_a_library_path_that_is_too_short_or_not_alone_is_refused(self) -> None:
        for program in (b"\0/lib\0", b"\0/build/lib/some/where\0/build/lib/some/where\0"):
            path = program.split(b"\0")[1].decode()
            with self.assertRaises(BadProgram):
                elf.with_library_path(program, path, "$ORIGIN/../lib")

    def test_a_file_that_is_no_program_is_named(self) -> None:
        with self.assertRaisesRegex(BadProgram, "Makefile"):
            elf.interpreter(PROJECT / "Makefile")

    def test_the_stand_in_has_one_function_under_all_names_and_objects_of_the_right_size(self) -> None:
        text = compiler_stub.assembly([Symbol("LLVMRun", "V", "FUNC", 10, True), Symbol("table", "V", "OBJECT", 24, True)])
        self.assertIn(".set LLVMRun, unavailable", text)
        self.assertIn("table: .zero 24", text)


# The functions that answer pictures, as far as they were built: without their networks they are not.
PICTURES = [name for name in contents.PICTURE_FUNCTIONS if (DIST / f"{name}.wasm").exists()]
NAMES = ["layer", "scf", "lambda", "lambda-layer", *(f"{kind}-{name}" for name in PICTURES for kind in ("scf", "lambda"))]


class Packages(Folder):
    """What `make package` left in dist."""

    def setUp(self) -> None:
        super().setUp()
        for name in NAMES:
            platform.extract(DIST / f"{name}.zip", self.folder / name)

    def test_made_again_they_have_the_same_bytes_whatever_the_umask(self) -> None:
        command = [sys.executable, "-m", "package", "--out", self.folder / "again"]
        subprocess.run(command, check=True, capture_output=True, cwd=PROJECT, umask=0o077)
        for name in NAMES:
            again = self.folder / f"again/{name}.zip"
            self.assertEqual(again.read_bytes(), (DIST / f"{name}.zip").read_bytes(), name)

    def test_programs_and_scripts_are_executable_and_nothing_else_is(self) -> None:
        executable = {str(file.relative_to(self.folder)) for file in self.folder.rglob("*")
                      if file.is_file() and file.stat().st_mode & 0o111}
        scripts = {"scf": {"bootstrap", "scf_bootstrap"}, "lambda": {"bootstrap", "vision/bin/vision", "vision/lib/loader"},
                   "layer": {"vision/bin/vision", "vision/lib/loader"}}
        self.assertEqual(executable, {f"{name}/{file}" for name in NAMES for file in scripts[name.split("-")[0]]})

    def test_the_folders_beside_the_archives_have_the_same_files(self) -> None:
        for name in NAMES:
            done = subprocess.run(["diff", "--recursive", DIST / name, self.folder / name], check=False, capture_output=True)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_layer_has_all_that_its_files_need(self) -> None:
        libraries = self.folder / "layer/vision/lib"
        for file in [self.folder / "layer/vision/bin/vision", *libraries.iterdir()]:
            missing = [name for name in elf.dynamic_entries(file)["NEEDED"] if not (libraries / name).exists()]
            self.assertEqual(missing, [], file)

    def test_the_packages_own_c_library_has_every_version_that_their_files_ask_for(self) -> None:
        libraries = self.folder / "lambda/vision/lib"
        files = [self.folder / "lambda/vision/bin/vision", *libraries.iterdir()]
        symbols = {file.name: elf.versioned_symbols(file) for file in files}
        defined = {symbol.version for own in symbols.values() for symbol in own if symbol.defined}
        asked_for = {symbol.version for own in symbols.values() for symbol in own if not symbol.defined}
        self.assertIn("GLIBC_2.2.5", asked_for)
        self.assertEqual(asked_for - defined, set())

    def test_lambda_gets_the_same_runtime_with_and_without_a_layer(self) -> None:
        files = {name: {str(file.relative_to(self.folder / name)): file.read_bytes() for file in (self.folder / name).rglob("*") if file.is_file()}
                 for name in ("layer", "lambda", "lambda-layer")}
        self.assertEqual({name: content for name, content in files["lambda-layer"].items() if name != "bootstrap"}, files["layer"])
        self.assertEqual({name: content for name, content in files["lambda"].items() if name != "recognize.wasm"}, files["lambda-layer"])

    def test_the_program_knows_the_functions(self) -> None:
        known = (self.folder / "layer/vision/bin/known-modules").read_text().splitlines()
        sums = [hashlib.sha256((DIST / f"{name}.wasm").read_bytes()).hexdigest() for name in ("recognize", *PICTURES)]
        self.assertEqual([line.split()[0] for line in known], sums)

    def test_a_function_that_answers_pictures_has_the_packages_of_the_other_with_itself_in_place_of_it(self) -> None:
        for name in PICTURES:
            for kind in ("scf", "lambda"):
                ours, others = self.folder / f"{kind}-{name}", self.folder / kind
                files = {str(file.relative_to(ours)): file.read_bytes() for file in ours.rglob("*") if file.is_file()}
                self.assertEqual(files.pop(f"{name}.wasm"), (DIST / f"{name}.wasm").read_bytes())
                expected = {str(file.relative_to(others)): file.read_bytes() for file in others.rglob("*") if file.is_file()}
                del expected["recognize.wasm"]
                self.assertEqual(files, expected, f"{kind}-{name}")

    def test_the_packaged_functions_make_pictures(self) -> None:
        for name in PICTURES:
            command = [DIST / "vision", "run", "--wasm", self.folder / f"scf-{name}/{name}.wasm", PROJECT / "tests/samples/tomato.jpg"]
            done = subprocess.run(command, check=False, capture_output=True, cwd="/", env={"PATH": "/usr/bin:/bin"})
            said = done.stderr.decode()
            # Nobody is in the photo.
            self.assertIn(done.returncode, (0, 1), said)
            self.assertNotIn("compiled", said)
            if name == "thumbnail":
                self.assertTrue(done.stdout.startswith((b"\xff\xd8", b'{"files"')), said)

    def test_a_start_script_takes_the_one_module_beside_it_and_no_other(self) -> None:
        for number in (0, 2):
            folder = self.folder / f"modules-{number}"
            platform.extract(DIST / "scf.zip", folder)
            (folder / "recognize.wasm").unlink()
            for name in range(number):
                (folder / f"{name}.wasm").write_bytes(b"\0asm")
            for script in ("bootstrap", "scf_bootstrap"):
                done = subprocess.run(["sh", folder / script], check=False, capture_output=True, text=True)
                # Where there is no layer, that is said first.
                if "is missing: add the layer" not in done.stderr:
                    self.assertIn("must have one .wasm file", done.stderr)
                self.assertEqual(done.returncode, 2)

    def test_the_starter_runs_the_layers_program_with_the_function(self) -> None:
        done = subprocess.run([DIST / "vision", "run", PROJECT / "tests/tomato.json"], check=True, capture_output=True, text=True,
                              cwd="/", env={"PATH": "/usr/bin:/bin"})
        self.assertIn("omato", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_nothing_lies_where_the_platforms_library_path_leads(self) -> None:
        self.assertEqual([file.name for file in (self.folder / "layer").iterdir()], ["vision"])

    def test_no_library_is_looked_for_in_folders_of_the_build(self) -> None:
        for file in (self.folder / "layer").rglob("*"):
            if file.is_file() and file.read_bytes().startswith(b"\x7fELF"):
                entries = elf.dynamic_entries(file)
                for path in entries["RPATH"] + entries["RUNPATH"]:
                    self.assertTrue(path.startswith("$ORIGIN"), f"{file}: {path}")

    def test_a_kernel_of_2013_is_new_enough(self) -> None:
        found = {file.name: elf.oldest_kernel(file) for file in (self.folder / "layer/vision/lib").iterdir()}
        self.assertIsNotNone(found["libc.so.6"])
        self.assertLessEqual(max(kernel for kernel in found.values() if kernel), contents.KERNEL)


if __name__ == "__main__":
    unittest.main()
