/** What the check of a configuration has to be told of this build and this computer. */
import { existsSync } from "node:fs";
import type { ConfigFacts } from "../config/check.ts";
import { panelFolder } from "../panel/assets.ts";
import { listPanels } from "../panel/panel-file.ts";

/** @throws PanelFileError when a panel's file of this build cannot be read */
export async function configFacts(): Promise<ConfigFacts> {
  return { panels: await listPanels(panelFolder(import.meta.url)), isThere: existsSync };
}
