"""By keyboard, on a phone, in the dark, with a screen reader; small, and nothing from elsewhere."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.browser import GIF, TOMATO, PageTest

MAX_BYTES = 68 * 1024


class ForEveryone(PageTest):
    HISTORY = True

    def name_a_tomato(self, page: Page) -> None:
        page.locator("#examples button").first.click()
        self.answer(page)
        # Colours that are still fading in have another contrast.
        page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished))")

    def assert_accessible(self, page: Page, state: str) -> None:
        violations = Axe().run(page).response["violations"]
        found = [(one["id"], [node["target"] for node in one["nodes"]]) for one in violations]
        self.assertEqual(found, [], state)

    def test_axe_finds_nothing_to_complain_of(self) -> None:
        for scheme in ("light", "dark"):
            for locale in ("en-GB", "zh-CN"):
                page = self.open(color_scheme=scheme, locale=locale)
                state = f"{scheme}, {locale}"
                self.assert_accessible(page, f"nothing chosen, {state}")
                self.name_a_tomato(page)
                self.assert_accessible(page, f"answer, {state}")
                self.service.wait_for_entries(1)
                page.goto("/history")
                expect(page.locator("#entries li").first).to_be_visible()
                self.assert_accessible(page, f"history, {state}")
                page.locator("#entries button").first.click()
                self.assert_accessible(page, f"question, {state}")

    def test_axe_finds_nothing_in_problems_and_in_the_camera(self) -> None:
        self.expected_statuses = {415}
        for scheme in ("light", "dark"):
            page = self.open(color_scheme=scheme)
            self.choose(GIF, page)
            self.problem(page).wait_for()
            self.assert_accessible(page, f"problem, {scheme}")
            page.locator("#use-camera").click()
            expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
            self.assert_accessible(page, f"camera without permission, {scheme}")

    def tab_to(self, name: str) -> None:
        for _ in range(30):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.innerText") == name:
                return
        self.fail(f"the Tab key does not lead to {name!r}")

    def test_all_can_be_done_with_the_keyboard_alone(self) -> None:
        self.page.context.grant_permissions(["camera", "clipboard-read", "clipboard-write"])
        self.page.keyboard.press("Tab")
        expect(self.page.get_by_role("link", name="Skip to the content")).to_be_focused()
        self.page.keyboard.press("Enter")
        expect(self.page.locator("main")).to_be_focused()
        # Playwright needs some calls' time until it catches file choosers, and a key is pressed at once.
        with self.page.expect_file_chooser() as chooser:
            self.tab_to("Choose a photo")
            self.page.keyboard.press("Enter")
        chooser.value.set_files(TOMATO)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        self.tab_to("Use the camera")
        self.page.keyboard.press("Space")
        shutter = self.page.get_by_role("button", name="Take the photo")
        expect(shutter).to_be_focused()
        self.page.keyboard.press("Escape")
        self.tab_to("Copy")
        self.page.keyboard.press("Enter")
        self.assertIn("curl", self.page.evaluate("navigator.clipboard.readText()"))
        self.tab_to("Tomato")
        self.page.keyboard.press("Enter")
        self.page.get_by_role("img", name="tomato.jpg").wait_for()
        self.service.wait_for_entries(3)
        self.tab_to("History")
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/history")
        expect(self.page.locator("#entries li").first).to_be_visible()
        self.tab_to("Delete")
        self.page.keyboard.press("Enter")
        self.tab_to("Delete")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#spoken")).to_have_text("The entry is deleted.")

    def test_the_focus_can_be_seen(self) -> None:
        self.tab_to("Choose a photo")
        style = self.page.evaluate("getComputedStyle(document.activeElement).outline")
        self.assertRegex(style, r"solid 3px|3px solid|3px")

    def test_a_screen_reader_meets_names_roles_and_order(self) -> None:
        self.choose(TOMATO)
        (first, percent), *_ = self.answer()
        heard = self.page.locator("main").aria_snapshot()
        parts = [
            'heading "What is it?"',
            'region "Your photo"',
            'img "The photo that was sent: tomato.jpg"',
            'button "Choose a photo"',
            'button "Use the camera"',
            'region "Answer"',
            f"{first} {percent}",
            'button "Copy"',
            'button "Tomato"',
        ]
        places = [heard.find(part) for part in parts]
        self.assertNotIn(-1, places, heard)
        self.assertEqual(places, sorted(places), heard)

    def test_on_a_phone_nothing_is_cut_off_and_all_can_be_tapped(self) -> None:
        phones = [self.playwright.devices[name] for name in ("Pixel 7", "iPhone SE")]
        for phone in phones:
            phone = {name: value for name, value in phone.items() if name != "default_browser_type"}
            for locale in ("en-GB", "zh-CN"):
                page = self.open(locale=locale, **phone)
                page.locator("#examples button").first.tap()
                self.answer(page)
                self.assert_fits(page)
                expect(page.locator("#result")).to_be_in_viewport()
                self.service.wait_for_entries(1)
                page.goto("/history")
                expect(page.locator("#entries li").first).to_be_visible()
                self.assert_fits(page)

    def assert_fits(self, page: Page) -> None:
        widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        self.assertLessEqual(*widths)
        for button in page.locator("button:visible, nav a:visible").all():
            # WCAG 2.2, 2.5.8: targets of 24 × 24 CSS pixels at least.
            box = button.bounding_box()
            self.assertGreaterEqual(min(box["width"], box["height"]), 24, button.inner_text())

    def test_at_four_times_the_size_nothing_is_cut_off(self) -> None:
        # WCAG 2.2, 1.4.10: a window of 1280 pixels at 400 % is 320 pixels wide.
        page = self.open(viewport={"width": 320, "height": 256})
        self.name_a_tomato(page)
        self.assert_fits(page)

    def test_the_page_is_dark_where_the_system_is(self) -> None:
        for scheme, dark in {"light": False, "dark": True}.items():
            page = self.open(color_scheme=scheme)
            for selector in ("body", ".paper"):
                colour = page.locator(selector).evaluate("element => getComputedStyle(element).backgroundColor")
                brightness = sum(map(int, re.findall(r"\d+", colour)[:3])) / (3 * 255)
                self.assertEqual(brightness < 0.5, dark, f"{selector} is {colour} in {scheme}")

    def test_nothing_moves_for_those_who_asked_for_that(self) -> None:
        page = self.open(reduced_motion="reduce")
        page.locator("#examples button").first.click()
        self.answer(page)
        self.assertEqual(page.evaluate("document.getAnimations().length"), 0)

    def test_without_scripts_it_says_what_is_missing(self) -> None:
        # Read from the markup: with scripts switched off by DevTools, Chromium shows no noscript elements.
        for path in ("/", "/history"):
            (words,) = re.findall(r"<noscript>(.*?)</noscript>", self.service.get(path).decode(), re.DOTALL)
            for expected in ("This page needs JavaScript.", "此页面需要 JavaScript。"):
                self.assertIn(expected, words)

    def test_the_page_is_small(self) -> None:
        sizes = {}
        page = self.context().new_page()
        page.on("response", lambda response: sizes.update({response.url: len(response.body())}))
        page.goto("/", wait_until="networkidle")
        total = sum(size for url, size in sizes.items() if "/examples/" not in url)
        self.assertGreater(total, 10_000)
        self.assertLess(total, MAX_BYTES, sizes)

    def test_the_policy_forbids_inline_scripts_styles_and_other_hosts(self) -> None:
        for path in ("/", "/history"):
            response = self.page.goto(path)
            policy = response.headers["content-security-policy"]
            self.assertRegex(policy, "default-src '(self|none)'")
            self.assertNotRegex(policy, r"unsafe|http|\*")
