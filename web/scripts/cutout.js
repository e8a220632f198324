// The second tab: a photo goes in, a person without what is behind them comes back.

import "./cutout-texts.js";
import { openCamera } from "./camera.js";
import { comparison } from "./compare.js";
import { announce, element } from "./elements.js";
import { duration, megabytes } from "./formats.js";
import { part, startIntake } from "./intake.js";
import { fill, onLanguageChange, text } from "./language.js";
import { prepare } from "./picture.js";
import { problem } from "./problems.js";
import { pictureFrom } from "./service.js";

/** Pixels on the longer side, and bytes, of what is sent: as much as the function gives back by itself. */
const SENT = { longestSide: 2048, maxBytes: 4 << 20 };
const FIRST_COLOUR = "#ffd166";

/** Fills the panel; `path` is where the function is called. */
export function startCutout(panel, path) {
  const compare = comparison();
  const result = element("div", { className: "result" });
  const heading = element("h2", { id: "cutout-heading", tabIndex: -1, "data-text": "cutoutResult" });
  const backgrounds = choices();
  document.head.append(element("link", { rel: "stylesheet", href: "assets/cutout.css" }));
  panel.replaceChildren(...layout(compare, heading, backgrounds.root, result));
  fill(panel);

  /** The photo as it is sent, where it came from, and what was made of it so far, by background. */
  let photo;
  /** The request under way, to be given up when something newer is asked for. */
  let underWay;
  /** Shows the present state anew, in the language of the moment. */
  let again = showNothing;

  function showNothing() {
    show(element("p", { className: "quiet", textContent: text("cutoutEmpty") }));
  }

  async function take(file, source) {
    const { signal } = begin();
    showWaiting();
    const picture = await prepare(file, SENT);
    if (signal.aborted) return;
    for (const address of photo?.addresses ?? []) URL.revokeObjectURL(address);
    // Nobody is in the example.
    photo = { ...picture, source, subject: source.address ? "any" : undefined, made: new Map(), addresses: [] };
    showPhoto();
    await ask(signal);
  }

  async function ask(signal = begin().signal) {
    if (!photo) return;
    const { made, subject } = photo;
    const background = backgrounds.chosen();
    const key = `${background} ${subject}`;
    again = ask;
    try {
      if (!made.has(key)) {
        showWaiting();
        const answer = await pictureFrom(path, photo.blob, { background, ...(subject && { subject }) }, signal);
        made.set(key, { ...answer, address: kept(answer.blob) });
      }
      again = () => showAnswer(made.get(key));
      again();
      announce(text("cutoutDone"));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!error.code) throw error;
      again = () => showProblem(error);
      again();
    }
    result.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  function begin() {
    underWay?.abort();
    return (underWay = new AbortController());
  }

  /** An address of a picture, until another photo comes. */
  function kept(blob) {
    const address = URL.createObjectURL(blob);
    photo.addresses.push(address);
    return address;
  }

  function showWaiting() {
    show(element("p", { className: "quiet", textContent: text("cutoutWaiting") }));
    result.setAttribute("aria-busy", "true");
    announce(text("cutoutWaiting"));
  }

  function showPhoto(after) {
    const { width, sentWidth, sentHeight, blob, source } = photo;
    // What the browser can't decode, it can't show.
    part(panel, "stage").classList.toggle("filled", width !== undefined);
    compare.root.hidden = width === undefined;
    if (width === undefined) return;
    photo.before ??= kept(blob);
    compare.show({ before: photo.before, after, ratio: sentWidth / sentHeight, name: source.name });
  }

  function showAnswer({ blob, address, milliseconds, functionMilliseconds }) {
    showPhoto(address);
    const { sentWidth: width, sentHeight: height, source } = photo;
    const ending = blob.type === "image/png" ? "png" : "jpg";
    const download = `${source.name.replace(/\.\w+$/, "")}-cutout.${ending}`;
    const line = (words) => element("p", { textContent: words });
    show(
      element("a", { className: "button main", href: address, download, textContent: text("download") }),
      element(
        "div",
        { className: "foot" },
        line(text("took", { time: duration(milliseconds) })),
        functionMilliseconds ? line(text("tookCutout", { time: duration(functionMilliseconds) })) : undefined,
        width ? line(text("cutoutSize", { width, height, size: megabytes(blob.size) })) : undefined,
      ),
    );
  }

  function showProblem(error) {
    if (photo) showPhoto();
    const any = () => {
      photo.subject = "any";
      ask();
    };
    const offers = error.code === "no_person" && photo?.subject === undefined;
    show(
      problem(error, () => ask()),
      offers ? element("button", { type: "button", textContent: text("cutoutAny"), onclick: any }) : undefined,
    );
  }

  function show(...children) {
    result.removeAttribute("aria-busy");
    // A button in it that has the focus goes: the keyboard goes on from the heading above.
    if (result.contains(document.activeElement)) heading.focus();
    result.replaceChildren(...children.filter((child) => child !== undefined));
  }

  const miss = (key) => {
    begin();
    again = () => showProblem({ code: key });
    again();
  };
  startIntake(panel, { take, miss });
  part(panel, "camera").addEventListener("click", () => openCamera(take, part(panel, "file")));
  backgrounds.root.addEventListener("change", () => ask());
  onLanguageChange(() => {
    compare.say();
    again();
  });
  showNothing();
}

