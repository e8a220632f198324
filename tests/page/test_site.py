"""The page as a static site: on another origin than the service, which it asks across."""

import re
import subprocess
import tempfile

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.page.browser import GIF, TOMATO, PageTest
from tests.page.service import Service
from tests.page.site import StaticSite


class Site(PageTest):
    HISTORY = True

    @classmethod
    def start(cls) -> None:
        site = StaticSite()
        cls.addClassCleanup(site.close)
        cls.service = Service(history=cls.HISTORY, options=["--cors-origin", site.url])
        cls.addClassCleanup(cls.service.close)
        site.fill(cls.service.url)
        cls.origins = (site.url, cls.service.url)

    def test_a_photo_is_named_in_both_languages(self) -> None:
        for locale, language in {"en-GB": "en", "zh-CN": "zh"}.items():
            page = self.open(locale=locale)
            self.choose(TOMATO, page)
            self.assertEqual(self.answer(page), self.expected_answer(TOMATO, language))
            page.locator("#examples button").nth(1).click()
            page.get_by_role("img", name="lemon.jpg").wait_for()
            self.answer(page)

    def test_a_photo_is_sent_as_text_which_needs_no_question_before(self) -> None:
        asked = []
        # Preflights are not among the page's requests, but among those that the protocol tells of.
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["method"]))
        with self.page.expect_request("**/v1/recognize?*") as request:
            self.choose(TOMATO)
        self.answer()
        self.assertEqual(request.value.headers["content-type"], "text/plain")
        self.assertEqual((request.value.post_data or "")[:4], "/9j/")
        self.assertEqual([method for method in asked if method == "OPTIONS"], [])

    def test_the_command_gets_the_same_answer(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.page.get_by_role("button", name="Tomato").click()
            labels = [label for label, _ in self.answer()]
            for file in ("", "tomato.jpg"):
                if file:
                    subprocess.run(["cp", TOMATO, folder], check=True)
                    self.choose(TOMATO)
                    labels = [label for label, _ in self.answer()]
                command = self.page.locator("#curl code").inner_text()
                done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
                self.assertEqual(re.findall(r'"label": ?"([^"]+)"', done.stdout), labels, command)

    def test_a_refusal_comes_in_the_service_s_words(self) -> None:
        self.expected_statuses = {415}
        self.choose(GIF)
        expect(self.problem()).to_contain_text("found GIF, accepted are JPEG and PNG")

    def test_its_history_is_the_service_s(self) -> None:
        self.choose(TOMATO)
        names = [name for name, _ in self.answer()]
        self.service.wait_for_entries(1)
        self.page.get_by_role("link", name="History").click()
        entry = self.page.locator("#entries li").first
        expect(entry).to_contain_text(names[0])
        entry.locator("img").evaluate("image => image.decode()")
        entry.get_by_role("button").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(self.page.get_by_text("Nothing here yet.")).to_be_visible()
        self.page.get_by_role("link", name="Photo").click()
        expect(self.page.get_by_role("heading", name="What is it?")).to_be_visible()

    def test_it_may_go_to_the_service_and_nowhere_else(self) -> None:
        outcome = """address => fetch(address, { mode: "no-cors" }).then(() => "went", () => "refused")"""
        self.assertEqual(self.page.evaluate(outcome, f"{self.service.url}/v1/status"), "went")
        for elsewhere in ("http://127.0.0.1:1/", "https://example.com/"):
            self.assertEqual(self.page.evaluate(outcome, elsewhere), "refused")
        blocked = [line for line in self.missteps if "Content Security Policy" in line]
        self.assertGreaterEqual(len(blocked), 2)
        self.missteps = [line for line in self.missteps if "example.com" not in line and "127.0.0.1:1/" not in line
                         and "Failed to fetch" not in line]

    def test_inline_scripts_do_not_run(self) -> None:
        self.page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = true' }))")
        self.assertIsNone(self.page.evaluate("window.ran ?? null"))
        self.missteps = [line for line in self.missteps if "inline script" not in line]

    def test_axe_finds_nothing_to_complain_of(self) -> None:
        self.choose(TOMATO)
        self.answer()
        self.page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished))")
        self.assertEqual(Axe().run(self.page).response["violations"], [])


class Stranger(PageTest):
    """A site that the service does not know."""

    @classmethod
    def start(cls) -> None:
        site = StaticSite()
        cls.addClassCleanup(site.close)
        cls.service = Service(options=["--cors-origin", "https://www.example.com"])
        cls.addClassCleanup(cls.service.close)
        site.fill(cls.service.url)
        cls.origins = (site.url, cls.service.url)

    def setUp(self) -> None:
        self.expected_statuses, self.missteps = {403}, []
        self.page = self.context().new_page()
        self.page.goto("/")

    def test_it_gets_no_answer_and_says_so(self) -> None:
        self.choose(TOMATO)
        expect(self.problem()).to_contain_text("The service can't be reached.")
        self.missteps = [line for line in self.missteps if "CORS policy" not in line and "ERR_FAILED" not in line]
