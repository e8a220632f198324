"""The choice of a model, where the service has several."""

import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.page.browser import TOMATO, PageTest
from tests.page.service import FUNCTION, PROGRAM, Service
from toolchain import paths


class Models(PageTest):
    @classmethod
    def start(cls) -> None:
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        beans = folder / "beans.wasm"
        model = paths.PROJECT / "models/beans/model.toml"
        command = [PROGRAM, "function", "--quiet", "--wasm", FUNCTION, "--model", model, "--output", beans]
        subprocess.run(command, check=True)
        cls.service = Service(options=["--function", f"beans={beans}"])
        cls.addClassCleanup(cls.service.close)
        cls.origins = (cls.service.url,)

    def test_the_models_are_offered_by_their_titles_in_the_language_of_the_page(self) -> None:
        choice = self.page.get_by_label("Model")
        expect(choice.get_by_role("option")).to_have_text(["Groceries", "Bean leaves"])
        self.page.get_by_role("button", name="中文").click()
        expect(self.page.get_by_label("模型").get_by_role("option")).to_have_text(["食品杂货", "豆叶"])

    def test_a_chosen_model_names_the_photo_that_is_there_and_all_that_follow(self) -> None:
        self.choose(TOMATO)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        with self.page.expect_response("**/v1/recognize?*model=beans") as response:
            self.page.get_by_label("Model").select_option("Bean leaves")
        self.assertEqual(response.value.json()["model"], "beans")
        expect(self.page.locator("#result .label").first).to_have_text(response.value.json()["predictions"][0]["label"])
        expect(self.page.locator("#curl code")).to_contain_text("model=beans")
        expect(self.page.locator("#lead")).to_have_text("Show a photo. The three likeliest names come back.")
        with self.page.expect_request("**/v1/recognize?*model=beans"):
            self.choose(TOMATO)

    def test_the_first_model_is_asked_for_without_its_name(self) -> None:
        self.page.get_by_label("Model").select_option("Bean leaves")
        self.page.get_by_label("Model").select_option("Groceries")
        with self.page.expect_request("**/v1/recognize?*") as request:
            self.choose(TOMATO)
        self.assertNotIn("model=", request.value.url)
        expect(self.page.locator("#lead")).to_contain_text("Show a fruit")

    def test_without_a_function_that_cuts_out_there_are_no_tabs(self) -> None:
        expect(self.page.locator("#models")).to_be_visible()
        expect(self.page.get_by_role("tab")).to_have_count(0)


class OneModel(PageTest):
    def test_there_is_no_choice(self) -> None:
        self.choose(TOMATO)
        self.answer()
        expect(self.page.locator("#models")).to_be_hidden()
