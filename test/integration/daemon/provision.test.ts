/** Goal: kvitt provision does on a real file system what it says, and a set-up file that is wrong is told on the glass. Method: the command, with a folder as root. */
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { command } from "../../../src/cli/commands/provision.ts";
import { notSetUpFrame } from "../../../src/daemon/provision/panel.ts";
import { panelFolder } from "../../../src/panel/assets.ts";
import { geometryOf, loadPanel } from "../../../src/panel/panel-file.ts";

let root = "";
let boot = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kvitt-provision-"));
  const made = root;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  boot = join(root, "boot/firmware");
  await mkdir(boot, { recursive: true });
});

async function run(text: string | undefined) {
  const file = join(boot, "kvitt-setup.toml");
  if (text !== undefined) await writeFile(file, text);
  const err: string[] = [];
  const never = new AbortController().signal;
  const io = {
    out: () => {},
    err: (line: string) => void err.push(line),
    env: {},
    isTty: false,
    columns: 80,
    signal: never,
    hurry: never,
  };
  return { code: await command.run([file, "--root", root], io), err: err.join("\n") };
}

const setup = `version = 1
[machine]
trade = "kiosk"
id = "Hall-1"
location = "Hall"
msn = "123456"
broker = "mqtts://broker.example.com:8883"
time_zone = "Europe/Copenhagen"
[credentials]
command-key = "0123456789abcdef0123456789abcdef"
`;

describe("kvitt provision", () => {
  it("puts everything in place, with its modes, and the set-up file is gone", async () => {
    expect(await run(setup)).toEqual({ code: 0, err: "this computer is the machine Hall-1 now" });
    const mode = async (path: string): Promise<string> => ((await stat(join(root, path))).mode & 0o777).toString(8);
    expect(await mode("etc/kvitt/credentials")).toBe("700");
    expect(await mode("etc/kvitt/credentials/command-key")).toBe("600");
    expect(await readFile(join(root, "etc/kvitt/kvitt.toml"), "utf8")).toContain('id = "Hall-1"');
    expect(await readFile(join(root, "etc/hostname"), "utf8")).toBe("hall-1\n");
    expect(await readlink(join(root, "etc/localtime"))).toBe("/usr/share/zoneinfo/Europe/Copenhagen");
    expect(await readdir(boot)).toEqual(["kvitt-setup.done.txt"]);
    expect(await readFile(join(boot, "kvitt-setup.done.txt"), "utf8")).not.toContain("0123456789abcdef");
  });

  it("ends well where there is nothing to do, and where a power cut left a file half wiped", async () => {
    expect((await run(undefined)).code).toBe(0);
    await writeFile(join(boot, "kvitt-setup.toml.wiping"), "      secret");
    expect((await run(undefined)).code).toBe(0);
    expect(await readdir(boot)).toEqual([]);
  });

  it("says in a note what is wrong, and ends with 1", async () => {
    const { code, err } = await run(setup.replace("Hall-1", "Hall_1"));
    expect(code).toBe(1);
    expect(err).toMatch(/nothing was changed:\n {2}machine\.id/);
    expect((await readdir(boot)).toSorted()).toEqual(["kvitt-setup.error.txt", "kvitt-setup.toml"]);
    expect(await readdir(root)).toEqual(["boot"]);
  });
});

describe("a panel that is not set up", () => {
  it.each(["waveshare-2.13-v4", "waveshare-7.5-v2", "hdmi-800x480-7in"])(
    "says so on %s, with the fault",
    async (id) => {
      const geometry = geometryOf(await loadPanel(id, panelFolder(import.meta.url)));
      const one = await notSetUpFrame(
        geometry,
        ["fi", "sv"],
        "machine.id: has other characters than letters, digits and -\nand more",
      );
      const other = await notSetUpFrame(geometry, ["fi", "sv"], "network.wifi.password: 8 to 63 printable characters");
      expect([one.widthPx, one.heightPx]).toEqual([geometry.widthPx, geometry.heightPx]);
      expect(Buffer.from(one.rgba).equals(Buffer.from(other.rgba))).toBe(false);
    },
  );
});
