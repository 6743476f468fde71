/** Writes docs/config.md from the schema: `node --import tsx scripts/config-docs.ts`. A test sees to it that it was done. */
import { writeFile } from "node:fs/promises";
import { configDocs } from "../src/config/document.ts";

await writeFile(new URL("../docs/config.md", import.meta.url), configDocs());
