/**
 * `kvitt panel test --panel ID`: guided, on hardware. Shows a frame that betrays a wrong panel, a wrong rotation and lost rows, tells what happened in
 * words that lead to the mistake, and ends with a white panel that sleeps. The caller opens the device; this knows only where frames go.
 */
import type { Frame } from "../../panel/frame.ts";
import type { FrameSink } from "../../panel/sink.ts";
import { CommandError, type CommandIo } from "../command.ts";

export interface PanelTestOptions {
  readonly panelId: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sink: FrameSink;
  readonly io: CommandIo;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

interface Picture {
  readonly name: string;
  readonly question: string;
  readonly safe: boolean;
  readonly isBlack: (x: number, y: number, widthPx: number, heightPx: number) => boolean;
}

/** The side of a checkered field, in pixels: a lost or shifted row shows at once. */
const fieldPx = 8;

const pictures: readonly Picture[] = [
  {
    name: "black",
    question:
      "Is the whole panel black, without light rows or columns? (Stripes: wrong panel size. Nothing at all: wrong panel or wiring.)",
    safe: false,
    isBlack: () => true,
  },
  {
    name: "border and corner",
    question:
      "Is there a line one pixel wide along all four edges, and a black square in the TOP LEFT corner as customers see the panel? (Elsewhere: set rotation.)",
    safe: false,
    isBlack: (x, y, widthPx, heightPx) =>
      x === 0 ||
      y === 0 ||
      x === widthPx - 1 ||
      y === heightPx - 1 ||
      (x < widthPx / 4 && y < Math.min(widthPx, heightPx) / 4),
  },
  {
    name: "checkers",
    question:
      "Are all fields square and of one size, and is no shadow of the last picture left? (A shadow: too cold, or a tired panel.)",
    safe: false,
    isBlack: (x, y) => (Math.floor(x / fieldPx) + Math.floor(y / fieldPx)) % 2 === 0,
  },
  {
    name: "white",
    question: "Is the panel white? It may stay so: white is how panels are stored.",
    safe: true,
    isBlack: () => false,
  },
];

/** Runs all pictures. Exit code 0 when the panel took each; 1 when one failed. @throws CommandError when interrupted */
export async function testPanel(options: PanelTestOptions): Promise<number> {
  const { io, panelId, sink, nowMs } = options;
  io.err(`Testing panel ${panelId}: ${pictures.length} pictures of ${options.widthPx}×${options.heightPx} px.`);
  await sink.open();
  try {
    for (const [index, picture] of pictures.entries()) {
      if (io.signal.aborted) throw new CommandError("interrupted; the panel shows a test picture", 1);
      const startMs = nowMs();
      const outcome = await sink.present(frameOf(picture, options), { codeArea: undefined, isSafe: picture.safe });
      const tookMs = Math.round(nowMs() - startMs);
      if (outcome.kind === "failed") {
        io.err(`${index + 1}. ${picture.name}: FAILED: ${outcome.reason}`);
        io.err(adviceFor(outcome.reason));
        return 1;
      }
      io.out(`${index + 1}. ${picture.name}: shown in ${tookMs} ms`);
      io.err(`   ${picture.question}`);
    }
  } finally {
    await sink.close();
  }
  io.err("The panel took all pictures. Only you can say whether they looked right.");
  return 0;
}

function adviceFor(reason: string): string {
  if (reason.includes("never released"))
    return "   BUSY stays busy. Look at the sticker on the glass and choose the panel id with that revision; then check the BUSY and RST wires, and PWR (high on HATs from rev 2.3).";
  if (reason.includes("released at once"))
    return "   The panel says it was done before it can have been. Look at the sticker on the glass: another revision has another controller, and BUSY means the opposite there. Then check the BUSY wire.";
  if (reason.includes("SPI"))
    return '   Is SPI on ("dtparam=spi=on" in config.txt), and is nothing else using the device?';
  return "   docs/epaper.md and docs/framebuffer.md list what to check.";
}

function frameOf(picture: Picture, { widthPx, heightPx }: PanelTestOptions): Frame {
  const rgba = new Uint8ClampedArray(widthPx * heightPx * 4).fill(255);
  for (let y = 0; y < heightPx; y += 1)
    for (let x = 0; x < widthPx; x += 1)
      if (picture.isBlack(x, y, widthPx, heightPx)) rgba.fill(0, (y * widthPx + x) * 4, (y * widthPx + x) * 4 + 3);
  return { widthPx, heightPx, rgba };
}
