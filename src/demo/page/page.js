/**
 * The page's program: shows what /view says and sends what is pressed to /do. It asks again and again instead of holding a connection open: a browser
 * allows six of those to one server, and somebody opens twenty tabs; and whoever asks notices by himself that nobody answers.
 */
import { $, element, fill, setAttributes } from "./dom.js";

const visibleMs = 200;
const hiddenMs = 2_000;
const answerMs = 8_000;
const logLinesMax = 400;

const address = new URL(location.href);

// ── keyboard ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Each group is one stop of the Tab key; arrows go on inside it (ARIA Authoring Practices, "roving tabindex"). */
function stopsOf(group) {
  return [...group.querySelectorAll(group.dataset.roving)].filter((one) => one.checkVisibility());
}

function rove() {
  for (const group of document.querySelectorAll("[data-roving]")) {
    const stops = stopsOf(group);
    const current = stops.find((one) => one === document.activeElement) ?? stops.find((one) => one.tabIndex === 0);
    for (const one of stops) {
      const wanted = one === (current ?? stops[0]) ? 0 : -1;
      if (one.tabIndex !== wanted || !one.hasAttribute("tabindex")) one.tabIndex = wanted;
    }
  }
}

const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

document.addEventListener("keydown", (event) => {
  const group = event.target.closest?.("[data-roving]");
  if (group === null || group === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  const stops = stopsOf(group);
  const at = stops.indexOf(event.target);
  const to = { Home: stops[0], End: stops.at(-1) }[event.key] ?? stops[at + steps[event.key]];
  if (at !== -1 && to !== undefined) {
    to.focus();
    rove();
    event.preventDefault();
    return;
  }
  // A plate is typed as on any keyboard, once a key of the keypad has the focus.
  const key = group.id === "buttons" && $(`press-${event.key.toUpperCase()}`);
  if (key && key.classList.contains("key")) void act({ action: "press", id: event.key.toUpperCase() });
});
document.addEventListener("focusin", rove);

/** What had the focus may be gone after a change: then the focus goes to what can be done next in the same part of the page. */
function keepFocus(change) {
  const held = document.activeElement;
  const home = held?.closest?.("[data-home]");
  change();
  if (held === null || held === document.body || (held.isConnected && held.checkVisibility())) return;
  const next = [...(home?.querySelectorAll("button") ?? [])].find((one) => one.checkVisibility()) ?? home;
  next?.focus();
}

// ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

let words = {};
let fault = "";
/** Looks at once: what was ordered shows. */
let wake = () => {};

async function act(order) {
  try {
    const response = await fetch("do", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(order),
    });
    fault = response.ok ? "" : `${words.didNotWork} ${await response.text()}`;
  } catch {
    fault = words.serverGone;
  }
  showBanner(fault);
  wake();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button !== null) void act(JSON.parse(button.dataset.do));
});

function showBanner(text) {
  if ($("banner").textContent !== text) $("banner").textContent = text;
  $("banner").hidden = text === "";
}

// ── the picture of a moment ──────────────────────────────────────────────────────────────────────────────────────────────

function buttonOf({ key, order, ...attributes }, ...children) {
  return element("button", { "data-key": key, "data-do": JSON.stringify(order), ...attributes }, ...children);
}

