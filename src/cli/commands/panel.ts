/** `kvitt panel`: which panels there are, and how each scene looks on them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defined } from "../../kit/defined.ts";
import { openLines } from "../../machine/gpio/open-lines.ts";
import { panelFolder } from "../../panel/assets.ts";
import { createDrawing } from "../../panel/draw.ts";
import { framePng } from "../../panel/png.ts";
import type { Rotation } from "../../panel/geometry.ts";
import { openPanelSink } from "../../panel/open-sink.ts";
import { geometryOf, listPanels, loadPanel, type PanelFile, PanelFileError } from "../../panel/panel-file.ts";
import { type Language, languages } from "../../panel/languages.ts";
import { defaultQrPolicy, planQr } from "../../panel/qr/planner.ts";
import { drawScene, glassOf, type RenderSettings } from "../../panel/render.ts";
import { codeArea } from "../../panel/scene/layout.ts";
import { sampleContents, type SampleScene, sampleScenes } from "../../panel/scene/samples.ts";
import { createReadableLog } from "../../service/service-log.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";
import { paintOutOfService } from "./panel-out-of-service.ts";
import { testPanel } from "./panel-test.ts";

const sceneNames = sampleScenes().map(({ name }) => name);

const usage = `kvitt panel list [--json]
kvitt panel show ID [--json]
kvitt panel preview --panel ID --scene NAME [--content TEXT] [--lang nb] [--second-lang en] [--rotation 90] --out FILE.png
kvitt panel gallery --out DIR [--lang nb] [--second-lang en]
kvitt panel test --panel ID [--rotation 90] [--device NAME]
kvitt panel out-of-service --config FILE [--if-left]

  list      the panels that kvitt knows
  show      one of them: its size, its driver, and which codes phones read on it
  preview   one scene as this panel shows it, as a PNG
  gallery   every panel × scene as one HTML page
  test      guided, on the hardware: test pictures and what to look for
  out-of-service
            paints "out of service" on the configured panel while no daemon runs; with --if-left only where a daemon ended
            without doing it. The service manager asks for it

  --panel ID        of kvitt panel list
  --scene NAME      ${sceneNames.join(", ")}
  --content TEXT    what stands in the code, instead of a sample
  --lang            ${languages.join(", ")}
  --second-lang     a second language on the same picture
  --rotation        0, 90, 180 or 270: how far the glass is turned, clockwise
  --device          the framebuffer's name (vc4drmfb) or the SPI device (/dev/spidev0.0)

preview writes its picture also where the code does not fit the panel; it then says why and exits with 1.`;

const options = {
  json: { type: "boolean", default: false },
  panel: { type: "string" },
  scene: { type: "string" },
  content: { type: "string" },
  lang: { type: "string", default: "nb" },
  "second-lang": { type: "string" },
  rotation: { type: "string", default: "0" },
  device: { type: "string" },
  out: { type: "string" },
  config: { type: "string" },
  "if-left": { type: "boolean", default: false },
} as const;

const parse = (args: readonly string[]) => parseFlags(args, options);

type Values = ReturnType<typeof parse>["values"];

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parse(args);
  const [verb, id] = positionals;
  switch (verb) {
    case "list":
      return list(values, io);
    case "show":
      return show(await panelOf(id ?? values.panel), values, io);
    case "preview":
      return preview(values, io);
    case "gallery":
      return gallery(values, io);
    case "test":
      return test(values, io);
    case "out-of-service":
      return paintOutOfService(values.config, values["if-left"], io);
    default:
      throw new CommandError(verb === undefined ? usage : `kvitt panel has no "${verb}"\n${usage}`);
  }
}

async function list(values: Values, io: CommandIo): Promise<number> {
  const panels = await listPanels(panelFolder(import.meta.url));
  if (values.json) {
    io.out(JSON.stringify(panels, undefined, 2));
    return 0;
  }
  const width = Math.max(...panels.map(({ id }) => id.length));
  for (const { id, name, widthPx, heightPx, widthMm, heightMm, driver } of panels)
    io.out(
      `${id.padEnd(width)}  ${`${widthPx}×${heightPx}`.padEnd(9)}  ${`${widthMm}×${heightMm} mm`.padEnd(16)}  ${driver.padEnd(11)}  ${name}`,
    );
  return 0;
}

async function panelOf(id: string | undefined): Promise<PanelFile> {
  if (id === undefined) throw new CommandError("which panel? kvitt panel list names them; then --panel ID");
  try {
    return await loadPanel(id, panelFolder(import.meta.url));
  } catch (error) {
    if (error instanceof PanelFileError) throw new CommandError(error.message, 2, { cause: error });
    throw error;
  }
}

function show(panel: PanelFile, values: Values, io: CommandIo): number {
  if (values.json) {
    io.out(JSON.stringify(panel, undefined, 2));
    return 0;
  }
  const { id, name, widthPx, heightPx, widthMm, heightMm, driver, colours, readingDistanceMm, sources } = panel;
  io.out(`${id}: ${name}`);
  io.out(`  ${widthPx} × ${heightPx} px, ${widthMm} × ${heightMm} mm, ${colours}, read from ${readingDistanceMm} mm`);
  io.out(
    `  driver ${driver}${panel.driver === "epaper" ? `, controller ${panel.controller.name}, wiring hardware/panels/${panel.wiring}` : ""}`,
  );
  for (const [figure, source] of Object.entries(sources)) io.out(`  ${figure}: ${source}`);
  const geometry = geometryOf(panel);
  for (const [what, text] of Object.entries({ ...sampleContents, "200 bytes": longContent })) {
    const planning = planQr(text, geometry, codeArea(geometry), defaultQrPolicy);
    if (planning.kind === "refused") io.out(`  code, ${what}: refused: ${planning.reason}; ${planning.advice}`);
    else {
      const { symbol, moduleSizePx, moduleSizeMm, scanDistanceMm } = planning.plan;
      io.out(
        `  code, ${what}: version ${symbol.version}-${symbol.errorCorrection}, modules of ${moduleSizePx} px (${moduleSizeMm.toFixed(2)} mm), scans from about ${scanDistanceMm} mm`,
      );
    }
  }
  return 0;
}

/** As long as the provider's links may become. */
const longContent = `https://qr.vipps.no/${"abcdefghij0123456789".repeat(9)}`;

