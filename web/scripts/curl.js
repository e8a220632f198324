// The curl command that sends the same request as the page, and its copy button.

import { announce } from "./elements.js";
import { language, text } from "./language.js";
import { contentType, recognizeAddress, SENDS_TEXT } from "./service.js";

/**
 * `source` is `{ name, address? }`: a file that the visitor has, or something of this service. `model` is the name of a function, where
 * one was chosen.
 */
export function curlCommand(source, format, model) {
  const request = (body) =>
    `curl --data-binary ${body} \\\n  --header ${quoted(`Content-Type: ${contentType(format)}`)} \\\n  ${quoted(recognizeAddress(language(), model).href)}`;
  const file = quoted(source.name);
  const fetching = source.address ? `curl --silent ${quoted(source.address)} |\n  ` : "";
  if (SENDS_TEXT) return `${fetching}base64${fetching ? "" : ` < ${file}`} | tr -d '\\n' |\n  ${request("@-")}`;
  return fetching ? `${fetching}${request("@-")}` : request(quoted(`@${source.name}`));
}

export function showCurl(command) {
  document.querySelector("#curl code").textContent = command;
  document.querySelector("#curl").hidden = false;
  say("copy");
}

export function hideCurl() {
  document.querySelector("#curl").hidden = true;
}

export function startCurl() {
  button().addEventListener("click", async () => {
    const done = await copied(document.querySelector("#curl code"));
    say(done ? "copied" : "copyFailed");
    announce(text(done ? "copied" : "copyFailed"));
  });
}

async function copied(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    // Without HTTPS there is no clipboard for pages, but the older command works, and leaves the text selected.
    getSelection().selectAllChildren(code);
    return document.execCommand("copy");
  }
}

function say(key) {
  button().dataset.text = key;
  button().textContent = text(key);
}

function button() {
  return document.querySelector("#curl button");
}

/** One word for a POSIX shell. */
function quoted(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
