/** The parameters that hardware/panels/controllers explains are those of the panel files, and our controllers take them. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { controllerSchema, createController } from "../../../../src/panel/epaper/controllers.ts";
import { readPanelFile } from "../../../../src/panel/panel-file.ts";

const folder = new URL("../../../../hardware/panels/", import.meta.url);
const pages = readdirSync(new URL("controllers/", folder)).filter((page) => page !== "README.md");
const blocks = pages.flatMap((page) =>
  [
    ...readFileSync(new URL(`controllers/${page}`, folder), "utf8").matchAll(/```json (\S+) (\d+)x(\d+)\n(.*?)```/gs),
  ].map(([, id = "", width, height, text = ""]) => ({
    page,
    id,
    widthPx: Number(width),
    heightPx: Number(height),
    text,
  })),
);

it("lists ten panels", () => {
  expect(blocks).toHaveLength(10);
});

it.each(blocks)("$id has a controller that we drive", ({ widthPx, heightPx, text }) => {
  const controller = createController(JSON.parse(text), widthPx, heightPx);
  expect(controller.geometry).toMatchObject({ widthPx, heightPx });
});

it.each(blocks)("the file of $id says the same, and names $page", ({ page, id, widthPx, heightPx, text }) => {
  const file = readPanelFile(readFileSync(new URL(`${id}.json`, folder), "utf8"));
  const controller = controllerSchema.parse(JSON.parse(text));
  expect(file).toMatchObject({ widthPx, heightPx, controller, sources: { controller: `controllers/${page}` } });
  expect(page).toBe(`${controller.name}.md`);
});
