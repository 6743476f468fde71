/** The panels that ship, and what a panel file may not say. */
import { describe, expect, it } from "vitest";
import { geometryOf, listPanels, loadPanel, PanelFileError, readPanelFile } from "../../../src/panel/panel-file.ts";

const folder = new URL("../../../hardware/panels/", import.meta.url);

function codeOf(error: unknown): string {
  return error instanceof PanelFileError ? error.code : "another error";
}

describe("the panels that ship", () => {
  it("are all readable, each with the source of its pixels and millimetres", async () => {
    const panels = await listPanels(folder);
    expect(panels.length).toBeGreaterThanOrEqual(20);
    for (const { id, sources } of panels)
      expect(Object.keys(sources), id).toEqual(expect.arrayContaining(["px", "mm"]));
  });

  it("have pixels that are square to a fifth", async () => {
    for (const { id, widthPx, heightPx, widthMm, heightMm } of await listPanels(folder))
      expect(Math.abs(widthPx / widthMm / (heightPx / heightMm) - 1), id).toBeLessThan(0.2);
  });

  it("change sides when they are turned by a quarter", async () => {
    const panel = await loadPanel("waveshare-2.13-v4", folder);
    expect(geometryOf(panel)).toMatchObject({ widthPx: 122, heightPx: 250, widthMm: 23.71 });
    expect(geometryOf(panel, 90)).toMatchObject({ widthPx: 250, heightPx: 122, widthMm: 48.55 });
    expect(geometryOf(panel, 180)).toMatchObject({ widthPx: 122, heightPx: 250 });
  });
});

it.each(["nothing", "../../package", "waveshare-2.13-v4.json", ""])(
  "an unknown id %j is refused and the known ones are named",
  async (id) => {
    const error: unknown = await loadPanel(id, folder).catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe("panel-unknown");
    expect(String(error)).toContain("waveshare-7.5-v2");
  },
);

it.each([
  ["no JSON", "{"],
  ["another driver", JSON.stringify({ driver: "crt" })],
  ["nothing but a driver", JSON.stringify({ driver: "framebuffer" })],
])("%s is refused with a code", (_, text) => {
  let caught: unknown;
  try {
    readPanelFile(text, "x.json");
  } catch (error) {
    caught = error;
  }
  expect(codeOf(caught)).toBe("panel-file-invalid");
  expect(String(caught)).toContain("x.json");
});
