/**
 * Goal: a set-up file makes the machine that it means, whole or not at all, whenever the power goes, and its secrets do not stay. Method: a computer in
 * memory that loses power at each of its steps, and within them.
 */
import * as fc from "fast-check";
import { readFile } from "node:fs/promises";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { type PlannedFile, planProvision } from "../../../../src/daemon/provision/plan.ts";
import { outcomeText, provision, type Target, wipingName } from "../../../../src/daemon/provision/provision.ts";
import { readablePanel } from "../../../../src/daemon/provision/panel.ts";
import { setupJsonSchema } from "../../../../src/daemon/provision/setup-file.ts";
import { panelFolder } from "../../../../src/panel/assets.ts";
import { listPanels } from "../../../../src/panel/panel-file.ts";

const panels = await listPanels(panelFolder(import.meta.url));
const path = "/boot/firmware/kvitt-setup.toml";
const pem = (kind: string): string => `-----BEGIN ${kind}-----\nMIIB\n-----END ${kind}-----\n`;

const setup = `version = 1
host_name = "snack-seven"

[machine]
trade = "snack"
panel = "waveshare-7.5-v2"
id = "Snack-7"
location = "Spor 2"
msn = "123456"
broker = "mqtts://broker.example.com:8883"

[network.wifi]
ssid = "Kiosk;=\\\\Ø"
password = " a\\\\b=c;d "
country = "NO"

[network.fixed]
address = "192.168.1.7/24"
gateway = "192.168.1.1"
dns = ["192.168.1.1", "9.9.9.9"]

[credentials]
vipps-client-id = "the-client"
vipps-client-secret = "hunter2-secret"
vipps-subscription-key = "the-subscription"
mqtt-password = "hunter2-mqtt"

[identity]
ca = """
${pem("CERTIFICATE")}"""
cert = """
${pem("CERTIFICATE")}"""
key = """
${pem("PRIVATE KEY")}"""
`;
const secrets = ["hunter2-secret", "hunter2-mqtt", "PRIVATE KEY", "a\\b=c;d"];

class PowerCut extends Error {}

/** A computer in memory. Its power goes after so many steps; a step that it goes in is not done, or half done where that can be. */
class Computer implements Target {
  readonly files = new Map<string, PlannedFile>();
  readonly boot = new Map<string, string>();
  zone = "";
  applied = 0;
  #stepsLeft: number;

  constructor(text: string | undefined, steps = Number.POSITIVE_INFINITY) {
    if (text !== undefined) this.boot.set(path, text);
    this.#stepsLeft = steps;
  }

  power(steps: number): void {
    this.#stepsLeft = steps;
  }

  #step(half?: () => void): void {
    if (this.#stepsLeft > 0) {
      this.#stepsLeft -= 1;
      return;
    }
    half?.();
    throw new PowerCut("the power is gone");
  }

  read = async (at: string): Promise<string | undefined> => this.boot.get(at);

  async place(file: PlannedFile): Promise<void> {
    this.#step();
    this.files.set(file.path, file);
  }

  async setTimeZone(zone: string): Promise<void> {
    this.#step();
    this.zone = zone;
  }

  async applyNow(): Promise<void> {
    this.#step();
    this.applied += 1;
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step();
    const text = this.boot.get(from) ?? "";
    this.boot.delete(from);
    this.boot.set(to, text);
  }

  async wipe(at: string): Promise<void> {
    const text = this.boot.get(at) ?? "";
    this.#step(() => this.boot.set(at, " ".repeat(20) + text.slice(20)));
    this.boot.set(at, " ".repeat(text.length));
    this.#step();
    this.boot.delete(at);
  }

  async note(at: string, text: string): Promise<void> {
    this.#step(() => this.boot.set(at, text.slice(0, 5)));
    this.boot.set(at, text);
  }

  async remove(at: string): Promise<void> {
    this.#step();
    this.boot.delete(at);
  }
}

const run = (computer: Computer) => provision(path, computer, panels);

/** Starts again and again until it is through; each start loses power after so many steps. */
async function runThrough(computer: Computer, cuts: readonly number[]): Promise<void> {
  for (const steps of cuts) {
    computer.power(steps);
    await run(computer).catch((error: unknown) => {
      if (!(error instanceof PowerCut)) throw error;
    });
  }
  computer.power(Number.POSITIVE_INFINITY);
  await run(computer);
}

const placed = (computer: Computer): ReadonlyMap<string, string> =>
  new Map([...computer.files].map(([at, { text, mode, group }]) => [at, `${mode.toString(8)} ${group}\n${text}`]));

