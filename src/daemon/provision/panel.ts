/**
 * Says on the glass that this computer is not set up, in the words of the out-of-service scene and with the first fault under them. The set-up file
 * is wrong, so that only what can be read of it counts: which panel, which languages.
 */
import type { PanelPins } from "../../config/pins.ts";
import { setUp } from "../../config/setup/plan.ts";
import { valueIn } from "../../config/known-keys.ts";
import { readToml } from "../../config/toml.ts";
import { boardClaims } from "../../config/pins.ts";
import { createLineRegister } from "../../machine/gpio/line-register.ts";
import { fontFolder } from "../../panel/assets.ts";
import { createDrawing } from "../../panel/draw.ts";
import type { Frame } from "../../panel/frame.ts";
import { languages } from "../../panel/languages.ts";
import type { PanelGeometry } from "../../panel/geometry.ts";
import type { Language } from "../../panel/port.ts";
import { defaultQrPolicy } from "../../panel/qr/planner.ts";
import { paletteFor } from "../../panel/render.ts";
import { contentOf } from "../../panel/scene/content.ts";
import { layOut } from "../../panel/scene/layout.ts";
import type { Clock, Log } from "../../service/port.ts";
import { choosePanel, openSink } from "../panel.ts";

/** What can be read of a set-up file about its panel, however wrong the rest is. */
export interface ReadablePanel {
  readonly id: string;
  readonly languages: readonly Language[];
}

/** Undefined where the file names no panel that there is. */
export function readablePanel(text: string, panels: readonly PanelPins[]): ReadablePanel | undefined {
  const read = readToml(text);
  if (!read.ok) return undefined;
  const machine = valueIn(read.raw, "machine");
  const inner = valueIn(read.raw, "config");
  const config = typeof inner === "string" ? readToml(inner) : undefined;
  const panel = config?.ok === true ? valueIn(config.raw, "panel") : undefined;
  const id = valueIn(panel, "model") ?? valueIn(machine, "panel");
  const known = panels.find((one) => one.id === id);
  if (known === undefined) return undefined;
  const named = valueIn(panel, "languages") ?? valueIn(machine, "languages");
  const wanted: readonly unknown[] = Array.isArray(named) ? named : [];
  const spoken = languages.filter((language) => wanted.includes(language));
  return { id: known.id, languages: spoken.length === 0 ? ["nb", "en"] : spoken };
}

/** The picture: out of service, not set up, and why. */
export function notSetUpFrame(geometry: PanelGeometry, spoken: readonly Language[], fault: string): Promise<Frame> {
  const drawing = createDrawing(fontFolder(import.meta.url));
  const [first = "en", second] = spoken;
  const content = contentOf({ kind: "out-of-service", reason: "config" }, first, { timeZone: "UTC", second });
  // Two lines' worth: the whole is in the note on the boot partition.
  const [short = ""] = fault.split("\n");
  const list = layOut(
    { ...content, footer: short.slice(0, footerMax) },
    geometry,
    drawing.measure,
    defaultQrPolicy,
    undefined,
  );
  return drawing.draw(list, paletteFor(geometry.colours));
}

const footerMax = 120;

/** @throws what the panel's device says */
export async function showNotSetUp(
  panel: ReadablePanel,
  fault: string,
  parts: { readonly panels: readonly PanelPins[]; readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const { panels, clock, log } = parts;
  const stand = { trade: "kiosk", id: "not-set-up", location: "-", msn: "1234", broker: "mqtts://broker.example.com" };
  const made = setUp({ ...stand, panel: panel.id, languages: panel.languages }, panels);
  if (!made.ok) throw new Error(made.faults.join("; "));
  const choice = await choosePanel(made.config);
  const sink = await openSink(made.config, choice, {
    clock,
    log,
    register: createLineRegister(boardClaims),
    isService: true,
  });
  const frame = await notSetUpFrame(choice.geometry, panel.languages, fault);
  await sink.open();
  try {
    const outcome = await sink.present(frame, { codeArea: undefined, isSafe: true });
    if (outcome.kind === "failed") throw new Error(outcome.reason);
  } finally {
    await sink.close();
  }
}
