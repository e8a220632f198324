"""`make page-pictures`: takes the documents' pictures of the web page, docs/images/page*.png."""

import os

from playwright.sync_api import expect, sync_playwright

from tests.page import chromium
from tests.page.test_cutout import CUTOUT
from tests.page.service import Service
from toolchain import paths

FOLDER = paths.PROJECT / "docs/images"
PICTURES = {
    "page.png": {"viewport": {"width": 1060, "height": 610}, "locale": "en-GB"},
    "page-phone-zh.png": {
        "viewport": {"width": 390, "height": 844},
        "locale": "zh-CN",
        "color_scheme": "dark",
        "device_scale_factor": 1.5,
    },
}
CUTOUT_WISHES = {"viewport": {"width": 1060, "height": 610}, "locale": "en-GB"}


def main() -> None:
    found = chromium.provide()
    # The second tab has a picture of its own; the first one is as most services have it.
    service = Service(history=True)
    with_cutout = Service(options=["--function", f"cutout={CUTOUT}"])
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found.program, env=os.environ | found.environment)
            for name, wishes in PICTURES.items():
                page = browser.new_page(base_url=service.url, reduced_motion="reduce", **wishes)
                page.goto("/")
                expect(page.locator("#service")).not_to_be_empty()
                page.locator("#examples button").first.click()
                expect(page.locator("#result .percent")).to_have_count(3)
                page.evaluate("scrollTo(0, 0)")
                page.screenshot(path=FOLDER / name, full_page="phone" not in name)
                print(FOLDER / name)
            page = browser.new_page(base_url=with_cutout.url, reduced_motion="reduce", **CUTOUT_WISHES)
            page.goto("/#cutout")
            page.locator("#panel-cutout [data-part=examples] button").click()
            expect(page.locator("#panel-cutout a.button")).to_be_visible()
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=FOLDER / "page-cutout.png", full_page=True)
            print(FOLDER / "page-cutout.png")
            browser.close()
    finally:
        service.close()
        with_cutout.close()


if __name__ == "__main__":
    main()
