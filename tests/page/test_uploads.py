"""Photos that are too large for a request: into the bucket, past the function, with progress; by moto and `vision lambda`."""

import hashlib
import itertools
import logging
import re
import time

import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.browser import TOMATO, PageTest
from tests.page.function_url import FunctionUrl, Notifications
from tests.page.service import Service
from tests.page.site import StaticSite
from tests.s3.function import Function
from tests.s3.storage import REGION, Moto

MEBIBYTE = 1 << 20
buckets = (f"page-{number}" for number in itertools.count())


def padded(photo: bytes, size: int) -> bytes:
    """The same JPEG with comments that make it so many bytes or a little more."""
    comment = b"\xff\xfe\xff\xff" + b"x" * 65533
    return photo[:2] + comment * (-(-(size - len(photo)) // len(comment))) + photo[2:]


LARGE = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": padded(TOMATO.read_bytes(), 7 * MEBIBYTE)}


class CloudTest(PageTest):
    """The page as a static site, the function behind its URL, and a bucket for uploads."""

    UPLOADS = True

    @classmethod
    def start(cls) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        cls.moto = Moto.get()
        # It would refuse what carries no signature in a header: preflights and forms. tests/s3 has a server that checks these.
        requests.post(f"{cls.moto.endpoint}/moto-api/reset-auth", data="inf", timeout=10).raise_for_status()
        cls.bucket = cls.moto.bucket(next(buckets))
        # What the role of the template may do is tried in deploy/aws/tests.
        environment = {name.upper(): key for name, key in cls.moto.key.items()}
        environment |= {"VISION_S3_ENDPOINT": cls.moto.endpoint, "VISION_S3_OUTPUT_PREFIX": "labels/"}
        if cls.UPLOADS:
            environment["VISION_UPLOAD_BUCKET"] = cls.bucket.name
        cls.environment = environment
        cls.function = cls.enterClassContext(Function(environment))
        notifications = Notifications(cls.moto, cls.bucket.name, cls.function)
        cls.addClassCleanup(notifications.close)
        cls.start_page()

    @classmethod
    def start_page(cls) -> None:
        site = StaticSite()
        cls.addClassCleanup(site.close)
        cls.url = FunctionUrl(cls.function, [site.url])
        cls.addClassCleanup(cls.url.close)
        site.fill(cls.url.url, cls.moto.endpoint if cls.UPLOADS else "")
        # Whose word the answers are compared with.
        cls.service = Service()
        cls.addClassCleanup(cls.service.close)
        cls.origins = (site.url, cls.url.url, cls.moto.endpoint)

    def setUp(self) -> None:
        for key in self.bucket.keys():
            self.moto.s3.delete_object(Bucket=self.bucket.name, Key=key)
        super().setUp()

    def wait_for_progress(self, share: float) -> None:
        # The page's policy lets no test evaluate a text in a loop of the page's own.
        deadline = time.monotonic() + 20
        while float(self.page.locator("progress").get_attribute("value") or 0) <= share:
            self.assertLess(time.monotonic(), deadline, "the upload does not get on")
            self.page.wait_for_timeout(20)

    def uploaded(self) -> list[bytes]:
        keys = [key for key in self.bucket.keys() if key.startswith("uploads/")]
        return [self.moto.s3.get_object(Bucket=self.bucket.name, Key=key)["Body"].read() for key in keys]

    def slow_down(self, page: Page | None = None) -> None:
        """Two megabytes a second, so that an upload takes a few of them."""
        page = page or self.page
        session = page.context.new_cdp_session(page)
        session.send("Network.emulateNetworkConditions", {
            "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000})


class Uploads(CloudTest):
    def test_a_large_photo_goes_whole_into_the_bucket_and_is_named(self) -> None:
        asked = []
        self.page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
        self.choose(LARGE)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        self.assertEqual([hashlib.sha256(one).digest() for one in self.uploaded()], [hashlib.sha256(LARGE["buffer"]).digest()])
        self.assertEqual([one for one in asked if "v1/recognize" in one], [])
        foot = self.page.locator("#result .foot").inner_text()
        self.assertRegex(foot, r"Photo of \d+ × \d+ pixels\n")
        self.assertRegex(foot, r"The photo itself \(7\.\d MB\) is in this service's storage now\.")
        expect(self.page.get_by_role("img", name="The photo that was sent: large.jpg")).to_be_visible()
        expect(self.page.locator("#curl")).to_be_hidden()

    def test_the_question_before_is_answered_by_the_url_and_not_by_the_function(self) -> None:
        self.url.preflights.clear()
        self.choose(LARGE)
        self.answer()
        self.assertIn("POST /v1/uploads", self.url.preflights)
        self.assertEqual([event for event in self.url.events if event["requestContext"]["http"]["method"] == "OPTIONS"], [])

    def test_a_small_photo_does_not(self) -> None:
        self.choose(TOMATO)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        self.assertEqual(self.uploaded(), [])

    def test_labels_come_in_the_language_of_the_page(self) -> None:
        page = self.open(locale="zh-CN")
        self.choose(LARGE, page)
        self.assertEqual(self.answer(page), self.expected_answer(TOMATO, "zh"))
        expect(page.locator("#result .foot")).to_contain_text("已存入该服务的存储桶")

    def test_the_progress_is_seen_and_heard_in_both_languages(self) -> None:
        self.slow_down()
        self.page.evaluate("""() => {
            window.heard = [];
            new MutationObserver(() => heard.push(document.querySelector("#spoken").textContent))
                .observe(document.querySelector("#spoken"), { childList: true });
        }""")
        self.choose(LARGE)
        bar = self.page.get_by_role("progressbar", name="Progress of the upload")
        expect(bar).to_be_visible()
        self.wait_for_progress(0.2)
        self.assertEqual(Axe().run(self.page).response["violations"], [])
        expect(self.page.locator("#result")).to_contain_text(re.compile(r"Uploading the photo of 7\.\d MB: \d+%"))
        self.page.get_by_role("button", name="中文").click()
        expect(self.page.locator("#result")).to_contain_text(re.compile(r"正在上传照片（7\.\d MB）：\d+%"))
        expect(self.page.get_by_role("progressbar", name="上传进度")).to_be_visible()
        # The names are those of the language in which it was sent.
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        self.assertEqual(len(self.uploaded()), 1, "a change of language does not send it again")
        heard = [words for words in self.page.evaluate("heard") if words and words != "Looking …"]
        self.assertRegex(heard[0], r"Uploading the photo of 7\.\d MB: 0%")
        self.assertTrue(any("上传" in words for words in heard), heard)
        self.assertLess(len(heard), 9, heard)
        self.page.get_by_role("button", name="English").click()
        self.answer()
        self.assertEqual(len(self.uploaded()), 1)

    def test_it_can_be_cancelled_with_the_keyboard(self) -> None:
        self.slow_down()
        self.choose(LARGE)
        self.wait_for_progress(0)
        for _ in range(20):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.innerText") == "Cancel":
                break
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text("The names will appear here.")).to_be_visible()
        expect(self.page.locator("#result-heading")).to_be_focused()
        expect(self.page.locator("#spoken")).to_have_text("The upload was cancelled.")
        self.assertEqual(self.uploaded(), [])
        self.missteps = [line for line in self.missteps if "ERR_ABORTED" not in line]
        self.choose(TOMATO)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))

    def test_a_newer_photo_ends_an_upload(self) -> None:
        self.slow_down()
        self.choose(LARGE)
        self.wait_for_progress(0)
        self.choose(TOMATO)
        self.page.get_by_role("img", name="tomato.jpg").wait_for()
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        self.assertEqual(self.uploaded(), [])

    def test_a_storage_that_refuses_is_told_with_its_words_and_asked_again(self) -> None:
        self.expected_statuses = {403}
        refusal = "<Error><Code>AccessDenied</Code><Message>Policy expired</Message></Error>"
        self.page.route(f"{self.moto.endpoint}/**", lambda route: route.fulfill(
            status=403, body=refusal, headers={"Access-Control-Allow-Origin": "*"}))
        self.choose(LARGE)
        expect(self.problem()).to_contain_text("The photo could not be uploaded to the service's storage.")
        expect(self.problem()).to_contain_text("Policy expired")
        self.page.unroute_all()
        self.page.get_by_role("button", name="Try again").click()
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))

    def test_an_answer_that_does_not_come_is_told_and_asked_for_again_without_another_upload(self) -> None:
        pending = {"id": "x", "status": "pending"}
        self.page.route("**/v1/uploads/*", lambda route: route.fulfill(
            status=202, json=pending, headers={"Access-Control-Allow-Origin": "*"}))
        self.page.clock.install()
        self.choose(LARGE)
        expect(self.page.locator("#result")).to_contain_text("Uploaded. Looking")
        for _ in range(30):
            # Each question is asked a while after the answer to the one before.
            self.page.clock.run_for(4_000)
            self.page.wait_for_timeout(50)
        expect(self.problem()).to_contain_text("The photo is uploaded, but there is no answer to it yet.")
        self.page.unroute_all()
        self.page.clock.resume()
        self.page.get_by_role("button", name="Try again").click()
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        self.assertEqual(len(self.uploaded()), 1)

    def test_a_damaged_photo_is_told_in_words(self) -> None:
        damaged = padded(TOMATO.read_bytes()[:300], 5 * MEBIBYTE)
        self.choose(LARGE | {"buffer": damaged})
        expect(self.problem()).to_contain_text("This picture is damaged")

    def test_one_over_the_limit_of_uploads_is_told_with_both_sizes(self) -> None:
        self.expected_statuses = {413}
        self.choose(LARGE | {"buffer": padded(TOMATO.read_bytes(), 21 * MEBIBYTE)})
        expect(self.problem()).to_contain_text("This picture is too large for the service.")
        expect(self.problem()).to_contain_text("accepted are up to 20971520")