/** The backgrounds: `chosen()` is the one that was chosen, as the function's parameter has it. */
function choices() {
  const colour = element("input", { type: "color", value: FIRST_COLOUR, "data-text-label": "backgroundWhich" });
  const radio = (value, key) =>
    element(
      "label",
      {},
      element("input", { type: "radio", name: "background", value, checked: value === "none" }),
      element("span", { "data-text": key }),
    );
  const byColour = radio("colour", "backgroundColour");
  // Whoever takes a colour wants it.
  colour.addEventListener("input", () => (byColour.firstChild.checked = true));
  const root = element(
    "fieldset",
    { className: "backgrounds", "aria-labelledby": "cutout-heading" },
    radio("none", "backgroundNone"),
    radio("white", "backgroundWhite"),
    radio("blur", "backgroundBlur"),
    element("div", {}, byColour, colour),
  );
  const chosen = () => {
    const { value } = root.querySelector(":checked");
    return value === "colour" ? colour.value : value;
  };
  return { root, chosen };
}

function layout(compare, heading, backgrounds, result) {
  const button = (name, className, key) =>
    element("button", { type: "button", className, "data-part": name, "data-text": key });
  const example = (file, key) =>
    element(
      "li",
      {},
      element(
        "button",
        { type: "button" },
        element("img", { src: `assets/examples/${file}`, alt: "", width: 96, height: 96 }),
        element("span", { "data-text": key }),
      ),
    );
  return [
    element("div", { className: "title" }, element("h1", { "data-text": "cutoutHeading" }), element("p", { "data-text": "cutoutLead" })),
    element(
      "section",
      { className: "input", "data-text-label": "stage" },
      element(
        "div",
        { className: "cutout-stage", "data-part": "stage" },
        compare.root,
        element(
          "div",
          { className: "invitation" },
          element("p", { className: "with-mouse", "data-text": "dropHere" }),
          element("p", { className: "with-finger", "data-text": "showHere" }),
        ),
      ),
      element(
        "div",
        { className: "choices" },
        button("choose", "main", "choose"),
        button("camera", "", "useCamera"),
        element("input", { type: "file", accept: "image/*", hidden: true, "data-part": "file" }),
      ),
    ),
    element("section", { className: "output", "aria-labelledby": "cutout-heading" }, element("div", { className: "paper" }, heading, backgrounds, result)),
    element(
      "section",
      { "data-part": "examples", "aria-labelledby": "cutout-examples" },
      element("h2", { id: "cutout-examples", "data-text": "examples" }),
      // What the function takes for something that stands out.
      element("ul", {}, example("tomato.jpg", "exampleTomato")),
      element("p", { className: "quiet", "data-text": "cutoutNote" }),
    ),
  ];
}
