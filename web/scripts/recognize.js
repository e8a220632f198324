// The first page: takes a picture, sends it, shows the answer.

import { openCamera, startCamera } from "./camera.js";
import { curlCommand, hideCurl, showCurl, startCurl } from "./curl.js";
import { startFrame } from "./frame.js";
import { announce } from "./elements.js";
import { part, startIntake } from "./intake.js";
import { language, onLanguageChange, text } from "./language.js";
import { startModels, chosenModel } from "./models.js";
import { prepare } from "./picture.js";
import { showAnswer, showNothing, showProblem, showUpload, showWaiting } from "./result.js";
import { functions, recognize, ServiceError } from "./service.js";
import { showTabs } from "./tabs.js";

/** Functions take requests of 6 MB, in which a photo is base64: a third more. The rest is room for headers. */
const LARGEST_REQUEST = 4 << 20;
/** Until the service says that it doesn't: then it is not asked again. */
let takesUploads = true;
/** The request under way, to be given up when a newer picture comes. */
let underWay;
/** Shows the present state anew, in the language of the moment. */
let again = showNothing;

async function take(file, source) {
  underWay?.abort();
  const { signal } = (underWay = new AbortController());
  showWaiting();
  const picture = await prepare(file);
  if (signal.aborted) return;
  showPhoto(picture, source);
  await ask(picture, source, signal);
}

async function ask(picture, source, signal) {
  const askAgain = () => {
    showPhoto(picture, source);
    underWay?.abort();
    underWay = new AbortController();
    return ask(picture, source, underWay.signal);
  };
  again = askAgain;
  try {
    const uploaded = await askByUpload(picture, signal);
    const answer = uploaded ?? (await askDirectly(picture, source, signal));
    again = askAgain;
    showAnswer(answer, picture);
  } catch (error) {
    if (error.name === "AbortError") return;
    again = askAgain;
    if (!error.code) throw error;
    showProblem(error, askAgain);
  }
  document.querySelector("#result").scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function askDirectly(picture, source, signal) {
  showWaiting();
  showCurl(command(picture, source));
  return recognize(picture.blob, { language: language(), model: chosenModel(), signal });
}

/** The answer to a photo that goes to the service's bucket; undefined if this one does not, or the service has none. */
async function askByUpload(picture, signal) {
  const { whole, format } = picture;
  // What lies in the bucket is named by one model only.
  const isForUpload = takesUploads && !chosenModel() && format !== undefined && whole.size > LARGEST_REQUEST;
  if (!picture.place && !isForUpload) return undefined;
  // Few visitors need it.
  const { answerOf, upload } = await import("./upload.js").catch(({ message }) => {
    throw new ServiceError("network", message);
  });
  const view = showUpload(whole.size, () => {
    underWay?.abort();
    again = showNothing;
    again();
    announce(text("uploadCancelled"));
  });
  hideCurl();
  // A change of language must not send all of it a second time.
  again = view.sayAgain;
  picture.place ??= await upload(whole, { language: language(), signal, onProgress: view.progress });
  takesUploads = picture.place !== undefined;
  if (!takesUploads) return undefined;
  view.sent();
  // Its names stay in the language in which it was uploaded: they lie in the bucket.
  return answerOf(picture.place, signal);
}

/** What a shell can send: the visitor's file, or, if only the browser can read that, a JPEG made of it. */
function command({ blob, format, width }, source) {
  if (format || width === undefined) return curlCommand(source, format ?? blob.type, chosenModel());
  return curlCommand({ name: source.name.replace(/(\.\w+)?$/, ".jpg") }, "image/jpeg", chosenModel());
}

function miss(key) {
  underWay?.abort();
  again = () => showProblem(key);
  again();
}

function showPhoto({ blob, width }, { name }) {
  const image = document.querySelector("#photo");
  URL.revokeObjectURL(image.src);
  image.hidden = width === undefined;
  document.querySelector("#stage").classList.toggle("filled", !image.hidden);
  if (image.hidden) {
    image.removeAttribute("src");
    return;
  }
  image.src = URL.createObjectURL(blob);
  image.alt = text("photoAlt", { name });
}

const panel = document.querySelector("#panel-recognize");
startIntake(panel, { take, miss });
startCamera();
part(panel, "camera").addEventListener("click", () => openCamera(take, part(panel, "file")));
startCurl();
showNothing();
onLanguageChange(() => again());
startFrame().then((service) => {
  takesUploads &&= service?.uploads !== false;
  if (service) sayWhatIsKnown(service.model);
});
functions()
  .catch(() => [])
  .then((known) => {
    startModels(known, (model) => {
      sayWhatIsKnown(model);
      again();
    });
    const cutout = known.find(({ name, answers }) => name === "cutout" && answers === "picture");
    if (!cutout) return;
    // Few services have it.
    showTabs(async (shown) => {
      const { startCutout } = await import("./cutout.js");
      startCutout(shown, cutout.path);
    });
  });

/** What is said about fruit and shelves is true of one model only. */
function sayWhatIsKnown(model) {
  const isGroceries = model === "groceries";
  document.querySelector("#examples-note").hidden = !isGroceries;
  const lead = document.querySelector("#lead");
  lead.dataset.text = isGroceries ? "leadGroceries" : "leadAny";
  lead.textContent = text(lead.dataset.text);
}
