"""The second tab, with the function that cuts people out of photos."""

import os
import unittest
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.page.browser import GIF, TOMATO, PageTest
from tests.page.service import Service
from tests.page.test_language import values_in
from toolchain import paths

CUTOUT = paths.PROJECT / "dist/cutout.wasm"


class CutOut(PageTest):
    """Photos of people can't be committed here: what stands out of a drawn picture is cut out instead, by the same steps."""

    @classmethod
    def start(cls) -> None:
        if not CUTOUT.exists():
            if os.environ.get("CI"):
                raise AssertionError(f"{CUTOUT} is missing: run `make cutout`")
            raise unittest.SkipTest("dist/cutout.wasm is not there; `make cutout` builds it")
        cls.service = Service(options=["--function", f"cutout={CUTOUT}"])
        cls.addClassCleanup(cls.service.close)
        cls.origins = (cls.service.url,)

    def setUp(self) -> None:
        super().setUp()
        self.page.get_by_role("tab", name="Cut out").click()
        expect(self.panel().get_by_role("heading", name="Cut out", exact=True)).to_be_visible()

    def panel(self, page: Page | None = None) -> Locator:
        return (page or self.page).locator("#panel-cutout")

    def choose_photo(self, file: Path | dict) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.panel().get_by_role("button", name="Choose a photo").click()
        chooser.value.set_files(file)

    def cut_out(self, page: Page | None = None, name: str = "Tomato") -> Locator:
        """Cuts out an example; the link to the result."""
        self.panel(page).get_by_role("button", name=name, exact=True).click()
        link = self.panel(page).locator("a.button")
        expect(link).to_be_visible()
        return link

    def first_pixel(self, link: Locator) -> list[int]:
        """Red, green, blue and alpha of the result's first pixel, as the page shows it."""
        expect(link).to_be_visible()
        return self.panel().locator(".after").evaluate(
            """async (image) => {
            await image.decode();
            const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
            context.drawImage(image, 0, 0);
            return [...context.getImageData(0, 0, 1, 1).data];
        }"""
        )

    def test_an_example_is_cut_out_and_can_be_saved(self) -> None:
        link = self.cut_out()
        self.assertEqual(self.first_pixel(link)[3], 0)
        with self.page.expect_download() as download:
            link.click()
        self.assertEqual(download.value.suggested_filename, "tomato-cutout.png")
        self.assertEqual(Path(download.value.path()).read_bytes()[:4], b"\x89PNG")
        expect(self.panel().locator(".foot")).to_contain_text("640 × 640 pixels")

    def test_backgrounds_are_made_by_the_function_and_asked_for_once(self) -> None:
        self.cut_out()
        for name, red_green_blue in (("White", [255, 255, 255]), ("Blurred", None)):
            with self.page.expect_response("**/v1/cutout?*") as response:
                self.panel().get_by_role("radio", name=name).check()
            self.assertEqual(response.value.headers["content-type"], "image/jpeg")
            self.page.wait_for_function("document.querySelector('#panel-cutout .result').ariaBusy !== 'true'")
            link = self.panel().locator("a.button[download$='.jpg']")
            colour = self.first_pixel(link)
            self.assertEqual(colour[3], 255, name)
            if red_green_blue:
                self.assertTrue(all(abs(a - b) < 6 for a, b in zip(colour[:3], red_green_blue, strict=True)), colour)
        asked = []
        self.page.on("request", lambda request: asked.append(request.url))
        self.panel().get_by_role("radio", name="Transparent").check()
        expect(self.panel().locator("a.button[download$='.png']")).to_be_visible()
        self.assertEqual([url for url in asked if "/v1/" in url], [])

    def test_a_colour_is_taken_with_its_button(self) -> None:
        self.cut_out()
        with self.page.expect_request("**/v1/cutout?*") as request:
            self.panel().get_by_label("Which colour").fill("#0000ff")
        self.assertIn("background=%230000ff", request.value.url)
        expect(self.panel().get_by_role("radio", name="A colour")).to_be_checked()
        link = self.panel().locator("a.button[download$='.jpg']")
        red, green, blue, _ = self.first_pixel(link)
        self.assertTrue(red < 10 and green < 10 and blue > 245, (red, green, blue))

    def test_the_slider_moves_by_keys_and_says_where_it_is(self) -> None:
        self.cut_out()
        slider = self.panel().get_by_role("slider", name="Before and after")
        expect(slider).to_have_attribute("aria-valuetext", "50% photo, 50% cut-out")
        slider.focus()
        for key, before in (("ArrowRight", 51), ("ArrowLeft", 50), ("ArrowUp", 51), ("Home", 0), ("End", 100)):
            self.page.keyboard.press(key)
            expect(slider).to_have_attribute("aria-valuetext", f"{before}% photo, {100 - before}% cut-out")
            cut = self.panel().locator(".compare").evaluate("view => view.style.getPropertyValue('--cut')")
            self.assertEqual(cut, f"{before}%")

    def test_the_slider_follows_the_mouse(self) -> None:
        self.cut_out()
        box = self.panel().locator(".compare").bounding_box()
        self.page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
        slider = self.panel().get_by_role("slider")
        self.assertGreater(int(slider.input_value()), 80)

    def test_nobody_in_the_photo_is_said_in_words_with_a_way_on(self) -> None:
        self.expected_statuses = {422}
        self.choose_photo(TOMATO)
        expect(self.panel().get_by_role("alert")).to_contain_text("Nobody was found in this picture.")
        self.panel().get_by_role("button", name="Cut out whatever stands out").click()
        expect(self.panel().locator("a.button")).to_be_visible()
        expect(self.panel().get_by_role("alert")).to_have_count(0)

    def test_what_is_no_picture_is_said_in_the_language_of_the_page(self) -> None:
        self.expected_statuses = {415}
        self.choose_photo(GIF)
        expect(self.panel().get_by_role("alert")).to_contain_text("not a picture that can be read")
        self.page.get_by_role("button", name="中文").click()
        expect(self.panel().get_by_role("alert")).to_contain_text("这个文件不是可读取的图片。")
        expect(self.panel().get_by_role("radio", name="透明")).to_be_visible()

    def test_screen_readers_are_told_that_it_is_done(self) -> None:
        self.cut_out()
        expect(self.page.locator("#spoken")).to_have_text(
            "The cut-out is there. With the slider you compare it with the photo."
        )

    def test_tabs_are_led_by_arrows_and_each_keeps_what_it_has(self) -> None:
        self.cut_out()
        tabs = self.page.get_by_role("tab")
        tabs.nth(1).focus()
        for key, index in (("ArrowRight", 0), ("ArrowLeft", 1), ("Home", 0), ("End", 1)):
            self.page.keyboard.press(key)
            expect(tabs.nth(index)).to_be_focused()
            expect(tabs.nth(index)).to_have_attribute("aria-selected", "true")
            expect(tabs.nth(1 - index)).to_have_attribute("tabindex", "-1")
            expect(self.page.get_by_role("tabpanel")).to_have_count(1)
        expect(self.panel().locator("a.button")).to_be_visible()

    def test_a_photo_goes_to_the_tab_that_is_shown(self) -> None:
        self.page.get_by_role("tab", name="Name it").click()
        self.choose(TOMATO)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        self.page.get_by_role("tab", name="Cut out").click()
        expect(self.panel().locator(".compare")).to_be_hidden()

    def test_the_address_can_name_the_tab(self) -> None:
        page = self.open("/#cutout")
        expect(self.panel(page).get_by_role("heading", name="Cut out", exact=True)).to_be_visible()

    def test_axe_finds_nothing_to_complain_of(self) -> None:
        for scheme in ("light", "dark"):
            for locale in ("en-GB", "zh-CN"):
                page = self.open("/#cutout", color_scheme=scheme, locale=locale)
                expect(self.panel(page).locator("h1")).to_be_visible()
                for state in ("nothing chosen", "cut out"):
                    violations = Axe().run(page).response["violations"]
                    found = [(one["id"], [node["target"] for node in one["nodes"]]) for one in violations]
                    self.assertEqual(found, [], f"{state}, {scheme}, {locale}")
                    self.cut_out(page, "Tomato" if locale == "en-GB" else "番茄")

    def test_on_a_phone_nothing_is_cut_off_and_all_can_be_tapped(self) -> None:
        for name in ("Pixel 7", "iPhone SE"):
            phone = {key: value for key, value in self.playwright.devices[name].items() if key != "default_browser_type"}
            for locale in ("en-GB", "zh-CN"):
                page = self.open("/#cutout", locale=locale, **phone)
                self.cut_out(page, "Tomato" if locale == "en-GB" else "番茄")
                widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
                self.assertLessEqual(*widths)
                for control in page.locator("button:visible, a:visible, label:visible, input[type=color]:visible").all():
                    box = control.bounding_box()
                    self.assertGreaterEqual(min(box["width"], box["height"]), 24, control.inner_text())

    def test_every_word_is_there_in_both_languages(self) -> None:
        words = self.page.evaluate("async () => (await import('/assets/scripts/cutout-texts.js')).cutoutTexts")
        self.assertEqual(list(words["en"]), list(words["zh"]))
        for key, english in words["en"].items():
            self.assertEqual(values_in(english), values_in(words["zh"][key]), key)
