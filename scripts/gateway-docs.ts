/** Writes the table of docs/gateway.md from the code: `node --import tsx scripts/gateway-docs.ts`. A test fails when the page is out of date. */
import { readFile, writeFile } from "node:fs/promises";
import { withTable } from "../src/relay/gateway/document.ts";

const page = new URL("../docs/gateway.md", import.meta.url);
await writeFile(page, withTable(await readFile(page, "utf8")));
