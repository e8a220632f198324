// Before and after, one over the other, with a slider between them.

import { element } from "./elements.js";
import { percent } from "./formats.js";
import { text } from "./language.js";

/** Where the slider is at first: in the middle. */
const MIDDLE = 50;

/** Makes the view: `root` is its element; `show({ before, after, ratio, name })` takes two addresses; `say()` says it anew. */
export function comparison() {
  const before = element("img", { className: "before" });
  const after = element("img", { className: "after" });
  // A slider of the browser's own: with keys, fingers and for screen readers, all as people know it.
  const slider = element("input", { type: "range", min: 0, max: 100, value: MIDDLE });
  const root = element("div", { className: "compare", hidden: true }, before, after, element("span", { className: "handle" }), slider);
  let name = "";
  const move = () => {
    const share = slider.value / 100;
    root.style.setProperty("--cut", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", text("compareValue", { before: percent(share), after: percent(1 - share) }));
  };
  const say = () => {
    before.alt = text("before", { name });
    after.alt = text("after", { name });
    slider.setAttribute("aria-label", text("compare"));
    move();
  };
  slider.addEventListener("input", move);
  const show = (pictures) => {
    ({ name } = pictures);
    before.src = pictures.before;
    after.src = pictures.after ?? pictures.before;
    after.hidden = slider.hidden = !pictures.after;
    root.classList.toggle("one", !pictures.after);
    root.style.setProperty("--ratio", pictures.ratio);
    root.hidden = false;
    say();
  };
  return { root, show, say };
}