function showMachine({ panel, lamp, kind, kinds, hint, hasScanner, controls, tray, notices }) {
  const glass = $("panel");
  if (panel.version !== undefined && glass.dataset.version !== String(panel.version)) {
    glass.dataset.version = panel.version;
    glass.src = `panel.png?v=${panel.version}`;
  }
  setAttributes(glass, { alt: panel.text, lang: panel.language });
  $("bezel").className = panel.powered ? "bezel" : "bezel dark";
  setAttributes($("lamp"), { class: lamp.on ? "lamp on" : "lamp", "aria-label": lamp.text });
  $("hint").textContent = hint;
  $("hold").hidden = !hasScanner;
  fill(
    $("kinds"),
    kinds.map((one) =>
      buttonOf(
        { key: one.kind, order: { action: "machine", kind: one.kind }, "aria-pressed": one.kind === kind },
        one.name,
      ),
    ),
  );
  $("buttons").dataset.kind = kind;
  fill(
    $("buttons"),
    controls.map((one) =>
      buttonOf(
        { key: `${kind} ${one.id}`, order: { action: "press", id: one.id }, class: one.look, id: `press-${one.id}` },
        one.key === "" ? undefined : element("b", {}, one.key),
        one.label === "" ? undefined : element("span", {}, one.label),
        one.detail === "" ? undefined : element("small", {}, one.detail),
      ),
    ),
  );
  fill(
    $("notices"),
    notices.map(({ name, text, mend }) =>
      element(
        "div",
        { "data-key": name, class: "notice" },
        element("span", {}, text),
        buttonOf({ key: "mend", order: { action: "switch", name, broken: false } }, mend),
      ),
    ),
  );
  const things = tray.things.map(({ id, name }) => element("span", { "data-key": id, class: "thing" }, name));
  const take = buttonOf({ key: "take", order: { action: "take" }, class: "take" }, words.takeAll);
  fill($("tray"), things.length === 0 ? [element("span", { class: "empty" }, tray.empty)] : [...things, take]);
}

function showPhone({ user, lines, canAnswer, approve, decline }) {
  $("user").textContent = user;
  const answers = element(
    "div",
    { "data-key": "answers", class: "answers" },
    buttonOf({ key: "approve", order: { action: "phone-approve" }, class: "main" }, approve),
    buttonOf({ key: "decline", order: { action: "phone-decline" }, class: "no" }, decline),
  );
  fill($("phone"), [
    ...lines.map(({ role, text }) => element("p", { class: role }, text)),
    ...(canAnswer ? [answers] : []),
  ]);
}

function showOwnPhone(own) {
  $("own").hidden = own === undefined;
  if (own === undefined) return;
  $("own-code").hidden = !own.hasCode;
  $("own-code").alt = own.title;
  if ($("own-code").getAttribute("src") === "data:,") $("own-code").src = "own-phone.svg";
  $("own-title").textContent = own.title;
  fill(
    $("own-lines"),
    own.lines.map((text) => element("p", {}, text)),
  );
}

function showSwitches(switches) {
  fill(
    $("switches"),
    switches.map(({ name, label, state, broken }) =>
      buttonOf(
        {
          key: name,
          order: { action: "switch", name, broken: !broken },
          class: broken ? "switch broken" : "switch",
          "aria-pressed": broken,
        },
        element("i", { "aria-hidden": "true" }),
        element("span", {}, label, element("small", {}, state)),
      ),
    ),
  );
}

function showLedger({ none, head, rows, total }) {
  const cells = (tag, all) =>
    all.map((text, at) => element(at === 0 ? "th" : tag, at > 0 && at < 4 ? { class: "n" } : {}, text));
  if (rows.length === 0) {
    fill($("ledger"), [element("p", {}, none)]);
    return;
  }
  const table = element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...cells("th", head))),
    element(
      "tbody",
      {},
      ...rows.map((row) =>
        element("tr", { "data-key": row.key, ...(row.ended ? { class: "ok" } : {}) }, ...cells("td", row.cells)),
      ),
    ),
    element("tfoot", {}, element("tr", {}, ...cells("td", total))),
  );
  fill($("ledger"), [table]);
}

