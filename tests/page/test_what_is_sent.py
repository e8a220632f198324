"""Small pictures go as they are; large ones are shrunk in the browser, upright and on white."""

import struct

from tests.page.browser import TOMATO, PageTest

RED, BLUE, WHITE = (220, 40, 40), (40, 40, 220), (255, 255, 255)


class WhatIsSent(PageTest):
    def drawn(self, width: int, height: int, mime_type: str, left: tuple | None = RED, right: tuple = BLUE) -> bytes:
        """A picture with two halves of one colour each, made by the browser; None is transparent."""
        return bytes(
            self.page.evaluate(
                """async ({ width, height, mime_type, halves }) => {
            const canvas = new OffscreenCanvas(width, height);
            const context = canvas.getContext("2d");
            halves.forEach((colour, half) => {
                if (!colour) return;
                context.fillStyle = `rgb(${colour})`;
                context.fillRect(half * width / 2, 0, width / 2, height);
            });
            const blob = await canvas.convertToBlob({ type: mime_type, quality: 0.9 });
            return [...new Uint8Array(await blob.arrayBuffer())];
        }""",
                {"width": width, "height": height, "mime_type": mime_type, "halves": [left, right]},
            )
        )

    def sent_for(self, file: object) -> tuple[bytes, str]:
        """The body and the content type of the request that follows the choice of a file."""
        with self.page.expect_request("**/v1/recognize?*") as request:
            self.choose(file)
        self.answer()
        return self.sent(), request.value.headers["content-type"]

    def pixels(self, jpeg: bytes, *places: tuple[float, float]) -> tuple[tuple[int, int], list[tuple[int, ...]]]:
        """The size of a picture, and its colours at places given as shares of width and height."""
        size, colours = self.page.evaluate(
            """async ({ bytes, places }) => {
            const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
            const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
            context.drawImage(bitmap, 0, 0);
            const at = ([x, y]) => [...context.getImageData(x * bitmap.width, y * bitmap.height, 1, 1).data].slice(0, 3);
            return [[bitmap.width, bitmap.height], places.map(at)];
        }""",
            {"bytes": list(jpeg), "places": places},
        )
        return tuple(size), [tuple(colour) for colour in colours]

    def assert_colours(self, found: list[tuple[int, ...]], expected: list[tuple[int, ...]]) -> None:
        for one, other in zip(found, expected, strict=True):
            # JPEG moves colours a little.
            self.assertTrue(all(abs(a - b) <= 12 for a, b in zip(one, other, strict=True)), f"{found} for {expected}")

    def test_a_small_picture_is_sent_byte_for_byte(self) -> None:
        self.assertEqual(self.sent_for(TOMATO), (TOMATO.read_bytes(), "image/jpeg"))

    def test_the_type_is_told_by_the_content_not_by_the_name(self) -> None:
        png = self.drawn(300, 200, "image/png")
        self.assertEqual(
            self.sent_for({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": png}), (png, "image/png")
        )

    def test_a_large_photo_is_shrunk_to_1024_pixels(self) -> None:
        photo = self.drawn(4032, 3024, "image/jpeg")
        body, content_type = self.sent_for({"name": "large.jpg", "mimeType": "image/jpeg", "buffer": photo})
        size, colours = self.pixels(body, (0.25, 0.5), (0.75, 0.5))
        self.assertEqual((content_type, size), ("image/jpeg", (1024, 768)))
        self.assert_colours(colours, [RED, BLUE])
        self.assertIn("4032 × 3024 pixels, sent as 1024 × 768", self.page.locator("#result").inner_text())

    def test_a_photo_on_its_side_is_sent_upright(self) -> None:
        # EXIF orientation 6: the camera was turned, the picture's left side is the upper one.
        photo = with_orientation(self.drawn(1600, 1200, "image/jpeg"), 6)
        body, _ = self.sent_for({"name": "turned.jpg", "mimeType": "image/jpeg", "buffer": photo})
        size, colours = self.pixels(body, (0.5, 0.25), (0.5, 0.75))
        self.assertEqual(size, (768, 1024))
        self.assert_colours(colours, [RED, BLUE])

    def test_transparent_parts_of_a_large_picture_become_white(self) -> None:
        png = self.drawn(2000, 1000, "image/png", left=None)
        body, content_type = self.sent_for({"name": "cut-out.png", "mimeType": "image/png", "buffer": png})
        size, colours = self.pixels(body, (0.25, 0.5), (0.75, 0.5))
        self.assertEqual((content_type, size), ("image/jpeg", (1024, 512)))
        self.assert_colours(colours, [WHITE, BLUE])

    def test_what_only_the_browser_can_read_is_sent_as_jpeg(self) -> None:
        webp = self.drawn(300, 200, "image/webp")
        body, content_type = self.sent_for({"name": "photo.webp", "mimeType": "image/webp", "buffer": webp})
        self.assertEqual((content_type, self.pixels(body)[0]), ("image/jpeg", (300, 200)))

    def test_a_very_long_picture_keeps_a_side_of_a_pixel_at_least(self) -> None:
        png = self.drawn(6000, 2, "image/png")
        body, _ = self.sent_for({"name": "line.png", "mimeType": "image/png", "buffer": png})
        self.assertEqual(self.pixels(body)[0], (1024, 1))


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG with an Exif segment that has nothing but the orientation (TIFF tag 0x112, a short)."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
