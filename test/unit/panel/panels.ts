/** All panels that ship, as customers see them, upright and turned by a quarter. */
import { readdirSync, readFileSync } from "node:fs";
import type { PanelGeometry } from "../../../src/panel/geometry.ts";
import { geometryOf, readPanelFile } from "../../../src/panel/panel-file.ts";

const folder = new URL("../../../hardware/panels/", import.meta.url);

export const geometries: readonly PanelGeometry[] = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => readPanelFile(readFileSync(new URL(name, folder), "utf8")))
  // A half turn changes nothing for the layout.
  .flatMap((panel) =>
    [0, 90].map((rotation) => ({ ...geometryOf(panel, rotation === 0 ? 0 : 90), id: `${panel.id} at ${rotation}°` })),
  );

export function geometryNamed(id: string): PanelGeometry {
  const found = geometries.find((geometry) => geometry.id === id);
  if (found === undefined) throw new Error(`no panel ${id}`);
  return found;
}
