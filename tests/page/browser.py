"""What the tests of the page share: Chromium, the service, and a page whose every misstep fails the test."""

import os
import unittest
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect, sync_playwright

from tests.page import chromium
from tests.page.service import Service
from toolchain import paths
from toolchain.console import Failure, say

TOMATO = paths.PROJECT / "tests/samples/tomato.jpg"
LEMON = paths.PROJECT / "tests/samples/lemon.jpg"
# Only a failing test waits as long; a busy machine may need some of it.
PATIENCE_MILLISECONDS = 20_000
# Playwright does not see bodies that are blobs: the page keeps what it sends for the tests.
KEEP_WHAT_IS_SENT = """
    const send = window.fetch;
    window.fetch = (address, options) => {
        if (options?.body) window.sentBody = options.body;
        return send(address, options);
    };
"""
GIF = {"name": "cat.gif", "mimeType": "image/gif", "buffer": b"GIF89a"}


class PageTest(unittest.TestCase):
    """Tests with a fresh English page in `self.page`; browser and service live as long as the class."""

    HISTORY = False
    """Whether the service of the class keeps a history."""
    playwright: Playwright

    @classmethod
    def setUpClass(cls) -> None:
        try:
            found = chromium.provide()
        except Failure as failure:
            if os.environ.get("CI"):
                raise
            say(f"the page is not tested: {failure}")
            raise unittest.SkipTest(str(failure)) from failure
        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        cls.start()
        cls.playwright = cls.enterClassContext(sync_playwright())
        cls.browser = cls.playwright.chromium.launch(
            executable_path=found.program,
            env=os.environ | found.environment,
            args=["--use-fake-device-for-media-stream"],
        )
        cls.addClassCleanup(cls.browser.close)

    @classmethod
    def start(cls) -> None:
        """Starts `cls.service`, and says by `cls.origins` where the page is, and to which other hosts it may go."""
        cls.service = Service(history=cls.HISTORY)
        cls.addClassCleanup(cls.service.close)
        cls.origins = (cls.service.url,)

    def setUp(self) -> None:
        self.expected_statuses: set[int] = set()
        self.missteps: list[str] = []
        if self.HISTORY:
            self.service.clear_history()
        self.page = self.open()

    def tearDown(self) -> None:
        self.assertEqual(self.missteps, [], "errors on the console, or requests to other hosts")

    def context(self, **wishes: Any) -> BrowserContext:
        """A browser without memory, with Playwright's options for contexts."""
        context = self.browser.new_context(**({"base_url": self.origins[0], "locale": "en-GB"} | wishes))
        self.addCleanup(context.close)
        context.add_init_script(KEEP_WHAT_IS_SENT)
        context.on("console", self._listen)
        context.on("weberror", lambda error: self.missteps.append(str(error.error)))
        context.on("request", self._watch)
        return context

    def open(self, path: str = "/", **wishes: Any) -> Page:
        """The page at `path` in a context of its own."""
        page = self.context(**wishes).new_page()
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.goto(path)
        expect(page.locator("#service")).not_to_be_empty()
        return page

    def choose(self, file: Path | dict, page: Page | None = None) -> None:
        """Chooses a file as a visitor does: by the button, in the browser's dialog."""
        page = page or self.page
        with page.expect_file_chooser() as chooser:
            page.locator("#choose").click()
        chooser.value.set_files(file)

    def answer(self, page: Page | None = None) -> list[tuple[str, str]]:
        """The labels and percentages on the page, once it has them."""
        page = page or self.page
        rows = page.locator("#result .predictions:not(.waiting) li:has(.percent)")
        expect(rows).to_have_count(3)
        return [(row.locator(".label").inner_text(), row.locator(".percent").inner_text()) for row in rows.all()]

    def sent(self) -> bytes:
        """The picture that the page sent last."""
        return bytes(self.page.evaluate("async () => [...new Uint8Array(await window.sentBody.arrayBuffer())]"))

    def expected_answer(self, picture: Path | bytes, language: str = "en") -> list[tuple[str, str]]:
        """What the page must show of a picture, by the service's own word."""
        data = picture if isinstance(picture, bytes) else picture.read_bytes()
        return [(one["label"], in_percent(one["probability"])) for one in self.service.predictions(data, language)]

    def problem(self, page: Page | None = None) -> Locator:
        return (page or self.page).get_by_role("alert")

    def _listen(self, message: Any) -> None:
        # The console repeats every refused request; those that a test provokes are none of the page's mistakes.
        if any(f"status of {status}" in message.text for status in self.expected_statuses):
            return
        if message.type in ("error", "warning"):
            self.missteps.append(message.text)

    def _watch(self, request: Any) -> None:
        if not request.url.startswith((*self.origins, "blob:", "data:")):
            self.missteps.append(f"request to {request.url}")


def in_percent(probability: float) -> str:
    """As the page writes it: whole percent, halves away from zero."""
    if 0 < probability < 0.01:
        return "< 1%"
    return f"{int(probability * 100 + 0.5)}%"
