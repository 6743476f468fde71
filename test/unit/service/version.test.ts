/** Goal: kvitt knows its version, and one file alone does. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { readVersion } from "../../../src/service/version.ts";

it("is the package's", async () => {
  const text = await readFile(new URL("../../../package.json", import.meta.url), "utf8");
  expect(JSON.parse(text)).toMatchObject({ version: await readVersion() });
});
