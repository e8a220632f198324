// What both pages share around their content: the language switch, the way to the history, the words at the foot.

import { onLanguageChange, startLanguage, text } from "./language.js";
import { status } from "./service.js";

/** Resolves to the service's status, or undefined where it can't be had. */
export async function startFrame() {
  startLanguage();
  let service;
  const show = () => {
    if (!service) return;
    document.querySelector("#history-link").hidden = !service.history;
    document.querySelector("#service").textContent = text(service.model ? "serviceInfo" : "serviceVersion", service);
    document.querySelector("#keeping").textContent = text(keeping(service));
  };
  onLanguageChange(show);
  service = await status().catch(() => undefined);
  show();
  return service;
}

/** What the page says of how long photos are kept. */
function keeping({ history, uploads }) {
  if (history) return "photosKept";
  return uploads ? "largePhotosKept" : "photosNotKept";
}
