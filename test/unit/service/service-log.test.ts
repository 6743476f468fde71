/** Goal: the log of a service is bounded, readable for who reads it, and its last hour is at hand. Method: the log over a clock that the test moves. */
import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { createMemoryLog } from "../../../src/service/log.ts";
import { formatFor, type LineFormat } from "../../../src/service/log-lines.ts";
import { createLogRing } from "../../../src/service/log-ring.ts";
import { createServiceLog, logWarnings } from "../../../src/service/service-log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

function rig(format: LineFormat = "json") {
  const clock = new SimulatedClock();
  const written: string[] = [];
  const service = createServiceLog({ level: "info", format, clock, write: (text) => written.push(text) });
  const messages = (): string[] => service.recent().lines.map((line) => messageOf(line));
  return { clock, written, ...service, messages };
}

function messageOf(line: unknown): string {
  return typeof line === "object" && line !== null && "msg" in line ? String(line.msg) : "";
}

describe("a line", () => {
  it("is JSON with a line feed for a program", () => {
    const { log, written } = rig();
    log.info({ line: "A1" }, "sold");
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(written[0] ?? "")).toMatchObject({ level: "info", line: "A1", msg: "sold" });
  });

  it.each([
    ["error", "<3>"],
    ["warn", "<4>"],
    ["info", "<6>"],
  ] as const)("of level %s has the journal's priority %s", (level, prefix) => {
    const { log, written } = rig("journal");
    log[level]({}, "so");
    expect(written[0]?.slice(0, 4)).toBe(`${prefix}{`);
  });

  it("is words for a person, with what went wrong and without a stack", () => {
    const { log, written } = rig("readable");
    log.child({ room: "link" }).warn({ error: new Error("no route"), tries: 2 }, "not published");
    expect(written[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}link: not published \(tries=2, error="no route"\)\n$/);
  });

  it("never has a secret, in any form", () => {
    for (const format of ["json", "journal", "readable"] as const) {
      const { log, written, recent } = rig(format);
      log.info({ customerToken: "abc123", deep: { phoneNumber: "4748059528" } }, "so");
      expect(written.join("") + JSON.stringify(recent())).not.toMatch(/abc123|4748059528/);
    }
  });
});

it.each([
  [{ isTty: true, journalStream: undefined, stream: "8:1" }, "readable"],
  [{ isTty: false, journalStream: "8:1", stream: "8:1" }, "journal"],
  [{ isTty: false, journalStream: "8:1", stream: "8:2" }, "json"],
  [{ isTty: false, journalStream: undefined, stream: "8:2" }, "json"],
] as const)("%o is written as %s", (output, format) => {
  expect(formatFor(output)).toBe(format);
});

describe("a flood", () => {
  it("is cut off, and what is left out is counted", async () => {
    const { clock, log, messages, recent } = rig();
    for (let count = 0; count < 2_000; count += 1) log.info({ count }, "again");
    expect(messages().length).toBeLessThan(1_000);
    const said = messages().length;
    await clock.advance(60_000);
    log.info({}, "after");
    expect(messages().slice(said)).toEqual([expect.stringContaining("left out"), "after"]);
    expect(recent().lines.at(-2)).toMatchObject({ level: "warn", leftOut: 2_000 - said });
  });

  it("of one level hides nothing of another", () => {
    const { log, messages } = rig();
    for (let count = 0; count < 2_000; count += 1) log.info({}, "again");
    log.error({}, "fire");
    expect(messages().at(-1)).toBe("fire");
  });

  it("that goes on is let through slowly, and every line is either there or counted", async () => {
    const { clock, log, recent } = rig();
    for (let count = 0; count < 3_000; count += 1) {
      log.info({}, "again");
      await clock.advance(10);
    }
    await clock.advance(3_000);
    log.warn({}, "end");
    const lines = recent().lines.map((line) => (typeof line === "object" && line !== null ? { ...line } : {}));
    const leftOut = lines.map((line) => ("leftOut" in line ? Number(line.leftOut) : 0)).reduce((sum, one) => sum + one);
    const passed = lines.filter((line) => messageOf(line) === "again").length;
    expect(passed + leftOut).toBe(3_000);
    expect(passed).toBeLessThan(1_000);
  });
});

describe("the last hour", () => {
  it("is what is kept", async () => {
    const { clock, log, messages, recent } = rig();
    const began = new Date(clock.wallMs()).toISOString();
    log.info({}, "early");
    await clock.advance(30 * 60_000);
    log.info({}, "later");
    expect(recent().since).toBe(began);
    await clock.advance(31 * 60_000);
    expect(messages()).toEqual(["later"]);
    expect(recent().since).toBe(new Date(clock.wallMs() - 3_600_000).toISOString());
  });

  it("has a bound in bytes, and says since when it reaches", async () => {
    const clock = new SimulatedClock();
    const ring = createLogRing(clock, 1_000);
    for (let minute = 0; minute < 30; minute += 1) {
      ring.keep(JSON.stringify({ minute, text: "ø".repeat(100) }));
      await clock.advance(60_000);
    }
    const { lines, since } = ring.excerpt();
    expect(
      lines.map((line) => JSON.stringify(line)).reduce((sum, line) => sum + Buffer.byteLength(line), 0),
    ).toBeLessThanOrEqual(1_000);
    expect(lines.at(-1)).toMatchObject({ minute: 29 });
    expect(Date.parse(since)).toBe(clock.wallMs() - (lines.length + 1) * 60_000);
  });

  it("fits into a reply, whatever is in it", async () => {
    const { clock, log, recent } = rig();
    for (let count = 0; count < 4_000; count += 1) {
      log.info({ text: "\u0001".repeat(200) }, "escaped");
      await clock.advance(250);
    }
    expect(Buffer.byteLength(JSON.stringify(recent()))).toBeLessThan(2 * 1024 * 1024);
  });
});

it("Node's own warnings go where everything goes, and what is deprecated is not said", () => {
  const source = new EventEmitter();
  const printed: unknown[] = [];
  source.on("warning", (warning) => printed.push(warning));
  const log = createMemoryLog();
  logWarnings(source, log);
  source.emit("warning", Object.assign(new Error("url.parse()"), { name: "DeprecationWarning" }));
  source.emit("warning", Object.assign(new Error("11 listeners"), { name: "MaxListenersExceededWarning" }));
  expect(printed).toEqual([]);
  expect(log.lines.map(({ level }) => level)).toEqual(["debug", "warn"]);
});
