// Numbers and times as the visitor's language writes them.

import { locale, text } from "./language.js";

/** A probability in 0..1 as whole percent. */
export function percent(probability) {
  const format = new Intl.NumberFormat(locale(), { style: "percent" });
  return probability > 0 && probability < 0.01 ? `< ${format.format(0.01)}` : format.format(probability);
}

export function duration(milliseconds) {
  const [value, unit, digits] =
    milliseconds < 1000 ? [milliseconds, "millisecond", 0] : [milliseconds / 1000, "second", 1];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, maximumFractionDigits: digits }).format(value);
}

/** A size in bytes as megabytes. */
export function megabytes(bytes) {
  const format = { style: "unit", unit: "megabyte", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(locale(), format).format(bytes / 1e6);
}

export function dateAndTime(instant) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(instant));
}

export function count(entries) {
  return entries === 1 ? text("entryShown") : text("entriesShown", { count: entries });
}
