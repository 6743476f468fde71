/**
 * Goal: somebody with a new machine is led through a first sale, and keeps a page that is true. Method: the command with a simulated machine, and a
 * person who presses and answers.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  firstSale,
  type FirstSaleParts,
  type Step,
  trialConfig,
  trialPage,
  untriable,
} from "../../../src/cli/first-sale.ts";
import { parseConfig } from "../../../src/config/load.ts";
import { runDaemon } from "../../../src/daemon/daemon.ts";
import { createSystemEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvitt-try-test-"));
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
});

function configOf(
  delivery = `driver = "simulated"\ndelivery_ms = 50\ncontrol_socket = "${join(folder, "control.sock")}"`,
) {
  const loaded = parseConfig(`
[machine]
id = "new-1"
location = "Workbench"
[vipps]
environment = "production"
msn = "654321"
currency = "DKK"
return_url = "https://example.com/look"
credentials_dir = "/etc/kvitt/credentials"
[mqtt]
url = "mqtts://broker.example.com:8883"
username = "new-1"
[sale]
show_s = 2
[panel]
output = "image"
image_file = "${join(folder, "panel.png")}"
width_px = 400
height_px = 300
width_mm = 84.8
height_mm = 63.6
[delivery]
${delivery}
[[product]]
id = "water"
name = "Vand"
price = 2500
vat_rate = 2500
line = "A1"
`);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.config;
}

const order = (body: object): Promise<void> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: join(folder, "control.sock"),
        method: "POST",
        path: "/",
        headers: { "content-type": "application/json" },
      },
      (answer) => {
        answer.resume();
        answer.once("end", resolve);
      },
    );
    outgoing.once("error", reject);
    outgoing.end(JSON.stringify(body));
  });

const noLog = () => ({ since: "", lines: [] });

interface Person {
  /** Does what the guide says in step 2. */
  readonly choose: () => Promise<void>;
  readonly answer: (question: string) => string | undefined;
}

async function tried(person: Partial<Person> = {}, change: Partial<FirstSaleParts> = {}): Promise<readonly Step[]> {
  const { choose = () => order({ action: "press", line: "A1" }), answer = () => "yes" } = person;
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const hurry = new AbortController().signal;
  const doing: Promise<void>[] = [];
  const steps = await firstSale({
    config: configOf(),
    clock,
    entropy: createSystemEntropy(),
    signal: new AbortController().signal,
    limits: { readyMs: 30_000, selectMs: 20_000, endMs: 30_000 },
    runDaemon: (config, signal) =>
      runDaemon({ config, env: {}, log: createMemoryLog(), recentLog: noLog, version: "1.2.3", signal, hurry }),
    asking: {
      ask: async (question) => answer(question),
      say: (text) => {
        if (text.startsWith("2.")) doing.push(choose());
      },
    },
    ...change,
  });
  await Promise.all(doing);
  return steps;
}

describe("a guided first sale", () => {
  it("goes from the start to the money, and leaves nothing behind", async () => {
    const before = (await readdir(tmpdir())).filter((name) => /^kvitt-try-(?!test)/.test(name));
    const steps = await tried();
    expect(steps.map(({ what, outcome }) => [what, outcome])).toEqual([
      ["start and be ready", "ok"],
      ["the panel can be read", "ok"],
      ["choose a product", "ok"],
      ["the code can be seen", "ok"],
      ["pay", "ok"],
      ["deliver", "ok"],
      ["it came out", "ok"],
      ["settle the money", "ok"],
      ["stop in good order", "ok"],
    ]);
    expect(steps.at(-2)?.detail).toBe("25.00 DKK reserved, 25.00 DKK captured, 0.00 DKK released (captured)");
    expect((await readdir(tmpdir())).filter((name) => /^kvitt-try-(?!test)/.test(name))).toEqual(before);
    expect((await readFile(join(folder, "panel.png"))).subarray(1, 4).toString()).toBe("PNG");
  });

  it("tells when the machine did not deliver, and where the money went", async () => {
    const choose = async (): Promise<void> => {
      await order({ action: "fault", fault: "jam" });
      await order({ action: "press", line: "A1" });
    };
    const steps = await tried({ choose, answer: (question) => (question.includes("come out") ? "no" : "yes") });
    expect(steps.find(({ what }) => what === "deliver")?.detail).toMatch(/did not deliver/);
    expect(steps.find(({ what }) => what === "it came out")).toMatchObject({
      outcome: "failed",
      detail: "a person says no",
    });
    expect(steps.find(({ what }) => what === "settle the money")?.detail).toMatch(
      /0\.00 DKK captured, 25\.00 DKK released/,
    );
  });

  it("ends when nobody chooses, and says what stood in the way", async () => {
    const limits = { readyMs: 30_000, selectMs: 500, endMs: 500 };
    const steps = await tried({ choose: async () => {} }, { limits });
    expect(steps.slice(2).map(({ what, outcome }) => [what, outcome])).toEqual([
      ["choose a product", "failed"],
      ["stop in good order", "ok"],
    ]);
    expect(steps[2]?.detail).toMatch(/not within 0\.5 s: ready/);
  });

  it("ends when the daemon cannot start, with its reason", async () => {
    const runNothing = () => Promise.reject(new Error("the panel's file is broken"));
    const steps = await tried({}, { runDaemon: runNothing });
    expect(steps[0]).toEqual({ what: "start and be ready", outcome: "failed", detail: "the panel's file is broken" });
  });

  it("asks again when it does not understand, and counts silence as no", async () => {
    const said = ["perhaps", "yes"];
    const steps = await tried({ answer: () => said.shift() });
    expect(steps.map(({ detail }) => detail)).toContain("a person says so");
    expect(steps.find(({ what }) => what === "the code can be seen")).toMatchObject({
      outcome: "failed",
      detail: "nobody answered",
    });
  });
});

describe("the trial's configuration", () => {
  it("has nothing of the real provider and broker, and nothing of the real journal", () => {
    const trial = trialConfig(configOf(), "/tmp/x", "http://127.0.0.1:8090");
    expect(trial.vipps).toMatchObject({
      base_url: "http://127.0.0.1:8090",
      client_secret: "secret-654321",
      currency: "DKK",
    });
    expect(trial.vipps.environment).toBeUndefined();
    expect(trial.vipps.credentials_dir).toBeUndefined();
    expect(trial.mqtt.username).toBeUndefined();
    expect(trial.journal.directory).toBe("/tmp/x/journal");
    expect(trial.sale).toMatchObject({ check_in_style: "off", select_first: true });
    expect(trial.delivery).toEqual(configOf().delivery);
  });

  it("is refused where customers have to check in first", () => {
    expect(untriable(configOf())).toBeUndefined();
    expect(untriable({ ...configOf(), panel: { ...configOf().panel, output: "none" } })).toMatch(/scan a sticker/);
    expect(untriable(configOf('driver = "mdb"\nalways_idle = false'))).toMatch(/check in before they choose/);
  });
});

it("the page says what was tried and how it ended", () => {
  const about = { version: "1.2.3", at: "2027-01-01T12:00:00.000Z" };
  const right: Step = { what: "pay", outcome: "ok", detail: "scanned" };
  expect(trialPage(configOf(), [right], about)).toMatch(
    /new-1 \(Workbench\)[^]*2027-01-01T12[^]*ok {6}pay: scanned\n\nEverything was right\./,
  );
  expect(trialPage(configOf(), [{ ...right, outcome: "failed" }], about)).toMatch(
    /FAILED {2}pay: scanned\n\nNot everything/,
  );
});