async function whole(): Promise<Computer> {
  const computer = new Computer(setup);
  expect((await run(computer)).kind).toBe("done");
  return computer;
}

describe("a set-up file", () => {
  it("puts configuration, keys, identity, network, names and zone in place", async () => {
    const { files, zone, applied } = await whole();
    expect(zone).toBe("Europe/Oslo");
    expect(applied).toBe(1);
    const modes = Object.fromEntries(
      [...files.values()].map(({ path: at, mode, group }) => [at, `${mode.toString(8)} ${group}`]),
    );
    expect(modes).toEqual({
      "/etc/kvitt/credentials/vipps-client-id": "600 root",
      "/etc/kvitt/credentials/vipps-client-secret": "600 root",
      "/etc/kvitt/credentials/vipps-subscription-key": "600 root",
      "/etc/kvitt/credentials/mqtt-password": "600 root",
      "/etc/kvitt/tls/mqtt-ca.pem": "640 kvitt",
      "/etc/kvitt/tls/mqtt-cert.pem": "640 kvitt",
      "/etc/kvitt/tls/mqtt-key.pem": "640 kvitt",
      "/etc/modprobe.d/kvitt-wifi.conf": "644 root",
      "/etc/NetworkManager/system-connections/kvitt.nmconnection": "600 root",
      "/etc/hostname": "644 root",
      "/etc/kvitt/kvitt.toml": "640 kvitt",
    });
    expect([...files.keys()].at(-1)).toBe("/etc/kvitt/kvitt.toml");
    expect(files.get("/etc/hostname")?.text).toBe("snack-seven\n");
    expect(files.get("/etc/kvitt/credentials/vipps-client-secret")?.text).toBe("hunter2-secret\n");
    expect(files.get("/etc/modprobe.d/kvitt-wifi.conf")?.text).toBe("options cfg80211 ieee80211_regdom=NO\n");
    expect(parse(files.get("/etc/kvitt/kvitt.toml")?.text ?? "")).toMatchObject({
      machine: { id: "Snack-7" },
      mqtt: {
        ca_file: "/etc/kvitt/tls/mqtt-ca.pem",
        cert_file: "/etc/kvitt/tls/mqtt-cert.pem",
        key_file: "/etc/kvitt/tls/mqtt-key.pem",
      },
    });
  });

  it("makes a keyfile in which nothing is taken for something else", async () => {
    const text = (await whole()).files.get("/etc/NetworkManager/system-connections/kvitt.nmconnection")?.text;
    const bytes = [...Buffer.from("Kiosk;=\\Ø")].map((byte) => `${byte};`).join("");
    expect(text?.replace(/uuid=.*/, "uuid=U")).toBe(
      `[connection]\nid=kvitt\nuuid=U\ntype=wifi\nautoconnect-priority=10\n\n[wifi]\nmode=infrastructure\nssid=${bytes}\n\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=\\sa\\\\b=c;d \n\n[ipv4]\nmethod=manual\naddress1=192.168.1.7/24,192.168.1.1\ndns=192.168.1.1;9.9.9.9;\n\n[ipv6]\nmethod=auto\n`,
    );
    expect(text).toMatch(/uuid=[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/);
  });

  it("leaves a note and no secret on the boot partition", async () => {
    const { boot } = await whole();
    expect([...boot.keys()]).toEqual(["/boot/firmware/kvitt-setup.done.txt"]);
    const left = [...boot.values()].join();
    for (const secret of secrets) expect(left).not.toContain(secret);
    expect(left).toMatch(/Snack-7[^]*laboratory/);
  });

  it("is nothing to do when there is none", async () => {
    const computer = new Computer(undefined);
    expect(await run(computer)).toEqual({ kind: "nothing-to-do" });
    expect(computer.files.size).toBe(0);
  });

  it("may come a second time, and ends in the same", async () => {
    const computer = await whole();
    const before = placed(computer);
    computer.boot.set(path, setup);
    await run(computer);
    expect(placed(computer)).toEqual(before);
  });

  it("takes a whole configuration instead of answers", async () => {
    const toml = await readFile(new URL("../../../../hardware/recipes/coffee.toml", import.meta.url), "utf8");
    const computer = new Computer(`version = 1\nconfig = '''\n${toml}'''\n`);
    expect((await run(computer)).kind).toBe("done");
    expect(computer.files.get("/etc/kvitt/kvitt.toml")?.text).toBe(toml);
    expect(computer.files.get("/etc/hostname")?.text).toBe("coffee-1\n");
  });
});

describe("a power cut", () => {
  it("at each step leaves it to be done again, and done is the same", async () => {
    const right = placed(await whole());
    for (let steps = 0; steps < 30; steps += 1) {
      const computer = new Computer(setup);
      await runThrough(computer, [steps]);
      expect(placed(computer), `after ${steps} steps`).toEqual(right);
      expect([...computer.boot.keys()]).toEqual(["/boot/firmware/kvitt-setup.done.txt"]);
    }
  });

  it("may come as often as it likes", async () => {
    const right = placed(await whole());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 22 }), { maxLength: 6 }), async (cuts) => {
        const computer = new Computer(setup);
        await runThrough(computer, cuts);
        expect(placed(computer)).toEqual(right);
        expect(computer.boot.has(path) || computer.boot.has(wipingName(path))).toBe(false);
      }),
    );
  });

  it("never loses what is not in place yet", async () => {
    for (let steps = 0; steps < 30; steps += 1) {
      const computer = new Computer(setup, steps);
      await run(computer).catch(() => {});
      if (computer.files.size < 11 || computer.zone === "") expect(computer.boot.get(path)).toBe(setup);
    }
  });
});

