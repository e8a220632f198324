// The service's HTTP interface, as docs/http.md describes it. Addresses are relative, so that the pages also work
// where a gateway puts them under a path of its own.

/** What the service refused or failed to do; `code` is the service's, or `network`, `unknown`. */
export class ServiceError extends Error {
  constructor(code, message, { seconds, requestId } = {}) {
    super(message);
    Object.assign(this, { code, seconds, requestId });
  }
}

/** Resolves to `{ model, predictions, milliseconds, recognitionMilliseconds }`; the latter where the service tells it. */
export async function recognize(picture, { language, signal }) {
  const begin = performance.now();
  const response = await send(recognizeAddress(language), {
    method: "POST",
    headers: { "Content-Type": picture.type || "application/octet-stream", Accept: "application/json" },
    body: picture,
    signal,
  });
  const { model, predictions } = await json(response);
  const milliseconds = performance.now() - begin;
  if (!Array.isArray(predictions) || predictions.length === 0) throw new ServiceError("unknown", "no predictions");
  return { model, predictions, milliseconds, recognitionMilliseconds: stage("module", response) };
}

export function recognizeAddress(language) {
  return new URL(`v1/recognize?top=3&lang=${language}`, document.baseURI);
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
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(path, options);
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
