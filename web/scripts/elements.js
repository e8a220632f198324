// Making elements without markup in strings: nothing that came from elsewhere can become HTML.

/** An element with properties, attributes (where the name has a dash, or is `role`), and children or texts. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (key.includes("-") || key === "role") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Says `words` to screen readers, once. */
export function announce(words) {
  const region = document.querySelector("#spoken");
  // The same words twice in a row would not be a change, and not be said.
  region.textContent = "";
  setTimeout(() => (region.textContent = words), 50);
}
