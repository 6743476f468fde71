/** Goal: systemd takes the units as they are. Method: systemd-analyze verify, on copies whose program exists on this machine. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const analyze = "/usr/bin/systemd-analyze";
const top = new URL("../../../", import.meta.url);

async function verify(name: string, change: (text: string) => string = (text) => text): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-unit-"));
  try {
    const text = await readFile(new URL(`systemd/${name}`, top), "utf8");
    const file = join(folder, name);
    await writeFile(
      file,
      change(
        text
          .replaceAll(/\/usr\/lib\/kvitt\/launch|\/usr\/bin\/kvitt(-relay)?/g, "/usr/bin/env")
          .replace(/^Documentation=.*$/m, ""),
      ),
    );
    const { stderr } = await promisify(execFile)(analyze, ["verify", file], { timeout: 30_000 }).catch(
      (error: unknown) => ({
        stderr: error instanceof Error && "stderr" in error ? String(error.stderr) : String(error),
      }),
    );
    return stderr
      .split("\n")
      .filter((line) => line.includes(name))
      .join("\n");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What `systemd-analyze security` says of the unit as it is in the file: 0 is a locked box, 10 is root without any limit. */
async function exposure(name: string, change: (text: string) => string = (text) => text): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-unit-"));
  try {
    const file = join(folder, name);
    await writeFile(file, change(await readFile(new URL(`systemd/${name}`, top), "utf8")));
    const { stdout } = await promisify(execFile)(analyze, ["security", "--offline=true", "--no-pager", file], {
      timeout: 30_000,
    });
    const figure = /Overall exposure level for [^:]*: ([\d.]+)/.exec(stdout)?.[1];
    if (figure === undefined) throw new Error(`no figure in: ${stdout.slice(-300)}`);
    return Number(figure);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe.skipIf(!existsSync(analyze) && process.env["CI"] === undefined)("the units", () => {
  it.each([
    "kvitt.service",
    "kvitt-relay.service",
    "kvitt-out-of-service.service",
    "kvitt-reboot.service",
    "kvitt-reboot.path",
    "kvitt-setup.service",
    "kvitt-update.service",
    "kvitt-update.path",
  ])("systemd takes %s", async (name) => {
    expect(await verify(name)).toBe("");
  });

  it("the device's unit is open for no more than it needs: systemd's own measure, of 10, is at most 2.5", async () => {
    expect(await exposure("kvitt.service")).toBeLessThanOrEqual(2.5);
  });

  it("the relay's unit, which needs no devices, at most 2.0", async () => {
    expect(await exposure("kvitt-relay.service")).toBeLessThanOrEqual(2);
  });

  it("the measure bites: without its sandbox the unit is wide open", async () => {
    const open = await exposure("kvitt.service", (text) => text.replace(/^NoNewPrivileges=[^]*(?=\n\[Install\])/m, ""));
    expect(open).toBeGreaterThan(6);
  });

  it("a planted mistake is found", async () => {
    expect(await verify("kvitt.service", (text) => text.replace("Restart=always", "Restart=sometimes"))).not.toBe("");
  });
});
