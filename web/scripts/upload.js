// Photos that are too large for a request go to the service's bucket; the service labels what is put there.

import { ServiceError, uploadPlace, uploadResult } from "./service.js";

/** Seconds from one look for the answer to the next, unless the service says another time. */
const FIRST_PAUSE = 0.4;
const LONGEST_PAUSE = 3;
/** The function's start and its work; beyond that, an event must have been lost. */
const LONGEST_WAIT = 60;

/**
 * Puts `blob` into the service's bucket, calling `onProgress(share)` with the share that has been sent, from 0 to 1.
 * Resolves to what `answerOf` takes, or to undefined where the service takes no uploads.
 */
export async function upload(blob, { language, signal, onProgress }) {
  let place;
  try {
    place = await uploadPlace({ contentType: blob.type, size: blob.size, language, signal });
  } catch (error) {
    if (!["not_found", "method_not_allowed", "bad_request"].includes(error.code)) throw error;
    return undefined;
  }
  await put(blob, place, { signal, onProgress });
  return place;
}

/** Waits for the answer to what was uploaded; resolves as `recognize` of service.js does. */
export async function answerOf(place, signal) {
  const begin = performance.now();
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    const { status, seconds, error, model, predictions, unsure = false } = await uploadResult(place, { signal });
    const milliseconds = performance.now() - begin;
    if (status === "done" && predictions?.length) return { model, predictions, unsure, milliseconds };
    if (status === "failed") throw new ServiceError(error?.code ?? "unknown", error?.message ?? "");
    if (status !== "pending") throw new ServiceError("unknown", `status ${status}`);
    if (milliseconds > LONGEST_WAIT * 1000) throw new ServiceError("uploadPending", "");
    await sleep(seconds ?? pause, signal);
  }
}

/** A request with `XMLHttpRequest`: `fetch` does not tell how much it has sent. */
function put(blob, { method, url, fields, headers }, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const failed = (message) => reject(new ServiceError("uploadFailed", message));
    request.open(method, url);
    for (const [name, value] of Object.entries(headers ?? {})) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else failed(reason(request));
    });
    request.addEventListener("error", () => failed(""));
    request.addEventListener("abort", () => reject(signal.reason));
    signal.addEventListener("abort", () => request.abort());
    request.send(method === "POST" ? form(fields, blob) : blob);
  });
}

/** The storage takes the fields in their order, and nothing after the file. */
function form(fields, blob) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) form.append(name, value);
  form.append("file", blob);
  return form;
}

/** What the storage says of a refusal: XML with a code and a message. */
function reason(request) {
  const message = /<Message>([^<]*)<\/Message>/.exec(request.responseText)?.[1];
  return message ?? `HTTP ${request.status}`;
}

function sleep(seconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
