"""English or Chinese: by the browser's wish, by the switch, remembered."""

from playwright.sync_api import Page, expect

from tests.page.browser import GIF, TOMATO, PageTest


class Language(PageTest):
    def heading(self, page: Page) -> str:
        return page.locator("h1").inner_text()

    def test_the_browser_s_language_decides(self) -> None:
        for locale, heading in {
            "zh-CN": "这是什么？",
            "zh-TW": "这是什么？",
            "en-US": "What is it?",
            "fr-FR": "What is it?",
        }.items():
            self.assertEqual(self.heading(self.open(locale=locale)), heading, locale)

    def test_labels_come_in_the_language_of_the_page(self) -> None:
        page = self.open(locale="zh-CN")
        self.choose(TOMATO, page)
        self.assertEqual(self.answer(page), self.expected_answer(TOMATO, "zh"))

    def test_the_switch_changes_words_labels_title_and_command(self) -> None:
        self.choose(TOMATO)
        self.answer()
        self.page.get_by_role("button", name="中文").click()
        self.assertEqual(self.heading(self.page), "这是什么？")
        expect(self.page.locator("#result .label").first).to_have_text(self.expected_answer(TOMATO, "zh")[0][0])
        expect(self.page).to_have_title("wasm-vision：这是什么？")
        expect(self.page.locator("#curl code")).to_contain_text("lang=zh")
        expect(self.page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(self.page.get_by_role("button", name="中文")).to_have_attribute("aria-pressed", "true")

    def test_the_switch_changes_the_words_of_a_problem(self) -> None:
        self.expected_statuses = {415}
        self.choose(GIF)
        self.problem().wait_for()
        self.page.get_by_role("button", name="中文").click()
        expect(self.problem()).to_contain_text("这个文件不是可读取的图片。")

    def test_the_choice_is_remembered(self) -> None:
        self.page.get_by_role("button", name="中文").click()
        self.page.reload()
        self.assertEqual(self.heading(self.page), "这是什么？")

    def test_every_word_is_there_in_every_language(self) -> None:
        texts = self.page.evaluate("async () => (await import('/assets/scripts/texts.js')).texts")
        english, chinese = texts["en"], texts["zh"]
        self.assertEqual(list(english), list(chinese))
        for key, words in english.items():
            self.assertEqual(values_in(words), values_in(chinese[key]), key)

    def test_the_words_of_the_markup_are_those_of_the_english_page(self) -> None:
        english = self.page.evaluate("async () => (await import('/assets/scripts/texts.js')).texts.en")
        for path in ("/", "/history"):
            page = self.context(java_script_enabled=False).new_page()
            page.goto(path)
            for element in page.locator("[data-text]").all():
                self.assertEqual(element.text_content(), english[element.get_attribute("data-text")])


def values_in(words: str) -> set[str]:
    return {part.split("}")[0] for part in words.split("{")[1:]}