function languageOf(name: string): Language {
  const found = languages.find((language) => language === name);
  if (found === undefined) throw new CommandError(`"${name}" is no language of ours: ${languages.join(", ")}`);
  return found;
}

function rotationOf(text: string): Rotation {
  const rotations: readonly Rotation[] = [0, 90, 180, 270];
  const found = rotations.find((rotation) => String(rotation) === text);
  if (found === undefined) throw new CommandError(`--rotation ${text}: one of ${rotations.join(", ")}`);
  return found;
}

function renderSettings(panel: PanelFile, values: Values): RenderSettings {
  const second = values["second-lang"];
  return {
    geometry: geometryOf(panel, rotationOf(values.rotation)),
    drawing: createDrawing(),
    timeZone: "Europe/Oslo",
    language: languageOf(values.lang),
    ...(second === undefined ? {} : { secondLanguage: languageOf(second) }),
  };
}

function samplesWith(content: string | undefined): readonly SampleScene[] {
  return content === undefined ? sampleScenes() : sampleScenes({ callback: content, payment: content });
}

async function preview(values: Values, io: CommandIo): Promise<number> {
  const { out, scene: name } = values;
  if (out === undefined) throw new CommandError("kvitt panel preview needs --out FILE.png");
  const sample = samplesWith(values.content).find((one) => one.name === name);
  if (sample === undefined)
    throw new CommandError(
      `${name === undefined ? "which scene?" : `there is no scene "${name}";`} --scene is one of ${sceneNames.join(", ")}`,
    );
  const settings = renderSettings(await panelOf(values.panel), values);
  const { list: drawn, frame } = await drawScene(sample.scene, settings);
  await writeFile(out, framePng(glassOf(frame, settings.geometry.colours)));
  if (drawn.refusal === undefined) return 0;
  io.err(`the code does not fit: ${drawn.refusal}`);
  return 1;
}

async function gallery(values: Values, io: CommandIo): Promise<number> {
  const { out } = values;
  if (out === undefined) throw new CommandError("kvitt panel gallery needs --out DIR");
  await mkdir(out, { recursive: true });
  const sections: string[] = [];
  for (const panel of await listPanels(panelFolder(import.meta.url))) {
    const rotations = Math.min(panel.widthPx, panel.heightPx) < 200 ? (["0", "90"] as const) : (["0"] as const);
    for (const rotation of rotations) sections.push(await gallerySection(panel, { ...values, rotation }, out, io));
  }
  await writeFile(join(out, "index.html"), page(sections));
  io.out(join(out, "index.html"));
  return 0;
}

async function gallerySection(panel: PanelFile, values: Values, out: string, io: CommandIo): Promise<string> {
  const settings = renderSettings(panel, values);
  const { colours, heightPx, widthPx } = settings.geometry;
  const figures: string[] = [];
  for (const { name, scene } of samplesWith(values.content)) {
    if (io.signal.aborted) throw new CommandError("interrupted; the gallery is not whole", 1);
    const file = `${panel.id}-${values.rotation}-${name}.png`;
    const { frame } = await drawScene(scene, settings);
    await writeFile(join(out, file), framePng(glassOf(frame, colours)));
    figures.push(
      `<figure><img src="${file}" alt="${name}" width="${Math.min(widthPx, 480)}" loading="lazy"><figcaption>${name}</figcaption></figure>`,
    );
  }
  return `<h2>${panel.name.replaceAll('"', "&quot;")} <small>${panel.id}, ${widthPx} × ${heightPx}</small></h2>\n<div>${figures.join("\n")}</div>`;
}

function page(sections: readonly string[]): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>kvitt panels</title>
<style>body{font:16px system-ui;margin:2em;background:#ddd}div{display:flex;flex-wrap:wrap;gap:1em}figure{margin:0}img{display:block;border:1px solid #888;height:auto}small{font-weight:normal}</style>
<h1>Every panel, every scene</h1>
${sections.join("\n")}
</html>
`;
}

async function test(values: Values, io: CommandIo): Promise<number> {
  const panel = await panelOf(values.panel);
  const rotation = rotationOf(values.rotation);
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const sink = await openPanelSink(panel, {
    rotation,
    clock,
    log: createReadableLog("warn", io.err),
    ...defined({ device: values.device }),
    gpio: () => openLines({ backEnd: "auto" }, clock),
  });
  const { widthPx, heightPx } = geometryOf(panel, rotation);
  return testPanel({ panelId: panel.id, widthPx, heightPx, sink, io, nowMs: () => clock.monotonicMs() });
}

const command: CliCommand = { usage, run };
export default command;
