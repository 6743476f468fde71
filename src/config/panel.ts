/** `[panel]`: what customers see, and on which glass. */
import { z } from "zod";
import { languages } from "../panel/languages.ts";

const file = z.string().min(1).max(4_096);
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, for example "22:00"');

export const panelSchema = z.strictObject({
  model: z.string().min(1).optional().describe("A panel of hardware/panels (kvitt panel list); or the geometry below."),
  output: z
    .enum(["framebuffer", "epaper", "image"])
    .optional()
    .describe("What drives it; default what the model says. image writes a PNG file."),
  width_px: z.int().min(100).max(4_096).optional().describe("Pixels across."),
  height_px: z.int().min(100).max(4_096).optional().describe("Pixels down."),
  width_mm: z.number().min(10).max(3_000).optional().describe("Millimetres across, of the picture itself."),
  height_mm: z.number().min(10).max(3_000).optional().describe("Millimetres down."),
  colours: z.enum(["black-white", "grey", "black-white-red", "colour"]).optional().describe("What the glass can show."),
  rotation: z
    .union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)])
    .default(0)
    .describe("How far the glass is turned, clockwise."),
  languages: z
    .array(z.enum(languages))
    .min(1)
    .max(languages.length)
    .default(["nb", "en"])
    .describe("Languages of the customers, the first one first."),
  language_mode: z
    .enum(["alternating", "together"])
    .optional()
    .describe(
      "Several languages one after the other, or the first two at once. Default: alternating where the picture may change at any time, together on e-paper.",
    ),
  brand_name: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .describe("The operator's name above the words, where there is room."),
  brand_logo: file
    .optional()
    .describe("The operator's own sign instead: a PNG file. No wallet's logo: they are named."),
  accent: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'a colour, for example "#0f4c81"')
    .optional()
    .describe("The operator's colour. Darkened until white stands out on it; glass without colours leaves it."),
  qr_rendering: z
    .enum(["own", "provider"])
    .default("own")
    .describe("own draws the provider's content module by module; provider shows the provider's own picture."),
  reading_distance_mm: z
    .number()
    .min(150)
    .max(3_000)
    .optional()
    .describe("From where customers read it; type sizes follow. Default what the model says, or 500."),
  device: file.optional().describe("Name of the framebuffer (vc4drmfb) or path of the SPI device (/dev/spidev0.0)."),
  night_from: clockTime.optional().describe("From this time of day a framebuffer is dimmed"),
  night_to: clockTime.optional().describe("until this one."),
  night_light: z
    .number()
    .min(0.05)
    .max(1)
    .default(0.4)
    .describe("How bright it is then: 1 is as by day. Without a backlight the picture is darkened, to 0.35 at least."),
  burn_in_shift_px: z
    .int()
    .min(0)
    .max(8)
    .default(2)
    .describe("How far a framebuffer's picture wanders so that nothing burns in; 0 keeps it still."),
  image_file: file.optional().describe("Where output image writes its PNG."),
});

export interface PanelFault {
  readonly path: readonly string[];
  readonly message: string;
}

/** What no single key shows. */
export function panelFaults(panel: z.infer<typeof panelSchema>): readonly PanelFault[] {
  const { model, width_px, height_px, width_mm, height_mm, output, image_file, night_from, night_to } = panel;
  const faults: PanelFault[] = [];
  const fault = (key: keyof typeof panel, message: string) => faults.push({ path: ["panel", key], message });
  const isWhole = [width_px, height_px, width_mm, height_mm].every((value) => value !== undefined);
  if (model === undefined && !isWhole)
    fault(
      "model",
      'either model = "…" (kvitt panel list shows them), or all of width_px, height_px, width_mm and height_mm',
    );
  if (output === "image" && image_file === undefined)
    fault("image_file", 'output = "image" writes a picture: image_file = "/run/kvitt/panel.png"');
  if (model === undefined && output === undefined)
    fault("output", 'without a model, say what drives it: output = "framebuffer" or "image"');
  if (model === undefined && output === "epaper")
    fault("model", "e-paper needs to know its controller: name a model (kvitt panel list shows them)");
  if (night_from !== undefined && night_to === undefined) fault("night_to", 'night has an end: night_to = "06:00"');
  if (night_to !== undefined && night_from === undefined)
    fault("night_from", 'night has a beginning: night_from = "22:00"');
  return faults;
}
