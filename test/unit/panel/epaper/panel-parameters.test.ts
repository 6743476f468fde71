/** The parameters that hardware/panels/controllers.md gives are ones that our controllers take, and none is missing. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createController } from "../../../../src/panel/epaper/controllers.ts";

const page = readFileSync(new URL("../../../../hardware/panels/controllers.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/```json (\S+) (\d+)x(\d+)\n(.*?)```/gs)].map(
  ([, id = "", width, height, text = ""]) => ({
    id,
    widthPx: Number(width),
    heightPx: Number(height),
    text,
  }),
);

it("lists ten panels", () => {
  expect(blocks).toHaveLength(10);
});

it.each(blocks)("$id has a controller that we drive", ({ widthPx, heightPx, text }) => {
  const controller = createController(JSON.parse(text), widthPx, heightPx);
  expect(controller.geometry).toMatchObject({ widthPx, heightPx });
});
