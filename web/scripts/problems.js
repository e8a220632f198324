// Failures in words, with the service's own message beneath and a way on where there is one.

import { element } from "./elements.js";
import { isKnownText, text } from "./language.js";

/** Codes after which the same request may well succeed. */
const PASSING = ["internal", "network", "overloaded", "request_timeout", "timeout", "unknown", "uploadFailed", "uploadPending"];

/** An alert about a ServiceError, or about the text of a key; `retry`, if given, is offered where it may help. */
export function problem(error, retry) {
  const code = typeof error === "string" ? error : error.code;
  return element(
    "div",
    { className: "problem", role: "alert" },
    element("p", { textContent: words(code, error.seconds) }),
    // The service's message names what was found and what it accepts, in English.
    error.message && code !== "network"
      ? element("p", { className: "detail", lang: "en", textContent: error.message })
      : undefined,
    error.requestId
      ? element("p", { className: "detail", textContent: text("requestId", { id: error.requestId }) })
      : undefined,
    retry && PASSING.includes(code)
      ? element("button", { type: "button", textContent: text("tryAgain"), onclick: retry })
      : undefined,
  );
}

function words(code, seconds) {
  if (code === "overloaded" && seconds) return text("overloadedFor", { seconds });
  return text(isKnownText(code) ? code : "unknown");
}
