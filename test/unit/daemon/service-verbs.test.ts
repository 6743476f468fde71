/** Goal: the local way in does what it says and refuses the rest, with the checks of the signed commands. Method: the verbs over the kiosk's own answers. */
import { describe, expect, it } from "vitest";
import type { Finding } from "../../../src/daemon/doctor/finding.ts";
import { serviceVerbs } from "../../../src/daemon/service-verbs.ts";
import type { ServicedAnswer } from "../../../src/kiosk/port.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { createMemoryLog } from "../../../src/service/log.ts";

const warm: Finding = { check: "temperature", verdict: "look", found: "76 °C", todo: "shade" };

function rig(
  answer: (line: string | undefined) => Promise<ServicedAnswer> = async () => ({ kind: "done", lines: ["A1"] }),
  examine: () => Promise<readonly Finding[]> = async () => [warm],
) {
  const asked: (string | undefined)[] = [];
  const log = createMemoryLog();
  const verbs = serviceVerbs({
    describe: () => ({ state: "ready" }),
    serviced: (line) => {
      asked.push(line);
      return answer(line);
    },
    checkIns: () => [{ id: merchantQrId("kiosk-7"), number: 3, ageMs: 900 }],
    recentLog: () => ({ since: "2026-11-23T12:00:00.000Z", lines: [{ msg: "hello" }] }),
    examine,
    log,
  });
  return { asked, log, ask: (method: string, path: string, body?: unknown) => verbs({ method, path, body }) };
}

describe("the service socket", () => {
  it("tells the state", async () => {
    expect(await rig().ask("GET", "/state")).toEqual({ status: 200, body: { state: "ready" } });
  });

  it("tells what the log said", async () => {
    const body = { since: "2026-11-23T12:00:00.000Z", lines: [{ msg: "hello" }] };
    expect(await rig().ask("GET", "/logs")).toEqual({ status: 200, body });
  });

  it("tells which scans were heard, and nothing of who scanned", async () => {
    const body = { checkIns: [{ id: "kiosk-7", number: 3, ageMs: 900 }] };
    expect(await rig().ask("GET", "/check-ins")).toEqual({ status: 200, body });
    expect(await rig().ask("POST", "/check-ins")).toMatchObject({ status: 405 });
  });

  it("looks at everything, and says so when it cannot", async () => {
    expect(await rig().ask("GET", "/doctor")).toEqual({ status: 200, body: { findings: [warm] } });
    const stopping = rig(undefined, () => Promise.reject(new Error("the daemon stops")));
    expect(await stopping.ask("GET", "/doctor")).toEqual({ status: 503, body: { error: "the daemon stops" } });
  });

  it.each([
    ["the whole machine", undefined, undefined],
    ["the whole machine, in words", {}, undefined],
    ["one line", { line: "A1" }, "A1"],
  ])("passes on that %s was serviced, and tells what is tried again", async (_, body, line) => {
    const { ask, asked, log } = rig();
    expect(await ask("POST", "/serviced", body)).toEqual({ status: 200, body: { lines: ["A1"] } });
    expect(asked).toEqual([line]);
    expect(log.lines).toHaveLength(1);
  });

  it.each([
    ["a text", "A1"],
    ["a list", []],
    ["a number for a line", { line: 1 }],
    ["an empty line", { line: "" }],
    ["a line that is too long", { line: "x".repeat(41) }],
    ["another key", { lin: "A1" }],
  ])("does nothing for %s, and says why", async (_, body) => {
    const { ask, asked } = rig();
    expect((await ask("POST", "/serviced", body)).status).toBe(422);
    expect(asked).toEqual([]);
  });

  it("refuses what the kiosk refuses, in its words", async () => {
    const { ask } = rig(async () => ({ kind: "refused", reason: 'there is no line "Z9"' }));
    expect(await ask("POST", "/serviced", { line: "Z9" })).toEqual({
      status: 409,
      body: { error: 'there is no line "Z9"' },
    });
  });

  it("says so when the journal does not take it", async () => {
    const { ask } = rig(() => Promise.reject(new Error("ENOSPC: no space left")));
    const { status, body } = await ask("POST", "/serviced");
    expect([status, JSON.stringify(body)]).toEqual([503, expect.stringContaining("ENOSPC")]);
  });

  it.each([
    ["POST", "/state", 405],
    ["GET", "/serviced", 405],
    ["GET", "/", 404],
    ["POST", "/refund", 404],
    ["DELETE", "/state", 405],
  ])("%s %s is no verb: %d", async (method, path, status) => {
    const { ask, asked } = rig();
    expect((await ask(method, path)).status).toBe(status);
    expect(asked).toEqual([]);
  });
});
