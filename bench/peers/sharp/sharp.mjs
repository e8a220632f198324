// Thumbnails by sharp on one thread: node sharp.mjs PHOTO SIZE QUALITY COUNT OUT prints the milliseconds of each.
import { readFileSync, writeFileSync } from "node:fs";
import sharp from "sharp";

const [photo, size, quality, count, out] = process.argv.slice(2);
sharp.concurrency(1);
sharp.cache(false);
const bytes = readFileSync(photo);
const side = Number(size);
const make = () =>
  sharp(bytes)
    .rotate()
    .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: Number(quality) })
    .toBuffer();
for (let i = 0; i < 5; i++) await make();
const times = [];
let made;
for (let i = 0; i < Number(count); i++) {
  const started = process.hrtime.bigint();
  made = await make();
  times.push(Number(process.hrtime.bigint() - started) / 1e6);
}
writeFileSync(out, made);
console.log(JSON.stringify({ version: sharp.versions, times }));
