/** Goal: what docs/install.md tells somebody to type exists. Method: each kvitt command of the page, held against the command's own help. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { command as config } from "../../../src/cli/commands/config.ts";
import { command as doctor } from "../../../src/cli/commands/doctor.ts";
import gateway from "../../../src/cli/commands/gateway.ts";
import init from "../../../src/cli/commands/init.ts";
import { command as machine } from "../../../src/cli/commands/machine.ts";
import panel from "../../../src/cli/commands/panel.ts";
import { command as sales } from "../../../src/cli/commands/sales.ts";
import { command as stickers } from "../../../src/cli/commands/stickers.ts";
import { command as update } from "../../../src/cli/commands/update.ts";
import { planProvision } from "../../../src/daemon/provision/plan.ts";
import { panelFolder } from "../../../src/panel/assets.ts";
import { listPanels } from "../../../src/panel/panel-file.ts";

const page = await readFile(new URL("../../../docs/install.md", import.meta.url), "utf8");
const usages: Readonly<Record<string, string>> = {
  config: config.usage,
  doctor: doctor.usage,
  gateway: gateway.usage,
  init: init.usage,
  machine: machine.usage,
  panel: panel.usage,
  sales: sales.usage,
  stickers: stickers.usage,
  update: update.usage,
};

/** `kvitt …` in a block or between backticks, without sudo. */
const commands = [
  ...new Set([...page.matchAll(/(?:^|`)(?:sudo )?kvitt ([a-z][^\n`]*)/gm)].map(([, text = ""]) => text.trim())),
];

describe("docs/install.md", () => {
  it("has commands", () => expect(commands.length).toBeGreaterThan(8));

  it.each(commands)("kvitt %s is a command with these options", (text) => {
    const [name = "", ...words] = text.split(/\s+/);
    const usage = usages[name];
    expect(usage, `kvitt ${name}`).toBeDefined();
    const [verb] = words;
    if (verb !== undefined && /^[a-z]+$/.test(verb)) expect(usage).toContain(`kvitt ${name} ${verb}`);
    for (const flag of words.filter((word) => word.startsWith("--") && word !== "--help"))
      expect(usage).toContain(flag);
  });

  it("has a set-up file that makes a machine, once the dots are filled in", async () => {
    const [, text = ""] = /```\n(version = 1\n[^]*?)```/.exec(page) ?? [];
    const planned = planProvision(
      text.replaceAll('"…"', '"filled-in"'),
      await listPanels(panelFolder(import.meta.url)),
    );
    expect(planned.ok ? [] : planned.faults).toEqual([]);
  });
});