function showLog({ from, lines }) {
  const list = $("log");
  const isAtEnd = list.scrollTop + list.clientHeight > list.scrollHeight - 40;
  while (Number(list.firstElementChild?.dataset.n ?? from) < from) list.firstElementChild.remove();
  for (const line of lines) {
    const row = document.createElement("li");
    fill(row, [
      element("b", {}, line.speaker),
      `${line.text} `,
      line.raw === undefined
        ? ""
        : element("details", {}, element("summary", {}, words.rawLine), element("pre", {}, line.raw)),
    ]);
    setAttributes(row, { "data-n": line.n, "data-who": line.who, class: line.level });
    row.classList.toggle("line", line.isTechnical);
    list.append(row);
  }
  while (list.children.length > logLinesMax) list.firstElementChild.remove();
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

function showStory(story) {
  const section = $("story");
  const isNew = story !== undefined && section.hidden;
  section.hidden = story === undefined;
  if (story === undefined) return;
  const { title, says, chapters, end } = story;
  const stop = buttonOf({ key: "stop", order: { action: "story", play: false } }, words.stopStory);
  fill(section, [
    element("h2", { id: "story-title" }, title),
    element("p", {}, says),
    element(
      "ol",
      {},
      ...chapters.map(({ happens, ends, isNow }) =>
        element("li", isNow ? { class: "now" } : {}, element("b", {}, happens), ends ?? ""),
      ),
    ),
    ...(story.isRunning ? [stop] : []),
    ...(end === undefined
      ? []
      : [
          element(
            "dl",
            { class: "figures" },
            ...end.figures.map(({ name, amount, tone }) =>
              element("div", {}, element("dt", {}, name), element("dd", { class: tone }, amount)),
            ),
          ),
          element("p", {}, end.proofTitle),
          element("ul", {}, ...end.proof.map((text) => element("li", {}, text))),
          ...end.wrong.map((text) => element("p", { class: "wrong" }, text)),
        ]),
  ]);
  if (isNew) section.focus();
}

const told = {};

/** Says aloud what has changed where a screen reader's user is not looking: the panel, the phone, the story. */
function tell(name, text) {
  if (told[name] === text) return;
  told[name] = text;
  $("live").textContent = text;
}

function show(view) {
  keepFocus(() => {
    showMachine(view);
    showPhone(view.phone);
    showOwnPhone(view.own);
    showSwitches(view.switches);
    showLedger(view.ledger);
    showLog(view.log);
    showStory(view.story);
    rove();
  });
  const now = view.story?.chapters.at(-1);
  tell("story", view.story === undefined ? "" : `${now?.happens ?? ""} ${now?.ends ?? ""}`);
  tell("panel", view.panel.text);
  tell("phone", view.phone.lines.map(({ text }) => text).join(" "));
}

// ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const language = () => $("language").value;
let revision = "";
let lastLine = -1;

async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(answerMs), cache: "no-store" });
  if (response.status === 204) return undefined;
  if (response.status === 503) throw new Error("starting");
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

async function speak(wanted) {
  const { language: chosen, languages, page } = await ask(`words?language=${encodeURIComponent(wanted)}`);
  words = page;
  document.documentElement.lang = chosen;
  fill(
    $("language"),
    languages.map(({ code, name }) => element("option", { "data-key": code, value: code, lang: code }, name)),
  );
  $("language").value = chosen;
  for (const one of document.querySelectorAll("[data-words]")) one.textContent = page[one.dataset.words];
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", page[one.dataset.label]);
  $("log").replaceChildren();
  lastLine = -1;
  revision = "";
}

$("language").addEventListener("change", () => {
  address.searchParams.set("language", language());
  history.replaceState(null, "", address);
  speak(language()).catch(() => showBanner(words.serverGone));
});
$("technical").addEventListener("change", () => {
  $("log").classList.toggle("all", $("technical").checked);
  rove();
});

async function look() {
  if (words.machine === undefined) await speak(address.searchParams.get("language") ?? navigator.language);
  const asked = language();
  const view = await ask(`view?language=${asked}&revision=${encodeURIComponent(revision)}&after=${lastLine}`);
  showBanner(fault);
  if (view === undefined || asked !== language()) return;
  // A server that was started anew counts its lines from the beginning.
  if (view.log.last < lastLine) {
    $("log").replaceChildren();
    lastLine = -1;
    return;
  }
  show(view);
  ({ revision } = view);
  lastLine = view.log.last;
}

async function lookOn() {
  for (;;) {
    try {
      await look();
    } catch (error) {
      const isStarting = error instanceof Error && error.message === "starting";
      showBanner((isStarting ? words.starting : words.serverGone) ?? "kvitt demo: …");
    }
    await new Promise((resolve) => {
      wake = resolve;
      setTimeout(resolve, document.hidden ? hiddenMs : visibleMs);
    });
  }
}
void lookOn();
