// The history page. Which page of it is shown stands in the address (`?label=…&before=…`), so that links, reload and
// the browser's Back work.

import { confirmed } from "./confirm.js";
import { announce, element } from "./elements.js";
import { count, dateAndTime, percent } from "./formats.js";
import { startFrame } from "./frame.js";
import { onLanguageChange, text } from "./language.js";
import { problem } from "./problems.js";
import { address, deleteEntry, deleteHistory, historyPage } from "./service.js";

const ENTRIES_A_PAGE = 20;
/** Typing must pause for as long before the search starts. */
const PAUSE_MILLISECONDS = 250;

const search = document.querySelector("#search");
const list = document.querySelector("#entries");
const note = document.querySelector("#note");
const deleteAll = document.querySelector("#delete-all");
let underWay;
let shown = { entries: [], next: null };

function wanted() {
  const query = new URLSearchParams(location.search);
  return { label: query.get("label") ?? "", before: query.get("before") ?? "" };
}

async function read() {
  underWay?.abort();
  const { signal } = (underWay = new AbortController());
  list.setAttribute("aria-busy", "true");
  if (!list.hasChildNodes()) note.textContent = text("historyLoading");
  try {
    shown = await historyPage({ ...wanted(), limit: ENTRIES_A_PAGE }, signal);
    show();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!error.code) throw error;
    shown = { entries: [], next: null };
    show();
    note.replaceChildren(problem(error, read));
  }
}

function show() {
  const { label, before } = wanted();
  list.removeAttribute("aria-busy");
  list.replaceChildren(...shown.entries.map(card));
  const words = shown.entries.length
    ? count(shown.entries.length)
    : label
      ? text("nothingFound", { label })
      : text("historyEmpty");
  note.textContent = words;
  note.classList.toggle("spoken-only", shown.entries.length > 0);
  deleteAll.hidden = shown.entries.length === 0 && !label && !before;
  page("#newest", before ? { label } : undefined);
  page("#older", shown.next ? { label, before: shown.next } : undefined);
}

function card(entry) {
  const [first, ...others] = entry.predictions;
  const time = dateAndTime(entry.time);
  return element(
    "li",
    {},
    element("img", { src: address(entry.thumbnail), alt: "", loading: "lazy", width: 96, height: 96 }),
    element(
      "div",
      { className: "entry" },
      element(
        "h2",
        {},
        first.label,
        " ",
        element("span", { className: "percent", textContent: percent(first.probability) }),
      ),
      element("p", {
        textContent: others.map(({ label, probability }) => `${label}\u00a0${percent(probability)}`).join(" · "),
      }),
      element(
        "p",
        { className: "quiet" },
        element("time", { dateTime: new Date(entry.time).toISOString(), textContent: time }),
        entry.model ? ` · ${entry.model} · ` : " · ",
        element("code", { title: `${text("fingerprint")}: ${entry.sha256}`, textContent: entry.sha256.slice(0, 12) }),
      ),
    ),
    element("button", {
      type: "button",
      className: "plain",
      textContent: text("deleteOne"),
      "aria-label": text("deleteOneNamed", { label: first.label, time }),
      onclick: () => removeOne(entry, { label: first.label, time }),
    }),
  );
}

/** Makes `selector` a link to another page of the history, or hides it. */
function page(selector, query) {
  const link = document.querySelector(selector);
  link.hidden = query === undefined;
  if (query) link.search = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
}

async function removeOne({ id }, named) {
  const agreed = await confirmed({
    question: text("deleteOneQuestion"),
    detail: text("deleteOneDetail", named),
    agree: text("deleteOne"),
  });
  if (agreed) await remove(() => deleteEntry(id), "deletedOne");
}

async function removeAll() {
  const agreed = await confirmed({
    question: text("deleteAllQuestion"),
    detail: text("deleteAllDetail"),
    agree: text("deleteAll"),
  });
  if (!agreed) return;
  history.replaceState(null, "", location.pathname);
  search.value = "";
  await remove(deleteHistory, "deletedAll");
}

async function remove(request, done) {
  try {
    await request();
  } catch (error) {
    // Deleted meanwhile, in another window: that is what was asked for.
    if (error.code !== "not_found") {
      note.classList.remove("spoken-only");
      note.replaceChildren(problem(error));
      return;
    }
  }
  await read();
  // The button that had the focus is gone with its entry.
  document.querySelector("h1").focus();
  announce(text(done));
}

let pause;
search.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(() => {
    const label = search.value.trim();
    history.replaceState(null, "", label ? `?${new URLSearchParams({ label })}` : location.pathname);
    read();
  }, PAUSE_MILLISECONDS);
});
document.querySelector("#search-form").addEventListener("submit", (event) => event.preventDefault());
deleteAll.addEventListener("click", removeAll);
addEventListener("popstate", read);
onLanguageChange(show);

search.value = wanted().label;
startFrame().then((service) => {
  if (service && !service.history) note.replaceChildren(problem("historyOff"));
  else read();
});
