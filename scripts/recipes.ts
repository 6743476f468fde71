/** Writes hardware/recipes and the schemas of init's answers and of kvitt-setup.toml: `node --import tsx scripts/recipes.ts`. Tests fail when they are out of date. */
import { mkdir, writeFile } from "node:fs/promises";
import { answersJsonSchema } from "../src/config/setup/answers.ts";
import { recipeFiles } from "../src/config/setup/recipes.ts";
import { setupJsonSchema } from "../src/daemon/provision/setup-file.ts";
import { panelFolder } from "../src/panel/assets.ts";
import { listPanels } from "../src/panel/panel-file.ts";

const recipes = new URL("../hardware/recipes/", import.meta.url);
const schemas = new URL("../docs/schemas/", import.meta.url);
await mkdir(recipes, { recursive: true });
await mkdir(schemas, { recursive: true });
for (const [file, text] of recipeFiles(await listPanels(panelFolder(import.meta.url))))
  await writeFile(new URL(file, recipes), text);
await writeFile(new URL("init-answers.schema.json", schemas), answersJsonSchema());
await writeFile(new URL("kvitt-setup.schema.json", schemas), setupJsonSchema());
