"""What the page says: bars and time, the same by curl, failures in words."""

import re
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.page.browser import GIF, TOMATO, PageTest
from toolchain import paths

IMAGES = paths.PROJECT / "tests/images"


class Answers(PageTest):
    def test_each_bar_is_as_long_as_its_name_is_likely(self) -> None:
        self.choose(TOMATO)
        self.answer()
        self.page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished))")
        shares = self.page.locator("#result .bar").evaluate_all(
            "bars => bars.map((bar) => bar.firstChild.getBoundingClientRect().width / bar.getBoundingClientRect().width)"
        )
        for share, prediction in zip(shares, self.service.predictions(TOMATO.read_bytes()), strict=True):
            self.assertAlmostEqual(share, prediction["probability"], delta=0.01)

    def test_the_time_it_took_is_told_with_the_share_of_the_recognition(self) -> None:
        self.choose(TOMATO)
        self.answer()
        said = self.page.locator("#result .foot").inner_text()
        self.assertRegex(said, r"Answered in [\d.]+ (ms|sec)\s+[\d.]+ (ms|sec) of it for the recognition itself")

    def test_screen_readers_are_told_the_answer(self) -> None:
        self.choose(TOMATO)
        (first, percent), *others = self.answer()
        rest = ", ".join(f"{label} {share}" for label, share in others)
        expect(self.page.locator("#spoken")).to_have_text(f"{first}, {percent}. Less likely: {rest}.")

    def test_an_unlikely_first_name_is_called_a_guess(self) -> None:
        for picture in (TOMATO, IMAGES / "baseline.jpg"):
            self.choose(picture)
            self.page.get_by_role("img", name=picture.name).wait_for()
            self.answer()
            answer = self.service.answer(picture.read_bytes())
            guess = answer["predictions"][0]["probability"] < 0.5 and not answer.get("unsure")
            expect(self.page.get_by_text("Only a guess")).to_have_count(1 if guess else 0)

    def test_a_picture_of_something_else_is_said_to_be_perhaps_none_of_these(self) -> None:
        names = ("Lemon", "Lime", "Pear")
        fruit = [{"label": name, "index": index, "probability": 0.7 / 3**index} for index, name in enumerate(names)]
        for locale, words in (("en-GB", "Perhaps none of these"), ("zh-CN", "也许都不是")):
            for unsure in (True, False):
                answer = {"model": "fruit", "predictions": fruit} | ({"unsure": True} if unsure else {})
                page = self.open(locale=locale)
                page.route("**/v1/recognize*", lambda route, _request, answer=answer: route.fulfill(json=answer))
                self.choose(TOMATO, page)
                self.answer(page)
                expect(page.locator("#result").get_by_text(words)).to_have_count(1 if unsure else 0)
                spoken = page.locator("#spoken")
                (expect(spoken).to_contain_text if unsure else expect(spoken).not_to_contain_text)(words)


class Curl(PageTest):
    def command(self) -> str:
        return self.page.locator("#curl code").inner_text()

    def labels_by_shell(self, command: str, folder: str) -> list[str]:
        done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
        return re.findall(r'"label": ?"([^"]+)"', done.stdout)

    def test_the_command_gets_the_same_answer(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("tomato.jpg", "mum's best tomato; $(date).jpg"):
                file = Path(folder) / name
                file.write_bytes(TOMATO.read_bytes())
                self.choose(file)
                self.page.get_by_role("img", name=name).wait_for()
                labels = [label for label, _ in self.answer()]
                self.assertEqual(self.labels_by_shell(self.command(), folder), labels)

    def test_the_command_of_an_example_needs_no_file(self) -> None:
        self.page.get_by_role("button", name="Tomato").click()
        labels = [label for label, _ in self.answer()]
        with tempfile.TemporaryDirectory() as empty:
            self.assertEqual(self.labels_by_shell(self.command(), empty), labels)

    def test_the_button_copies_the_command(self) -> None:
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.choose(TOMATO)
        self.answer()
        self.page.get_by_role("button", name="Copy").click()
        expect(self.page.get_by_role("button", name="Copied")).to_be_visible()
        self.assertEqual(self.page.evaluate("navigator.clipboard.readText()"), self.command())


class Problems(PageTest):
    def test_a_file_that_is_no_picture_is_told_in_words_with_the_service_s_own(self) -> None:
        self.expected_statuses = {415}
        self.choose(GIF)
        expect(self.problem()).to_contain_text("This file is not a picture that can be read.")
        expect(self.problem()).to_contain_text("found GIF, accepted are JPEG and PNG")
        expect(self.page.locator("#photo")).to_be_hidden()

    def test_a_damaged_picture_is_told_in_words(self) -> None:
        self.expected_statuses = {422}
        self.choose(IMAGES / "header-only.jpg")
        expect(self.problem()).to_contain_text("This picture is damaged")

    def test_a_file_far_beyond_the_limit_is_told_in_words(self) -> None:
        self.expected_statuses = {413}
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            file.truncate(20 << 20)
            self.choose(Path(file.name))
            expect(self.problem()).to_contain_text("This picture is too large for the service.")

    def test_after_a_problem_the_next_picture_is_named(self) -> None:
        self.expected_statuses = {415}
        self.choose(GIF)
        self.problem().wait_for()
        self.choose(TOMATO)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        expect(self.problem()).to_have_count(0)

    def test_a_service_that_is_gone_is_told_and_asked_again(self) -> None:
        self.service.stop()
        try:
            self.page.get_by_role("button", name="Choose a photo").wait_for()
            self.choose(TOMATO)
            expect(self.problem()).to_contain_text("The service can't be reached.")
        finally:
            self.service.start()
        self.missteps = [line for line in self.missteps if "ERR_CONNECTION_REFUSED" not in line]
        self.page.get_by_role("button", name="Try again").click()
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))

    def test_a_busy_service_is_told_with_the_time_to_wait(self) -> None:
        # What the service says beyond its queue; there is no such load here.
        self.expected_statuses = {503}
        self.page.route(
            "**/v1/recognize?*",
            lambda route: route.fulfill(
                status=503,
                headers={"Retry-After": "2"},
                json={"error": {"code": "overloaded", "message": "64 wait already"}},
            ),
        )
        self.choose(TOMATO)
        expect(self.problem()).to_contain_text("It asks to try again in 2 s.")
        self.page.unroute_all()
        self.page.get_by_role("button", name="Try again").click()
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))

    def test_an_answer_of_something_else_in_between_is_told_in_words(self) -> None:
        self.expected_statuses = {502}
        self.page.route("**/v1/recognize?*", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
        self.choose(TOMATO)
        expect(self.problem()).to_contain_text("The service gave an answer that this page does not understand.")
