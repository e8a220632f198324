// The ways in which a picture comes to the page: chosen, dropped, pasted, or one of the examples.

/**
 * Calls `take(file, { name })` for each picture, `miss(textKey)` where something else came. `panel` is the part of the page that
 * takes pictures, as long as it is shown.
 */
export function startIntake(panel, { take, miss }) {
  choosing(panel, take);
  dropping(panel, take, miss);
  pasting(panel, take, miss);
  examples(panel, take, miss);
}

/** Opens the browser's own file dialog; with `camera`, a phone opens its camera instead. */
export function openChooser(input, { camera = false } = {}) {
  if (camera) input.setAttribute("capture", "environment");
  else input.removeAttribute("capture");
  input.click();
}

function choosing(panel, take) {
  const input = part(panel, "file");
  part(panel, "choose").addEventListener("click", () => openChooser(input));
  input.addEventListener("change", () => {
    const [file] = input.files;
    // Emptied, so that choosing the same file again is a change too.
    if (file) take(file, { name: file.name });
    input.value = "";
  });
}

function dropping(panel, take, miss) {
  const stage = part(panel, "stage");
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    stage.classList.toggle("dropping", depth > 0);
  };
  // The whole page takes drops: beside the frame the browser would leave the page and show the file.
  document.addEventListener("dragenter", () => mark(1));
  document.addEventListener("dragleave", () => mark(-1));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(-depth);
    if (panel.hidden) return;
    const [file] = event.dataTransfer.files;
    if (file) take(file, { name: file.name });
    else miss("noPictureDropped");
  });
}

function pasting(panel, take, miss) {
  document.addEventListener("paste", (event) => {
    if (panel.hidden) return;
    const [file] = event.clipboardData.files;
    // A pasted screenshot is always called image.png; a copied file has a name that helps.
    if (file) take(file, { name: file.name });
    else miss("noPicturePasted");
  });
}

function examples(panel, take, miss) {
  for (const button of part(panel, "examples").querySelectorAll("button")) {
    const { src } = button.querySelector("img");
    button.addEventListener("click", async () => {
      try {
        const response = await fetch(src);
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        take(await response.blob(), { name: src.split("/").pop(), address: src });
      } catch {
        miss("network");
      }
    });
  }
}

/** A part of a panel that takes pictures: `stage`, `choose`, `camera`, `file` or `examples`. */
export function part(panel, name) {
  return panel.querySelector(`[data-part="${name}"]`);
}
