"""Writes the pictures of this folder and what Pillow makes of them: `python tests/images/make.py`.

For every NAME that can be decoded, NAME.rgb holds the 40 × 32 pixels (RGB, a byte each) of Pillow's decode, turned
by EXIF orientation, over white, stretched with BILINEAR. The PNGs are written by this script itself, byte by byte,
since Pillow writes neither interlaced ones nor every depth; Pillow reads them only to make the expectation.
"""

import io
import os
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, ImageOps

# cjpeg and djpeg of libjpeg-turbo 3: the distribution's 2.1 writes neither lossless pictures nor more than 8 bits.
CJPEG3 = os.environ.get("CJPEG3", "cjpeg3")
DJPEG3 = os.environ.get("DJPEG3", "djpeg3")

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 61, 47
TARGET = (40, 32)
ORIENTATION = 0x0112


def scene() -> Image.Image:
    """Gradients with a red disc in the upper left and a blue bar at the bottom: every turn looks different."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    pixels = np.stack([x * 255 // WIDTH, y * 255 // HEIGHT, 255 - (x + y) * 255 // (WIDTH + HEIGHT)], axis=-1)
    pixels[(x - 16) ** 2 + (y - 13) ** 2 < 80] = (220, 30, 40)
    pixels[HEIGHT - 9 : HEIGHT - 3, 8:50] = (20, 40, 200)
    return Image.fromarray(pixels.astype(np.uint8))


def expect(file: Path) -> None:
    with Image.open(file) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode in ("I;16", "I"):
            image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
        if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        pixels = image.convert("RGB").resize(TARGET, Image.Resampling.BILINEAR)
    (HERE / f"{file.name}.rgb").write_bytes(pixels.tobytes())


def jpegs(image: Image.Image) -> None:
    def save(name: str, picture: Image.Image = image, **options: object) -> Path:
        file = HERE / f"{name}.jpg"
        picture.save(file, quality=92, **options)
        expect(file)
        return file

    baseline = save("baseline", subsampling=0)
    save("progressive", progressive=True)
    save("grey", image.convert("L"))
    save("cmyk", image.convert("CMYK"))
    save("chroma-422", subsampling="4:2:2")
    save("chroma-420", subsampling="4:2:0")
    save("chroma-411", subsampling="4:1:1")
    save("restarts", restart_marker_rows=1)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        save(f"orientation-{orientation}", exif=exif)
    save("one-pixel", image.resize((1, 1)))
    save("one-column", image.resize((1, 500)))
    save("one-row", image.resize((500, 1)))
    data = baseline.read_bytes()
    start = data.index(b"\xff\xda")
    (HERE / "header-only.jpg").write_bytes(data[:start])
    (HERE / "little-there.jpg").write_bytes(data[: start + (len(data) - start) // 5])
    (HERE / "most-there.jpg").write_bytes(data[: start + (len(data) - start) * 4 // 5])
    broken_exif = io.BytesIO()
    image.save(broken_exif, "JPEG", quality=92, exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    file = HERE / "broken-exif.jpg"
    file.write_bytes(broken_exif.getvalue())
    (HERE / "broken-exif.jpg.rgb").write_bytes((HERE / "chroma-420.jpg.rgb").read_bytes())


# Sampling factors of luma and both chromas for cjpeg's -sample: chroma reduced in every way that baseline JPEG has.
SAMPLINGS = {"440": "1x2", "441": "1x4", "410": "4x2", "311": "3x1", "mixed": "2x2,2x1,1x2"}


def jpegs_by_libjpeg(image: Image.Image) -> None:
    """What Pillow does not write: by libjpeg-turbo's own tool (cjpeg) and its binding simplejpeg."""
    bitmap = io.BytesIO()
    image.save(bitmap, "PPM")
    options = {f"chroma-{name}": ["-sample", sampling] for name, sampling in SAMPLINGS.items()}
    for name, option in (options | {"arithmetic": ["-arithmetic"]}).items():
        file = HERE / f"{name}.jpg"
        command = ["cjpeg", "-quality", "92", *option]
        file.write_bytes(subprocess.run(command, input=bitmap.getvalue(), stdout=subprocess.PIPE, check=True).stdout)
        expect(file)
    inks = np.ascontiguousarray(255 - np.asarray(image.convert("CMYK")))
    file = HERE / "ycck.jpg"
    file.write_bytes(simplejpeg.encode_jpeg(inks, quality=92, colorspace="CMYK", colorsubsampling="444"))
    expect(file)


