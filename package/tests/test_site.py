"""The page as a static site: the same bytes each time, with addresses that a browser can be sent to and no others."""

import re
import tempfile
import unittest
import zipfile
from pathlib import Path

from package import site

PROJECT = Path(__file__).resolve().parents[2]
WEB = PROJECT / "web"
URL = "https://abc.lambda-url.eu-central-1.on.aws"
BUCKET = "https://pictures.s3.eu-central-1.amazonaws.com"


def made(function_url: str = "", upload_origin: str = "") -> dict[str, str]:
    return {one.name: one.content.decode(errors="replace") for one in site.site(WEB, function_url, upload_origin)}


class Site(unittest.TestCase):
    def test_made_again_it_has_the_same_bytes(self) -> None:
        archives = []
        for _ in range(2):
            with tempfile.TemporaryDirectory() as folder:
                site.write(site.site(WEB, URL, BUCKET), Path(folder))
                archives.append((Path(folder) / "web.zip").read_bytes())
                with zipfile.ZipFile(Path(folder) / "web.zip") as archive:
                    names = set(archive.namelist())
                self.assertEqual(names, {file.relative_to(Path(folder) / "web").as_posix()
                                         for file in (Path(folder) / "web").rglob("*") if file.is_file()})
        self.assertEqual(*archives)

    def test_every_file_of_the_page_is_there_and_no_other(self) -> None:
        files = {file.relative_to(WEB).as_posix() for file in WEB.rglob("*") if file.is_file()}
        expected = {name if name in site.PAGES else f"assets/{name}" for name in files}
        self.assertEqual(set(made()), expected)

    def test_all_that_the_markup_names_is_there(self) -> None:
        files = made(URL)
        for page in site.PAGES:
            for target in re.findall(r'(?:href|src)="([^"#]+)"', files[page]):
                self.assertTrue(target == "." or target in files, f"{page}: {target}")

    def test_the_page_names_the_function_and_may_go_to_it_and_the_bucket(self) -> None:
        for page in site.PAGES:
            markup = made(URL, BUCKET)[page]
            self.assertEqual(markup.count(f'<meta name="service" content="{URL}/">'), 1)
            (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', markup)
            rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
            self.assertEqual(rules["connect-src"], f"'self' {URL} {BUCKET}")
            self.assertEqual(rules["img-src"], f"'self' blob: data: {URL}")
            self.assertEqual((rules["default-src"], rules["script-src"]), ("'none'", "'self'"))
            # Before whatever it is to govern.
            self.assertLess(markup.index("Content-Security-Policy"), markup.index("<link"))

    def test_without_a_function_it_asks_where_it_is_itself(self) -> None:
        markup = made()["index.html"]
        self.assertNotIn('name="service"', markup)
        self.assertIn("connect-src 'self';", markup)

    def test_the_policy_is_that_of_the_service_but_for_what_only_headers_can_say(self) -> None:
        rust = re.sub(r"\\\n\s*", "", (PROJECT / "layer/src/trigger/serve/page_policy.rs").read_text())
        (header,) = re.findall(r'"(default-src \'none\'; [^"]+)"', rust)
        ours = site.POLICY.format(service="", uploads="")
        self.assertEqual(header.replace("{uploads}", ""), f"{ours}; frame-ancestors 'none'")

    def test_addresses_that_could_end_the_markup_or_the_policy_are_refused(self) -> None:
        for address in ("ftp://x", "https://", "x", 'https://a"b', "https://a b", "https://a;script-src *", "https://u:p@a",
                        "https://a?b", "https://a/<", "https://a'", "javascript:alert(1)", "https://a\n"):
            with self.assertRaises(site.BadAddress, msg=address):
                made(address)
            with self.assertRaises(site.BadAddress, msg=address):
                made(URL, address)
        for address in (URL, f"{URL}/", "http://127.0.0.1:9000", "https://api.example.com/release/v"):
            made(address)
