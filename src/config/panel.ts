/** `[panel]`: what customers see, and on which glass. */
import * as z from "zod";
import { languages } from "../panel/languages.ts";
import { clockTime, type Fault, file, panelWords } from "./fields.ts";
import { nearestWord } from "./known-keys.ts";
import type { PanelPins } from "./pins.ts";

export const panelSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .optional()
    .describe("Id of a panel in hardware/panels (kvitt panel list). Without one, give the geometry below."),
  output: z
    .enum(["framebuffer", "epaper", "image", "none"])
    .optional()
    .describe(
      "Output driver; default: the model's. image writes a PNG file; none is a machine without a panel, whose codes are printed.",
    ),
  width_px: z.int().min(100).max(4_096).optional().describe("Width in pixels."),
  height_px: z.int().min(100).max(4_096).optional().describe("Height in pixels."),
  width_mm: z.number().min(10).max(3_000).optional().describe("Width of the active area in millimetres."),
  height_mm: z.number().min(10).max(3_000).optional().describe("Height of the active area in millimetres."),
  colours: z
    .enum(["black-white", "grey", "black-white-red", "colour"])
    .optional()
    .describe("Colours the panel can show."),
  rotation: z.literal([0, 90, 180, 270]).default(0).describe("Mounting rotation, clockwise, in degrees."),
  languages: z
    .array(z.enum(languages))
    .min(1)
    .max(languages.length)
    .default(["nb", "en"])
    .describe("Customers' languages, most important first."),
  language_mode: z
    .enum(["alternating", "together"])
    .optional()
    .describe(
      "Show languages in turn, or the first two at once. Default: alternating on live displays, together on e-paper.",
    ),
  brand_name: panelWords(40).optional().describe("Operator's name, shown above the text where there is room."),
  brand_logo: file
    .optional()
    .describe("Operator's logo, a PNG file, instead of the name. Not a wallet's logo: wallets are named in text."),
  contact: panelWords(40)
    .optional()
    .describe("Who helps, for example a telephone number: shown with faults and where a payment needs a person."),
  delivery_words: z
    .enum(["goods", "falls", "drink", "time"])
    .optional()
    .describe(
      "What customers read while it is delivered: it comes, it falls, a drink is made, or time begins. Default: by the form of the line (motor: falls; timed: time; the others: goods).",
    ),
  one_wallet_name_from: z.iso
    .date('a date, for example "2027-01-12"')
    .default("2027-01-12")
    .describe("Local date from which MobilePay is called Vipps too (announced by the provider for 2027-01-12)."),
  accent: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'a colour, for example "#0f4c81"')
    .optional()
    .describe("Operator's colour, darkened until it has a contrast of 7 : 1; ignored on panels without colour."),
  qr_rendering: z
    .enum(["own", "provider"])
    .default("own")
    .describe("own draws the QR content module by module; provider shows the provider's own image."),
  reading_distance_mm: z
    .number()
    .min(150)
    .max(3_000)
    .optional()
    .describe("Reading distance; sets the type sizes. Default: the model's, or 500."),
  large_type: z
    .boolean()
    .default(false)
    .describe("Type up to a third larger than the distance asks for, as far as the panel has room."),
  device: file.optional().describe("Name of the framebuffer (vc4drmfb) or path of the SPI device (/dev/spidev0.0)."),
  night_from: clockTime.optional().describe("Start of the night, in which a framebuffer is dimmed."),
  night_to: clockTime.optional().describe("End of the night."),
  night_light: z
    .number()
    .min(0.05)
    .max(1)
    .default(0.4)
    .describe(
      "Brightness at night: 1 is the same as by day. Without a controllable backlight the picture is darkened, to 0.35 at the lowest.",
    ),
  burn_in_shift_px: z
    .int()
    .min(0)
    .max(8)
    .default(2)
    .describe("How many pixels a framebuffer's picture is shifted about to prevent burn-in; 0 turns this off."),
  image_file: file.optional().describe('Path of the PNG file that output = "image" writes.'),
});

/** Checks across keys. @param known panels that this build has a file for; undefined skips the check of the model */
export function panelFaults(
  panel: z.infer<typeof panelSchema>,
  known: readonly PanelPins[] | undefined,
): readonly Fault[] {
  const { model, width_px, height_px, width_mm, height_mm, output, image_file, night_from, night_to } = panel;
  const faults: Fault[] = [];
  const fault = (key: keyof typeof panel, message: string, instead?: string): void => {
    faults.push({ path: ["panel", key], message, instead });
  };
  if (output === "none") return glasslessFaults(panel);
  const isWhole = [width_px, height_px, width_mm, height_mm].every((value) => value !== undefined);
  if (model === undefined && !isWhole)
    fault(
      "model",
      'either model = "…" (kvitt panel list shows them), or all of width_px, height_px, width_mm and height_mm',
    );
  if (model !== undefined && known !== undefined) faults.push(...modelFaults(model, output, known));
  if (output === "image" && image_file === undefined)
    fault(
      "image_file",
      'output = "image" writes a picture and has to know where',
      'image_file = "/run/kvitt/panel.png"',
    );
  if (model === undefined && output === undefined)
    fault("output", 'without a model, say what drives it: "framebuffer" or "image"', 'output = "framebuffer"');
  if (model === undefined && output === "epaper")
    fault("model", "e-paper needs to know its controller: name a model (kvitt panel list shows them)");
  if (night_from !== undefined && night_to === undefined)
    fault("night_to", "a night has an end, for example 06:00", 'night_to = "06:00"');
  if (night_to !== undefined && night_from === undefined)
    fault("night_from", "a night has a beginning, for example 22:00", 'night_from = "22:00"');
  if (night_from !== undefined && night_from === night_to)
    fault("night_to", `${night_from} to ${night_to} is no time at all: write another end, or leave both out`);
  return faults;
}

/** Languages, brand and contact stand on stickers, too; the rest says something of glass. */
function glasslessFaults(panel: z.infer<typeof panelSchema>): readonly Fault[] {
  const ofGlass = ["model", "device", "image_file", "width_px", "height_px", "width_mm", "height_mm"] as const;
  return ofGlass
    .filter((key) => panel[key] !== undefined)
    .map((key) => ({ path: ["panel", key], message: 'output = "none" says that there is no panel: take this away' }));
}

function modelFaults(model: string, output: string | undefined, known: readonly PanelPins[]): readonly Fault[] {
  const found = known.find(({ id }) => id === model);
  const ids = known.map(({ id }) => id);
  if (found === undefined) {
    const near = nearestWord(model.toLowerCase(), ids);
    return [
      {
        path: ["panel", "model"],
        message: `there is no panel "${model}"; ${near === undefined ? `known are ${ids.join(", ")}` : `do you mean ${near}? kvitt panel list shows all`}`,
        instead: near === undefined ? undefined : `model = "${near}"`,
      },
    ];
  }
  if (output === undefined || output === "image" || output === found.driver) return [];
  return [
    {
      path: ["panel", "output"],
      message: `the panel ${model} is driven as ${found.driver}: leave output out, or name another model`,
      instead: `output = "${found.driver}"`,
    },
  ];
}
