/** The wallet on a visitor's own phone: shows what the demo's phone shows, and scans the panel by camera, by photo, or by the letters at the end of its code. */
import { $, element, fill } from "./dom.js";

const lookMs = 400;
const answerMs = 8_000;
/** Between two pictures of the camera: reading one takes the demo a tenth of a second. */
const frameMs = 300;
/** A picture of the panel is read at this size; larger ones only take longer to send. */
const sideMax = 900;

let words = {};

async function ask(path, options = {}) {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(answerMs), ...options });
  if (response.status === 204) return undefined;
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

const order = (one) =>
  ask("do", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(one) });

function note(text) {
  $("note").textContent = text;
}

// ── reading the panel ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sends a picture in greys, a byte a pixel (ITU-R BT.601): whether there was a code in it. */
async function read(source, sourceWidth, sourceHeight) {
  const scale = Math.min(1, sideMax / Math.max(sourceWidth, sourceHeight));
  const width = Math.round(sourceWidth * scale);
  const height = Math.round(sourceHeight * scale);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const greys = new Uint8Array(width * height);
  for (let at = 0; at < greys.length; at += 1)
    greys[at] = 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2];
  const headers = { "content-type": "application/octet-stream" };
  const answer = await ask(`scan?width=${width}&height=${height}`, { method: "POST", headers, body: greys });
  return answer?.found === true;
}

let stream;

function closeCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = undefined;
  $("video").srcObject = null;
  $("looking").hidden = true;
  $("ways").hidden = false;
}

async function useCamera() {
  note("");
  const video = $("video");
  stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", frameRate: { ideal: 10 } },
  });
  const mine = stream;
  video.srcObject = stream;
  $("looking").hidden = false;
  $("ways").hidden = true;
  $("stop").focus();
  await video.play();
  while (stream === mine) {
    const found = await read(video, video.videoWidth, video.videoHeight).catch(() => false);
    if (found && stream === mine) closeCamera();
    await new Promise((resolve) => setTimeout(resolve, frameMs));
  }
}

$("camera").addEventListener("click", () => {
  useCamera().catch(() => {
    closeCamera();
    note(words.noCamera);
  });
});
$("stop").addEventListener("click", closeCamera);

async function usePhoto() {
  const [file] = $("photo").files;
  if (file === undefined) return;
  note("");
  try {
    const picture = await createImageBitmap(file);
    if (!(await read(picture, picture.width, picture.height))) note(words.unread);
  } catch {
    note(words.unread);
  }
  $("photo").value = "";
}
$("photo").addEventListener("change", () => void usePhoto());

async function useLetters() {
  const text = $("letters").value.trim();
  if (text === "") return;
  try {
    const { found } = await order({ action: "type", text });
    note(found ? "" : words.wrongLetters);
    if (found) $("letters").value = "";
  } catch (error) {
    note(`${words.didNotWork} ${error.message}`);
  }
}
$("typing").addEventListener("submit", (event) => {
  event.preventDefault();
  void useLetters();
});

// ── the wallet ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function act(action) {
  try {
    await order({ action });
    await look();
  } catch (error) {
    note(`${words.didNotWork} ${error.message}`);
  }
}

$("home").addEventListener("click", () => void act("home"));
$("answers").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button !== null) void act(button.dataset.key);
});

function banner(text) {
  $("banner").textContent = text;
  $("banner").hidden = text === "";
}

async function speak() {
  words = await ask(`words?language=${encodeURIComponent(navigator.language)}`);
  document.documentElement.lang = words.language;
  for (const one of document.querySelectorAll("[data-words]")) one.textContent = words[one.dataset.words];
  // Browsers give a camera over HTTPS alone (Media Capture and Streams, "secure contexts").
  $("camera").hidden = navigator.mediaDevices?.getUserMedia === undefined;
}

async function look() {
  if (words.language === undefined) await speak();
  const { user, lines, canAnswer, approve, decline } = await ask(`view?language=${words.language}`);
  $("user").textContent = user;
  fill(
    $("phone"),
    lines.map(({ role, text }) => element("p", { class: role }, text)),
  );
  fill(
    $("answers"),
    canAnswer
      ? [
          element("button", { "data-key": "approve", class: "main" }, approve),
          element("button", { "data-key": "decline", class: "no" }, decline),
        ]
      : [],
  );
  // Who is asked for money does nothing else.
  if (stream === undefined) $("ways").hidden = canAnswer;
  banner("");
}

for (;;) {
  try {
    await look();
  } catch {
    banner(words.serverGone ?? "kvitt demo: …");
  }
  await new Promise((resolve) => setTimeout(resolve, lookMs));
}
