// What is sent of a photo: the file itself where it is small, else a smaller JPEG made in the browser.

/** Pixels on the longer side of what is sent to be named: four times the model's input, so that nothing is lost to it. */
export const LONGEST_SIDE = 1024;
/** Small pictures of more bytes than this (PNG photos, say) are made anew too. */
const MAX_BYTES = 1 << 20;
const JPEG_QUALITY = 0.9;

/**
 * Resolves to `{ blob, whole, format, width, height, sentWidth, sentHeight }`. `whole` is the file itself, `format` its
 * own MIME type, if the service knows it. Of a file that the browser can't decode `blob` is the whole, and there are no
 * sizes: the service says why. `longestSide` and `maxBytes` are what is sent as it is.
 */
export async function prepare(file, { longestSide = LONGEST_SIDE, maxBytes = MAX_BYTES } = {}) {
  const format = await formatOf(file);
  const whole = format ? file.slice(0, file.size, format) : file;
  const unchanged = { blob: whole, whole, format };
  let bitmap;
  try {
    // Turned as its EXIF orientation says: a JPEG from a canvas has no EXIF data any more.
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const { width, height } = bitmap;
    const scale = Math.min(1, longestSide / Math.max(width, height));
    if (format && scale === 1 && file.size <= maxBytes) {
      return { ...unchanged, width, height, sentWidth: width, sentHeight: height };
    }
    const sentWidth = Math.max(1, Math.round(width * scale));
    const sentHeight = Math.max(1, Math.round(height * scale));
    const blob = await jpeg(scaled(bitmap, sentWidth, sentHeight));
    return { blob, whole, format, width, height, sentWidth, sentHeight };
  } catch {
    return unchanged;
  } finally {
    bitmap?.close();
  }
}

/** A canvas or video frame as a JPEG blob. */
export function jpeg(canvas) {
  return new Promise((resolve, reject) => {
    const done = (blob) => (blob ? resolve(blob) : reject(new Error("the browser could not encode the picture")));
    canvas.toBlob(done, "image/jpeg", JPEG_QUALITY);
  });
}

/** `source` drawn on white (as the service shows transparent pixels) in a new canvas. */
export function drawn(source, width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return canvas;
}

function scaled(bitmap, width, height) {
  // Some browsers look at few neighbours of a pixel: in steps of a half, fine patterns don't turn into stripes.
  let source = bitmap;
  while (source.width > 2 * width && source.height > 2 * height) {
    source = drawn(source, Math.ceil(source.width / 2), Math.ceil(source.height / 2));
  }
  return drawn(source, width, height);
}

/** The MIME type by the first bytes: file names and the types that systems derive from them can be wrong. */
async function formatOf(file) {
  const bytes = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const starts = (...magic) => magic.every((value, index) => bytes[index] === value);
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  return undefined;
}
