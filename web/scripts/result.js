// The receipt: nothing yet, waiting, the three names, or what went wrong.

import { announce, element } from "./elements.js";
import { duration, megabytes, percent } from "./formats.js";
import { text } from "./language.js";
import { problem } from "./problems.js";

/** Below an even chance, the likeliest name is more likely wrong than right. */
const EVEN_CHANCE = 0.5;

export function showNothing() {
  fill(blank("predictions"), element("p", { className: "quiet", textContent: text("resultEmpty") }));
}

export function showWaiting() {
  fill(blank("predictions waiting"), element("p", { className: "quiet", textContent: text("waiting") }));
  receipt().setAttribute("aria-busy", "true");
  announce(text("waiting"));
}

/**
 * A photo of so many bytes on its way to the service's bucket; `cancel` is called when the visitor wishes. Returns
 * `progress(share)`, `sent()`, and `sayAgain()` for when the language has changed.
 */
export function showUpload(bytes, cancel) {
  const bar = element("progress", { max: 1, value: 0 });
  const words = element("p");
  const hint = element("p", { className: "quiet" });
  const button = element("button", { type: "button", className: "plain", onclick: cancel });
  let say;
  /** Screen readers hear of every quarter: more would be noise. */
  let quarter = 0;
  const sayAgain = () => {
    say();
    bar.setAttribute("aria-label", text("uploadProgress"));
    hint.textContent = text("uploadHint");
    button.textContent = text("cancel");
  };
  const progress = (share) => {
    bar.value = share;
    say = () => (words.textContent = text("uploading", { size: megabytes(bytes), percent: percent(Math.floor(share * 100) / 100) }));
    say();
    if (Math.floor(share * 4) === quarter) return;
    quarter = Math.floor(share * 4);
    announce(words.textContent);
  };
  const sent = () => {
    bar.removeAttribute("value");
    say = () => (words.textContent = text("uploaded"));
    say();
    announce(words.textContent);
  };
  progress(0);
  sayAgain();
  fill(element("div", { className: "upload" }, words, bar, hint, button));
  receipt().setAttribute("aria-busy", "true");
  announce(words.textContent);
  return { progress, sent, sayAgain };
}

/** `answer` as of service.js, `picture` as of picture.js. */
export function showAnswer(answer, picture) {
  const [first, ...others] = answer.predictions;
  const doubt = doubtOf(answer);
  fill(
    element("ol", { className: "predictions" }, ...answer.predictions.map(row)),
    doubt ? element("p", { className: "guess", textContent: doubt }) : undefined,
    foot(answer, picture),
  );
  const rest = others.map(({ label, probability }) => `${label} ${percent(probability)}`).join(", ");
  const spoken = text("answerSpoken", { first: first.label, percent: percent(first.probability), others: rest });
  announce(answer.unsure ? `${doubt} ${spoken}` : spoken);
}

/** What to say of an answer that may be wrong; nothing where it is likely right. */
function doubtOf({ predictions: [first], unsure }) {
  if (unsure) return text("unsure");
  return first.probability < EVEN_CHANCE ? text("justGuessing") : undefined;
}

export function showProblem(error, retry) {
  fill(problem(error, retry));
}

/** The lines of an answer, without words: so the paper keeps its size when the answer comes. */
function blank(className) {
  const line = () => element("li", {}, element("span", { className: "blank" }), element("span", { className: "bar" }));
  return element("ol", { className, "aria-hidden": "true" }, line(), line(), line());
}

function row({ label, probability }) {
  const bar = element("span", { className: "bar", "aria-hidden": "true" }, element("span"));
  bar.firstChild.style.inlineSize = `${probability * 100}%`;
  return element(
    "li",
    {},
    element("span", { className: "label", textContent: label }),
    element("span", { className: "percent", textContent: percent(probability) }),
    bar,
  );
}

function foot({ milliseconds, recognitionMilliseconds }, picture) {
  const took = text("took", { time: duration(milliseconds) });
  const recognition = recognitionMilliseconds && text("tookRecognition", { time: duration(recognitionMilliseconds) });
  const shrunk = picture.sentWidth !== picture.width || picture.sentHeight !== picture.height;
  const size = picture.width ? text(shrunk && !picture.place ? "sentShrunk" : "sentWhole", picture) : undefined;
  const place = picture.place && text("uploadKept", { size: megabytes(picture.whole.size) });
  const line = (words) => (words ? element("p", { textContent: words }) : undefined);
  return element("div", { className: "foot" }, line(took), line(recognition), line(size), line(place));
}

function fill(...children) {
  receipt().removeAttribute("aria-busy");
  // A button in it that has the focus goes: the keyboard goes on from the heading above.
  if (receipt().contains(document.activeElement)) document.querySelector("#result-heading").focus();
  receipt().replaceChildren(...children.filter((child) => child !== undefined));
}

function receipt() {
  return document.querySelector("#result");
}