def plain_below(image: Image.Image) -> Image.Image:
    """Fine grain above and white below, five times as large, so that much of the data is in the upper half."""
    grain = np.random.default_rng(7).integers(0, 60, (HEIGHT * 5, WIDTH * 5, 1))
    pixels = np.asarray(image.resize((WIDTH * 5, HEIGHT * 5))).astype(np.int64) // 2 + grain
    pixels[HEIGHT * 5 // 2 :] = 255
    return Image.fromarray(pixels.astype(np.uint8))


def arithmetic_jpegs_with_little_data(image: Image.Image) -> None:
    """Pictures whose last rows take no data: an arithmetic encoder leaves out the zeros at the end."""
    kinds = {"": [], "-progressive": ["-progressive"], "-restarts": ["-restart", "1"]}
    for name, picture in {"plain": plain_below(image), "one-colour": Image.new("RGB", image.size, (128, 128, 128))}.items():
        bitmap = io.BytesIO()
        picture.save(bitmap, "PPM")
        for end, options in kinds.items():
            file = HERE / f"arithmetic-{name}{end}.jpg"
            command = ["cjpeg", "-quality", "75", "-arithmetic", *options]
            file.write_bytes(subprocess.run(command, input=bitmap.getvalue(), stdout=subprocess.PIPE, check=True).stdout)
            expect(file)


def bitmap_of(image: Image.Image, bits: int) -> bytes:
    """A PPM or PGM of so many bits a sample, in which 8-bit values are spread over all of them."""
    most = 2**bits - 1
    samples = (np.asarray(image).astype(np.uint32) * most + 127) // 255
    kind = "P6" if image.mode == "RGB" else "P5"
    head = f"{kind}\n{image.width} {image.height}\n{most}\n".encode()
    return head + samples.astype(np.uint8 if bits <= 8 else ">u2").tobytes()


# Scans of a picture whose components come one after the other.
ONE_BY_ONE = "0;\n1;\n2;\n"

# NAME: bits a sample, whether grey, options of cjpeg, scans.
KINDS = {
    "lossless": (8, False, ["-lossless", "1"], None),
    "lossless-grey": (8, True, ["-lossless", "4"], None),
    "lossless-12-bit": (12, False, ["-precision", "12", "-lossless", "2"], None),
    "lossless-16-bit": (16, False, ["-precision", "16", "-lossless", "7,0"], None),
    "lossless-5-bit": (5, False, ["-precision", "5", "-lossless", "1"], None),
    "lossless-one-by-one": (8, False, ["-rgb", "-lossless", "1"], ONE_BY_ONE),
    "12-bit": (12, False, ["-precision", "12", "-quality", "95"], None),
    "12-bit-progressive": (12, False, ["-precision", "12", "-quality", "95", "-progressive"], None),
    "12-bit-grey-arithmetic": (12, True, ["-precision", "12", "-quality", "95", "-arithmetic"], None),
    "arithmetic-progressive": (8, False, ["-quality", "92", "-arithmetic", "-progressive"], None),
    "arithmetic-restarts": (8, False, ["-quality", "92", "-arithmetic", "-restart", "1B"], None),
    "one-by-one": (8, False, ["-quality", "92"], ONE_BY_ONE),
    "progressive-restarts": (8, False, ["-quality", "92", "-progressive", "-restart", "1"], None),
}


def jpegs_by_libjpeg_3(image: Image.Image) -> None:
    """Kinds that only libjpeg-turbo 3 writes, and the only one that reads all of them: its djpeg makes the expectation."""
    for name, (bits, is_grey, options, scans) in KINDS.items():
        bitmap = bitmap_of(image.convert("L") if is_grey else image, bits)
        if scans:
            script = HERE / "scans.txt"
            script.write_text(scans)
            options = [*options, "-scans", str(script)]
        file = HERE / f"{name}.jpg"
        file.write_bytes(subprocess.run([CJPEG3, *options], input=bitmap, stdout=subprocess.PIPE, check=True).stdout)
        if scans:
            script.unlink()
        decoded = subprocess.run([DJPEG3, "-pnm", str(file)], stdout=subprocess.PIPE, check=True).stdout
        kind, size, most, samples = decoded.split(b"\n", 3)
        width, height = map(int, size.split())
        values = np.frombuffer(samples, np.uint8 if int(most) < 256 else ">u2").astype(np.uint32)
        # As the runtime makes bytes of them: less than 8 bits are spread, of more the lower ones are dropped.
        found_bits = int(most).bit_length()
        values = values >> (found_bits - 8) if found_bits > 8 else values * 255 // int(most)
        shape = (height, width, 3) if kind == b"P6" else (height, width)
        pixels = Image.fromarray(values.astype(np.uint8).reshape(shape)).convert("RGB")
        (HERE / f"{name}.jpg.rgb").write_bytes(pixels.resize(TARGET, Image.Resampling.BILINEAR).tobytes())


def many_scans() -> None:
    """A hundred scans without data over 15 megapixels of one colour, with a restart behind each block."""
    bitmap = io.BytesIO()
    Image.new("L", (5000, 3000), 90).save(bitmap, "PPM")
    script = HERE / "scans.txt"
    script.write_text("0: 0-0, 0, 0;\n0: 63-63, 0, 0;\n")
    command = ["cjpeg", "-arithmetic", "-grayscale", "-scans", str(script)]
    jpeg = subprocess.run(command, input=bitmap.getvalue(), stdout=subprocess.PIPE, check=True).stdout
    script.unlink()
    restart_interval = b"\xff\xdd\x00\x04\x00\x01"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10"
    (HERE / "many-scans.jpg").write_bytes(jpeg[:-2] + restart_interval + scan * 100 + jpeg[-2:])


def extreme_shapes() -> None:
    """One row and one column of millions of pixels, plain and interlaced; grey 0, 50, 100 … 250 in six parts."""
    for name, (width, height) in {"wide": (8_000_000, 1), "tall": (1, 2_000_000)}.items():
        samples = (np.arange(width * height) * 6 // (width * height) * 50).astype(np.uint8)
        write_png(f"extreme-{name}", samples.reshape(height, width, 1), 0, 8)
    samples = (np.arange(3_000_000) * 6 // 3_000_000 * 50).astype(np.uint8)
    write_png("extreme-wide-interlaced", samples.reshape(1, -1, 1), 0, 8, interlaced=True)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# Adam7 (PNG specification, 8.2): first column, first row, column step, row step.
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def packed(samples: np.ndarray, depth: int) -> bytes:
    """Rows of samples [h, w, channels] with filter 0 before each."""
    rows = []
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            data = row.astype(">u2").tobytes()
        elif depth == 8:
            data = row.astype(np.uint8).tobytes()
        else:
            bits = "".join(f"{value:0{depth}b}" for value in row)
            bits += "0" * (-len(bits) % 8)
            data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
        rows.append(b"\0" + data)
    return b"".join(rows)


def write_png(name: str, samples: np.ndarray, color: int, depth: int, interlaced: bool = False,
              before: bytes = b"") -> Path:
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    if not interlaced and depth == 8 and height * width > 1_000_000:
        # By hand it takes minutes.
        rows = np.concatenate([np.zeros((height, 1), np.uint8), samples.reshape(height, -1).astype(np.uint8)], axis=1)
        data = rows.tobytes()
    elif interlaced:
        parts = [samples[top::down, left::right] for left, top, right, down in PASSES]
        data = b"".join(packed(part, depth) for part in parts if part.size)
    else:
        data = packed(samples, depth)
    file = HERE / f"{name}.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(data, 9))
                     + chunk(b"IEND", b""))
    return file


def pngs(image: Image.Image) -> None:
    rgb = np.asarray(image).astype(np.uint32)
    grey = np.asarray(image.convert("L")).astype(np.uint32)[..., None]
    alpha = (np.mgrid[0:HEIGHT, 0:WIDTH][1] * 255 // WIDTH).astype(np.uint32)[..., None]
    for depth in (1, 2, 4, 8, 16):
        samples = grey * 257 if depth == 16 else grey >> (8 - depth)
        expect(write_png(f"grey-{depth}", samples, 0, depth))
        expect(write_png(f"grey-{depth}-interlaced", samples, 0, depth, interlaced=True))
    for interlaced in (False, True):
        end = "-interlaced" if interlaced else ""
        expect(write_png(f"rgb-8{end}", rgb, 2, 8, interlaced))
        expect(write_png(f"grey-alpha-8{end}", np.concatenate([grey, alpha], axis=-1), 4, 8, interlaced))
        expect(write_png(f"rgb-alpha-8{end}", np.concatenate([rgb, alpha], axis=-1), 6, 8, interlaced))
        # Pillow reads 16-bit colour as 8-bit by dropping the low byte, as the runtime does.
        expect(write_png(f"rgb-16{end}", rgb * 257, 2, 16, interlaced))
        expect(write_png(f"rgb-alpha-16{end}", np.concatenate([rgb, alpha], axis=-1) * 257, 6, 16, interlaced))
    for depth in (1, 2, 4, 8):
        palette_image = image.quantize(2**depth)
        colors = bytes(palette_image.getpalette())[: 3 * 2**depth]
        indices = np.asarray(palette_image).astype(np.uint32)[..., None]
        expect(write_png(f"palette-{depth}", indices, 3, depth, before=chunk(b"PLTE", colors)))
        transparent = chunk(b"PLTE", colors) + chunk(b"tRNS", bytes([0, 128][: len(colors) // 3]))
        expect(write_png(f"palette-{depth}-transparent", indices, 3, depth, before=transparent))
    exif = struct.pack("<2sHIHHHII", b"II", 42, 8, 1, ORIENTATION, 3, 1, 6) + struct.pack("<I", 0)
    expect(write_png("orientation-6", rgb, 2, 8, before=chunk(b"eXIf", exif)))
    expect(write_png("one-pixel", rgb[:1, :1], 2, 8))
    damaged = bytearray((HERE / "rgb-8.png").read_bytes())
    damaged[-17] ^= 1
    (HERE / "wrong-crc.png").write_bytes(damaged)
    whole = (HERE / "rgb-8.png").read_bytes()
    (HERE / "truncated.png").write_bytes(whole[: len(whole) // 2])
    bomb = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    (HERE / "bomb.png").write_bytes(whole[:8] + chunk(b"IHDR", bomb) + chunk(b"IDAT", zlib.compress(b"\0" * 900)))


def main() -> None:
    for old in [*HERE.glob("*.jpg"), *HERE.glob("*.png"), *HERE.glob("*.rgb")]:
        old.unlink()
    image = scene()
    jpegs(image)
    jpegs_by_libjpeg(image)
    jpegs_by_libjpeg_3(image)
    arithmetic_jpegs_with_little_data(image)
    many_scans()
    pngs(image)
    extreme_shapes()


if __name__ == "__main__":
    main()
