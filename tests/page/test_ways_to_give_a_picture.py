"""Chosen, dropped, pasted, taken with the camera, or one of the examples: each is named."""

import base64

from playwright.sync_api import expect

from tests.page.browser import LEMON, TOMATO, PageTest


class ChosenPictures(PageTest):
    def test_a_chosen_photo_is_shown_and_named(self) -> None:
        self.choose(TOMATO)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        photo = self.page.get_by_role("img", name="tomato.jpg")
        self.assertEqual(photo.evaluate("image => [image.naturalWidth, image.naturalHeight]"), [640, 640])

    def test_the_same_file_can_be_chosen_again(self) -> None:
        self.choose(TOMATO)
        self.answer()
        with self.page.expect_response("**/v1/recognize?*"):
            self.choose(TOMATO)

    def test_a_newer_photo_replaces_the_older_one(self) -> None:
        self.choose(TOMATO)
        self.choose(LEMON)
        self.page.get_by_role("img", name="lemon.jpg").wait_for()
        self.assertEqual(self.answer(), self.expected_answer(LEMON))


class DroppedPictures(PageTest):
    def drop(self, *files: str, x: int, y: int) -> None:
        """A drag from another window, as the browser process itself hands it to the page."""
        devtools = self.page.context.new_cdp_session(self.page)
        data = {"items": [], "files": list(files), "dragOperationsMask": 1}
        for event_type in ("dragEnter", "dragOver", "drop"):
            devtools.send("Input.dispatchDragEvent", {"type": event_type, "x": x, "y": y, "data": data})
            if event_type == "dragOver" and files:
                expect(self.page.locator("#stage")).to_have_class("dropping")

    def test_a_photo_dropped_on_the_frame_is_named(self) -> None:
        frame = self.page.locator("#stage").bounding_box()
        self.drop(str(TOMATO), x=frame["x"] + 50, y=frame["y"] + 50)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))
        expect(self.page.locator("#stage")).not_to_have_class("dropping")

    def test_a_photo_dropped_beside_the_frame_is_named_too(self) -> None:
        self.drop(str(LEMON), x=5, y=5)
        self.assertEqual(self.answer(), self.expected_answer(LEMON))

    def test_dropped_text_is_told_to_be_no_picture(self) -> None:
        transfer = self.page.evaluate_handle(
            "() => { const data = new DataTransfer(); data.setData('text/plain', 'a tomato'); return data }"
        )
        self.page.dispatch_event("#stage", "drop", {"dataTransfer": transfer})
        expect(self.problem()).to_contain_text("no picture in what you dropped")


class PastedPictures(PageTest):
    def paste(self, script: str, argument: object = None) -> None:
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.evaluate(script, argument)
        self.page.keyboard.press("ControlOrMeta+V")

    def test_a_picture_from_the_clipboard_is_named(self) -> None:
        self.paste(
            """async (jpeg) => {
            const bitmap = await createImageBitmap(await (await fetch(jpeg)).blob());
            const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
            canvas.getContext("2d").drawImage(bitmap, 0, 0);
            const png = await canvas.convertToBlob({ type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
        }""",
            "assets/examples/tomato.jpg",
        )
        self.assertEqual(self.answer(), self.expected_answer(self.sent()))
        self.assertEqual(self.answer()[0][0], self.expected_answer(TOMATO)[0][0])

    def test_pasted_text_is_told_to_be_no_picture(self) -> None:
        self.paste("() => navigator.clipboard.writeText('a tomato')")
        expect(self.problem()).to_contain_text("no picture in the clipboard")


class PhotosFromTheCamera(PageTest):
    def open_camera(self) -> None:
        self.page.get_by_role("button", name="Use the camera").click()

    def wait_for_camera(self, *, on: bool) -> None:
        # A dialog tells that it was closed a moment after it is hidden.
        self.page.wait_for_function("on => (document.querySelector('video').srcObject !== null) === on", arg=on)

    def test_the_camera_s_picture_is_shown_taken_and_named(self) -> None:
        self.page.context.grant_permissions(["camera"])
        self.open_camera()
        self.page.get_by_role("button", name="Take the photo").click()
        # Chromium's test camera shows a disc on green ground: whatever that is called, the page got its answer.
        self.assertEqual(self.answer(), self.expected_answer(self.sent()))
        expect(self.page.get_by_role("img", name="photo.jpg")).to_be_visible()
        expect(self.page.get_by_role("dialog")).to_be_hidden()
        self.wait_for_camera(on=False)

    def test_cancelling_and_escape_turn_the_camera_off(self) -> None:
        self.page.context.grant_permissions(["camera"])
        for leave in (
            lambda: self.page.get_by_role("button", name="Cancel").click(),
            lambda: self.page.keyboard.press("Escape"),
        ):
            self.open_camera()
            expect(self.page.get_by_role("button", name="Take the photo")).to_be_enabled()
            self.wait_for_camera(on=True)
            leave()
            expect(self.page.get_by_role("dialog")).to_be_hidden()
            self.wait_for_camera(on=False)
            expect(self.page.get_by_role("button", name="Use the camera")).to_be_focused()

    def test_a_forbidden_camera_is_told_in_words(self) -> None:
        # Nobody grants the permission here, so the browser refuses.
        self.open_camera()
        expect(self.problem()).to_contain_text("The camera may not be used by this page")
        expect(self.page.get_by_role("button", name="Take the photo")).to_be_disabled()

    def test_without_access_to_cameras_a_phone_s_camera_program_is_asked_for(self) -> None:
        # Pages that come over plain HTTP from another machine have no mediaDevices.
        self.page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
        with self.page.expect_file_chooser() as chooser:
            self.open_camera()
        self.assertEqual(chooser.value.element.get_attribute("capture"), "environment")
        chooser.value.set_files(TOMATO)
        self.assertEqual(self.answer(), self.expected_answer(TOMATO))


class Examples(PageTest):
    def test_a_click_on_an_example_names_it(self) -> None:
        for name, file in {"Tomato": TOMATO, "Lemon": LEMON}.items():
            self.page.get_by_role("button", name=name, exact=True).click()
            self.page.get_by_role("img", name=file.name).wait_for()
            self.assertEqual(self.answer(), self.expected_answer(file))

    def test_the_examples_are_the_project_s_own_samples(self) -> None:
        for name in ("granny-smith", "lemon", "tomato"):
            picture = TOMATO.with_name(f"{name}.jpg")
            example = self.service.get(f"/assets/examples/{picture.name}")
            self.assertEqual(base64.b64encode(example), base64.b64encode(picture.read_bytes()), picture.name)
            self.assertLessEqual(len(example), 60 * 1024)
