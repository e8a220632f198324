"""The history page: entries newest first, search, pages, deleting with a question before."""

import re

from playwright.sync_api import expect

from tests.page.browser import LEMON, TOMATO, PageTest

ENTRIES_A_PAGE = 20


class History(PageTest):
    HISTORY = True

    def recognised(self, *pictures: object) -> list[str]:
        """Lets the service see pictures; returns their first labels."""
        labels = []
        for number, picture in enumerate(pictures, 1):
            labels.append(self.service.predictions(picture.read_bytes())[0]["label"])
            self.service.wait_for_entries(number)
        return labels

    def visit(self, query: str = "") -> None:
        self.page.goto(f"/history{query}")

    def entries(self):
        return self.page.locator("#entries li")

    def test_the_first_page_leads_to_it_and_shows_what_was_recognised(self) -> None:
        self.choose(TOMATO)
        names = [name for name, _ in self.answer()]
        self.service.wait_for_entries(1)
        self.page.get_by_role("link", name="History").click()
        expect(self.entries()).to_have_count(1)
        for name in names:
            expect(self.entries().first).to_contain_text(name)
        expect(self.entries().first).to_contain_text("groceries")
        thumbnail = self.entries().first.locator("img")
        thumbnail.evaluate("image => image.decode()")
        self.assertGreater(thumbnail.evaluate("image => image.naturalWidth"), 0)

    def test_the_newest_is_first(self) -> None:
        tomato, lemon = self.recognised(TOMATO, LEMON)
        self.visit()
        expect(self.entries().nth(0)).to_contain_text(lemon)
        expect(self.entries().nth(1)).to_contain_text(tomato)

    def test_without_entries_it_says_so(self) -> None:
        self.visit()
        expect(self.page.get_by_text("Nothing here yet.")).to_be_visible()
        expect(self.page.get_by_role("button", name="Delete all")).to_be_hidden()

    def test_search_finds_by_name_and_stays_in_the_address(self) -> None:
        tomato, _ = self.recognised(TOMATO, LEMON)
        self.visit()
        self.page.get_by_role("searchbox", name="Search by name").press_sequentially(tomato[:6].lower())
        expect(self.entries()).to_have_count(1)
        expect(self.entries().first).to_contain_text(tomato)
        self.page.reload()
        expect(self.entries()).to_have_count(1)
        self.page.get_by_role("searchbox").fill("no such thing")
        expect(self.page.get_by_text("Nothing found for “no such thing”.")).to_be_visible()
        self.page.get_by_role("searchbox").fill("")
        expect(self.entries()).to_have_count(2)

    def test_older_entries_are_on_the_next_page_and_back_comes_back(self) -> None:
        self.recognised(LEMON, *[TOMATO] * ENTRIES_A_PAGE)
        self.visit()
        expect(self.entries()).to_have_count(ENTRIES_A_PAGE)
        expect(self.page.get_by_role("link", name="Newest")).to_be_hidden()
        self.page.get_by_role("link", name="Older").click()
        expect(self.entries()).to_have_count(1)
        expect(self.page.get_by_role("link", name="Older")).to_be_hidden()
        self.page.go_back()
        expect(self.entries()).to_have_count(ENTRIES_A_PAGE)
        self.page.go_forward()
        expect(self.entries()).to_have_count(1)
        self.page.get_by_role("link", name="Newest").click()
        expect(self.entries()).to_have_count(ENTRIES_A_PAGE)

    def test_one_entry_is_deleted_after_a_question(self) -> None:
        tomato, lemon = self.recognised(TOMATO, LEMON)
        self.visit()
        self.entries().nth(1).get_by_role("button").click()
        question = self.page.get_by_role("dialog", name="Delete this entry?")
        expect(question).to_contain_text(tomato)
        expect(question.get_by_role("button", name="Cancel")).to_be_focused()
        question.get_by_role("button", name="Cancel").click()
        expect(self.entries()).to_have_count(2)
        self.entries().nth(1).get_by_role("button").click()
        question.get_by_role("button", name="Delete").click()
        expect(self.entries()).to_have_count(1)
        expect(self.entries().first).to_contain_text(lemon)
        expect(self.page.locator("#spoken")).to_have_text("The entry is deleted.")
        expect(self.page.locator("h1")).to_be_focused()

    def test_an_entry_that_is_gone_already_is_no_problem(self) -> None:
        self.expected_statuses = {404}
        self.recognised(TOMATO)
        self.visit()
        self.entries().first.get_by_role("button").click()
        self.service.clear_history()
        self.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(self.entries()).to_have_count(0)
        expect(self.problem()).to_have_count(0)

    def test_all_are_deleted_after_a_question(self) -> None:
        self.recognised(TOMATO, LEMON)
        self.visit()
        self.page.get_by_role("button", name="Delete all").click()
        question = self.page.get_by_role("dialog", name="Delete the whole history?")
        self.page.keyboard.press("Escape")
        expect(question).to_be_hidden()
        expect(self.entries()).to_have_count(2)
        self.page.get_by_role("button", name="Delete all").click()
        question.get_by_role("button", name="Delete all").click()
        expect(self.page.get_by_text("Nothing here yet.")).to_be_visible()

    def test_times_and_words_follow_the_language(self) -> None:
        self.recognised(TOMATO)
        self.visit()
        expect(self.entries().first.locator("time")).to_have_text(re.compile(r"\d{4}"))
        self.page.get_by_role("button", name="中文").click()
        expect(self.entries().first.locator("time")).to_contain_text("年")
        expect(self.entries().first.get_by_role("button")).to_have_text("删除")


class WithoutHistory(PageTest):
    def test_there_is_no_way_to_it_and_its_address_says_why(self) -> None:
        expect(self.page.get_by_role("link", name="History")).to_be_hidden()
        expect(self.page.get_by_text("this service keeps no history")).to_be_visible()
        self.page.goto("/history")
        expect(self.problem()).to_contain_text("vision serve --history")
