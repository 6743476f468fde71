/** Writes docs/config.md from the schema: `node --import tsx scripts/config-docs.ts`. A test fails when the page is out of date. */
import { writeFile } from "node:fs/promises";
import { configDocs } from "../src/config/document.ts";

await writeFile(new URL("../docs/config.md", import.meta.url), configDocs());
