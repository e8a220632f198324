// The service's HTTP interface, as docs/http.md describes it. Addresses are relative to the page, so that it also works
// where a gateway puts it under a path of its own; or to the service that the page names, where it lies elsewhere: as a
// static site, which `make package FUNCTION_URL=…` makes.

const elsewhere = document.querySelector('meta[name="service"]')?.content;
const SERVICE = new URL(elsewhere || ".", document.baseURI);

/**
 * Whether pictures are sent as base64 text. Behind the URL of a cloud's function only text is sure to arrive unchanged;
 * it also spares the browser the question whether it may send that to another host.
 */
export const SENDS_TEXT = Boolean(elsewhere);

/** What the service refused or failed to do; `code` is the service's, or `network`, `unknown`. */
export class ServiceError extends Error {
  constructor(code, message, { seconds, requestId } = {}) {
    super(message);
    Object.assign(this, { code, seconds, requestId });
  }
}

/**
 * Resolves to `{ model, predictions, unsure, milliseconds, recognitionMilliseconds }`; the last where the service tells it.
 * `unsure`: whether the picture may show none of the things that the model knows.
 */
export async function recognize(picture, { language, model, signal }) {
  const begin = performance.now();
  const response = await send(recognizeAddress(language, model), {
    method: "POST",
    headers: { "Content-Type": contentType(picture.type), Accept: "application/json" },
    body: SENDS_TEXT ? await base64(picture) : picture,
    signal,
  });
  const answer = await json(response);
  const { predictions, unsure = false } = answer;
  const milliseconds = performance.now() - begin;
  if (!Array.isArray(predictions) || predictions.length === 0) throw new ServiceError("unknown", "no predictions");
  return { model: answer.model, predictions, unsure, milliseconds, recognitionMilliseconds: stage("module", response) };
}

/** What a picture of this MIME type is sent as. */
export function contentType(type) {
  return SENDS_TEXT ? "text/plain" : type || "application/octet-stream";
}

/** `model` is the name of a function; the service's own choice without it. */
export function recognizeAddress(language, model) {
  const choice = model ? `&model=${encodeURIComponent(model)}` : "";
  return new URL(`v1/recognize?top=3&lang=${language}${choice}`, SERVICE);
}

/** Resolves to what the service can do with a picture, a list of `{ name, path, answers, model, title }`. */
export async function functions() {
  // A function behind a URL is one, and knows no list.
  return elsewhere ? [] : (await json(await send("v1/functions"))).functions;
}

/**
 * Has a function at `path` make another picture of one, with these query parameters. Resolves to `{ blob, milliseconds,
 * functionMilliseconds }`.
 */
export async function pictureFrom(path, picture, parameters, signal) {
  const begin = performance.now();
  const response = await send(`${address(path)}?${new URLSearchParams(parameters)}`, {
    method: "POST",
    headers: { "Content-Type": contentType(picture.type), Accept: "image/*, application/json" },
    body: picture,
    signal,
  });
  const blob = await response.blob();
  if (!blob.type.startsWith("image/")) throw new ServiceError("unknown", `found ${blob.type}`);
  return { blob, milliseconds: performance.now() - begin, functionMilliseconds: stage("module", response) };
}

/**
 * Asks for a place to put a photo of so many bytes, whose labels are to be in this language. Resolves to `{ id, method, url, fields, headers, result }` as
 * docs/http.md has it; rejects with `not_found`, or `bad_request`, where the service takes no uploads.
 */
export async function uploadPlace({ contentType, size, language, signal }) {
  const response = await send("v1/uploads", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ content_type: contentType, size, lang: language }),
    signal,
  });
  return json(response);
}

/** Resolves to `{ status: "pending", seconds }`, `{ status: "done", model, predictions, unsure }` or `{ status: "failed", error }`. */
export async function uploadResult({ result }, { signal }) {
  const response = await send(address(result), { headers: { Accept: "application/json" }, cache: "no-store", signal });
  const seconds = Number.parseFloat(response.headers.get("Retry-After")) || undefined;
  return { seconds, ...(await json(response)) };
}

/** Resolves to `{ model, version, history }`. */
export async function status() {
  return json(await send("v1/status"));
}

/** Resolves to `{ entries, next }`; `before` is the `next` of the page before, `label` what to search for. */
export async function historyPage({ before, label, limit }, signal) {
  const query = new URLSearchParams({ limit });
  if (before) query.set("before", before);
  if (label) query.set("label", label);
  return json(await send(`v1/history?${query}`, { signal }));
}

export async function deleteEntry(id) {
  await send(`v1/history/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export async function deleteHistory() {
  await send("v1/history", { method: "DELETE" });
}

/** The address of something that the service named by its absolute path. */
export function address(path) {
  return new URL(path.replace(/^\//, ""), SERVICE).href;
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(new URL(path, SERVICE), options);
  } catch (error) {
    throw error.name === "AbortError" ? error : new ServiceError("network", error.message);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  const seconds = Number.parseInt(response.headers.get("Retry-After"), 10) || undefined;
  const requestId = response.headers.get("X-Request-Id") ?? undefined;
  const body = await response.json().catch(() => undefined);
  // A gateway before the service answers in its own words: its status must do.
  const byStatus = {
    404: "not_found",
    413: "too_large",
    415: "unsupported_image",
    429: "overloaded",
    503: "overloaded",
    504: "timeout",
  };
  const code = body?.error?.code ?? byStatus[response.status] ?? "unknown";
  return new ServiceError(code, body?.error?.message ?? `HTTP ${response.status}`, { seconds, requestId });
}

async function json(response) {
  try {
    return await response.json();
  } catch (error) {
    throw error.name === "AbortError" ? error : new ServiceError("unknown", error.message);
  }
}

/** The duration of a stage in the Server-Timing header, in milliseconds; `module` is the recognition as a whole. */
function stage(name, response) {
  const stages = response.headers.get("Server-Timing")?.split(",") ?? [];
  const found = stages.map((part) => part.trim().split(";dur=")).find(([known]) => known === name);
  return found && Number(found[1]);
}
