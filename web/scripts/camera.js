// Taking a photo: the camera's picture in a dialog. Where pages get no camera (no HTTPS, an old browser), the file
// dialog is opened such that phones start their own camera program.

import { element } from "./elements.js";
import { openChooser } from "./intake.js";
import { text } from "./language.js";
import { drawn, jpeg } from "./picture.js";
import { problem } from "./problems.js";

const REASONS = { NotAllowedError: "cameraDenied", SecurityError: "cameraDenied", NotFoundError: "cameraMissing" };

let stream;
/** Identifiers of the machine's cameras; browsers tell them once a camera may be used. */
let cameras = [];

/** Who gets the photo. */
let take;

/** Makes the dialog work. */
export function startCamera() {
  part("#shutter").addEventListener("click", async () => {
    const photo = await jpeg(drawn(video(), video().videoWidth, video().videoHeight));
    dialog().close();
    take(photo, { name: "photo.jpg" });
  });
  part("#other-camera").addEventListener("click", () => {
    const now = stream?.getVideoTracks()[0]?.getSettings().deviceId;
    start({ deviceId: { exact: cameras[(cameras.indexOf(now) + 1) % cameras.length] } });
  });
  part("#close-camera").addEventListener("click", () => dialog().close());
  // However it was closed, by Escape too: the camera's light goes out.
  dialog().addEventListener("close", stop);
  video().addEventListener("loadeddata", () => {
    part("#shutter").disabled = false;
    part("#shutter").focus();
    message().replaceChildren();
  });
}

/** Calls `taken(file, { name })` with a photo; where pages get no camera, it comes by `input`, as a file does. */
export function openCamera(taken, input) {
  if (!navigator.mediaDevices?.getUserMedia) {
    openChooser(input, { camera: true });
    return;
  }
  take = taken;
  dialog().showModal();
  start({ facingMode: "environment" });
}

async function start(wish) {
  stop();
  message().replaceChildren(element("p", { textContent: text("cameraStarting") }));
  try {
    const started = await navigator.mediaDevices.getUserMedia({
      video: { ...wish, width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
    if (!dialog().open) {
      // Closed while the browser asked for permission.
      for (const track of started.getTracks()) track.stop();
      return;
    }
    stream = started;
    video().srcObject = stream;
    const devices = await navigator.mediaDevices.enumerateDevices();
    cameras = devices.filter(({ kind }) => kind === "videoinput").map(({ deviceId }) => deviceId);
    part("#other-camera").hidden = cameras.length < 2;
  } catch (error) {
    message().replaceChildren(problem(REASONS[error.name] ?? "cameraBusy"));
  }
}

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = undefined;
  video().srcObject = null;
  part("#shutter").disabled = true;
}

function dialog() {
  return document.querySelector("#camera");
}

function part(selector) {
  return dialog().querySelector(selector);
}

function video() {
  return part("video");
}

function message() {
  return part(".message");
}