describe("a set-up file that is not right", () => {
  it.each<readonly [what: string, text: string, fault: RegExp]>([
    ["no TOML", "version =", /^line 1/],
    ["another version", setup.replace("version = 1", "version = 2"), /^version/],
    ["an unknown key", setup.replace("host_name", "hostname"), /no such key \(hostname\)/],
    ["a wrong answer", setup.replace('"Snack-7"', '"Snack_7"'), /machine\.id: .*write for example "Snack-7"/],
    ["a panel that there is not", setup.replace("7.5-v2", "7.5-v9"), /machine: panel: there is no/],
    ["neither answers nor a configuration", "version = 1\n", /either machine .* or config/],
    ["a configuration that is not right", 'version = 1\nconfig = "[machine]"\n', /machine\.id/],
    ["a key without its certificate", setup.replace(/cert = """[^]*?"""\n/, ""), /cert and key go together/],
    ["a certificate that is none", setup.replaceAll("BEGIN CERTIFICATE", "BEGIN"), /identity\.ca: PEM/],
    ["a password that is too short", setup.replace(/password = .*/, 'password = "short"'), /network\.wifi\.password/],
    ["a host name that is none", setup.replace("snack-seven", "Snack Seven"), /host_name/],
    ["an address without its length", setup.replace("192.168.1.7/24", "192.168.1.7"), /network\.fixed\.address/],
    ["an empty key", setup.replace("the-client", ""), /credentials\.vipps-client-id/],
  ])("(%s) changes nothing, and is told without a secret", async (_what, text, fault) => {
    const computer = new Computer(text);
    const outcome = await run(computer);
    expect(outcome.kind === "refused" ? outcome.faults.join("\n") : outcome).toMatch(fault);
    expect(computer.files.size).toBe(0);
    expect(computer.boot.get(path)).toBe(text);
    const note = computer.boot.get("/boot/firmware/kvitt-setup.error.txt") ?? "";
    expect(note).toContain("nothing was changed");
    for (const secret of secrets) expect(note + outcomeText(outcome)).not.toContain(secret);
  });

  it("takes its note away when it was mended", async () => {
    const computer = new Computer("version = 1\n");
    await run(computer);
    computer.boot.set(path, setup);
    await run(computer);
    expect([...computer.boot.keys()]).toEqual(["/boot/firmware/kvitt-setup.done.txt"]);
  });

  it.each<readonly [string, string, ReturnType<typeof readablePanel>]>([
    ["of answers", setup, { id: "waveshare-7.5-v2", languages: ["nb", "en"] }],
    [
      "and languages",
      setup.replace("id =", 'languages = ["fi", "sv"]\nid ='),
      { id: "waveshare-7.5-v2", languages: ["sv", "fi"] },
    ],
    [
      "of a configuration",
      'version = 1\nconfig = """\n[panel]\nmodel = "hdmi-800x480-7in"\nlanguages = ["da"]"""',
      { id: "hdmi-800x480-7in", languages: ["da"] },
    ],
    ["none", "version = 1", undefined],
    ["no TOML at all", "=", undefined],
  ])("still says which panel can be told: %s", (_what, text, panel) => {
    expect(readablePanel(text, panels)).toEqual(panel);
  });
});

it("every key of the schema is a key of the published one", async () => {
  const published = await readFile(
    new URL("../../../../docs/schemas/kvitt-setup.schema.json", import.meta.url),
    "utf8",
  );
  expect(published).toBe(setupJsonSchema());
});

it("the plan of a set-up file is the same however often it is made", () => {
  expect(planProvision(setup, panels)).toEqual(planProvision(setup, panels));
});