class UploadsByService(CloudTest):
    """The page of `vision serve`, whose uploads the function labels."""

    @classmethod
    def start_page(cls) -> None:
        cls.service = Service(environment=cls.environment | {"AWS_REGION": REGION})
        cls.addClassCleanup(cls.service.close)
        cls.origins = (cls.service.url, cls.moto.endpoint)

    def test_its_page_may_go_to_the_bucket(self) -> None:
        self.choose(LARGE)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        self.assertEqual(len(self.uploaded()), 1)
        expect(self.page.locator("#keeping")).to_contain_text("Photos over 4 MB go to this service's own storage")
        policy = self.page.goto("/").headers["content-security-policy"]
        self.assertIn(f"connect-src 'self' {self.moto.endpoint};", policy)


class NoUploads(CloudTest):
    """A function without a bucket for uploads."""

    UPLOADS = False

    def asked_for_places_after_two_large_photos(self) -> int:
        self.url.events.clear()
        for _ in range(2):
            self.choose(LARGE)
            self.page.get_by_role("img", name="large.jpg").wait_for()
            self.assertEqual(len(self.answer()), 3)
            expect(self.page.locator("#result .foot")).to_contain_text("Photo of")
            self.page.get_by_role("button", name="Tomato").click()
            self.page.get_by_role("img", name="tomato.jpg").wait_for()
            self.answer()
        return sum(event["rawPath"] == "/v1/uploads" for event in self.url.events)

    def test_a_large_photo_is_made_smaller_and_no_place_is_asked_for(self) -> None:
        self.assertEqual(self.asked_for_places_after_two_large_photos(), 0)

    def test_where_the_status_cannot_be_had_a_place_is_asked_for_once(self) -> None:
        self.expected_statuses = {404, 400}
        self.page.route("**/v1/status", lambda route: route.fulfill(status=400, headers={"Access-Control-Allow-Origin": "*"}))
        self.page.reload()
        self.assertEqual(self.asked_for_places_after_two_large_photos(), 1)


