// The language of the page: the browser's wish, unless the visitor has chosen; the choice is remembered.

import { texts } from "./texts.js";

const MEMORY = "language";
const listeners = [];
let current = remembered() ?? wished();

export function language() {
  return current;
}

/** The language as a BCP 47 tag, for `lang` attributes and number formats. */
export function locale() {
  return current === "zh" ? "zh-CN" : (navigator.languages.find((tag) => tag.startsWith("en")) ?? "en");
}

/** The words of `key`, with `{name}` replaced by `values.name`. */
export function text(key, values = {}) {
  return texts[current][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function isKnownText(key) {
  return Object.hasOwn(texts[current], key);
}

/** Calls `listener` whenever the language has changed. */
export function onLanguageChange(listener) {
  listeners.push(listener);
}

/** Fills the page's static words and makes the switch in the header work. */
export function startLanguage() {
  for (const button of switches()) {
    button.addEventListener("click", () => change(button.value));
  }
  fill();
}

/** Fills the words of one part of the page, as its `data-text…` attributes name them. */
export function fill(root = document) {
  for (const element of root.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text);
  }
  for (const element of root.querySelectorAll("[data-text-label]")) {
    element.setAttribute("aria-label", text(element.dataset.textLabel));
  }
  document.documentElement.lang = locale();
  for (const button of switches()) {
    button.setAttribute("aria-pressed", String(button.value === current));
  }
}

function change(to) {
  if (to === current) return;
  current = to;
  try {
    localStorage.setItem(MEMORY, to);
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
  }
  fill();
  for (const listener of listeners) listener();
}

function switches() {
  return document.querySelectorAll(".languages button");
}

function remembered() {
  try {
    const kept = localStorage.getItem(MEMORY);
    return Object.hasOwn(texts, kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

function wished() {
  const known = navigator.languages
    .map((tag) => tag.split("-")[0].toLowerCase())
    .find((tag) => Object.hasOwn(texts, tag));
  return known ?? "en";
}
