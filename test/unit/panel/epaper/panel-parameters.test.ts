/** The parameters that hardware/panels/controllers.md explains are those of the panel files, and our controllers take them. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { controllerSchema, createController } from "../../../../src/panel/epaper/controllers.ts";
import { readPanelFile } from "../../../../src/panel/panel-file.ts";

const folder = new URL("../../../../hardware/panels/", import.meta.url);
const page = readFileSync(new URL("controllers.md", folder), "utf8");
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

it.each(blocks)("the file of $id says the same", ({ id, widthPx, heightPx, text }) => {
  const file = readPanelFile(readFileSync(new URL(`${id}.json`, folder), "utf8"));
  expect(file).toMatchObject({ widthPx, heightPx, controller: controllerSchema.parse(JSON.parse(text)) });
});
