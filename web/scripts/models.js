// The choice of a model, where the service has several.

import { element } from "./elements.js";
import { language, onLanguageChange } from "./language.js";

/** `functions` are the service's; `changed(model)` is called with the name of the model that was chosen. */
export function startModels(functions, changed) {
  const recognizers = functions.filter(({ name, answers }) => name === "recognize" || answers === "labels");
  if (recognizers.length < 2) return;
  // What the service takes where nobody says otherwise.
  const usual = recognizers.find(({ name }) => name === "recognize") ?? recognizers[0];
  const options = recognizers.map((one) => element("option", { value: one === usual ? "" : one.name, selected: one === usual }));
  const say = () => options.forEach((option, index) => (option.textContent = titleOf(recognizers[index])));
  say();
  onLanguageChange(say);
  select().replaceChildren(...options);
  select().addEventListener("change", () => changed(recognizers[select().selectedIndex].model));
  document.querySelector("#models").hidden = false;
}

/** The name of the function that was chosen; undefined for the service's own choice. */
export function chosenModel() {
  return select().value || undefined;
}

function titleOf({ name, model, title }) {
  return title?.[language()] ?? model ?? name;
}

function select() {
  return document.querySelector("#model");
}
