/** Writes the JSON Schemas of all messages and docs/asyncapi.json: `node --import tsx scripts/message-schemas.ts`. Tests fail when they are out of date. */
import { writeFile } from "node:fs/promises";
import { publishedFiles } from "./messages/published.ts";

const docs = new URL("../docs/", import.meta.url);
for (const [path, text] of publishedFiles()) await writeFile(new URL(path, docs), text);
