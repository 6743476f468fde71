/** Goal: customers' codes and choices come through, cables come and go, and nobody can flood the machine. Method: the driver on its twin. */
import { array, assert, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import type { HidInfo } from "../../../../src/machine/hid/bus.ts";
import { chooseDevice, createHidInput, type HidInputSettings } from "../../../../src/machine/hid/hid-input.ts";
import {
  altCodeReports,
  createSimulatedHid,
  keyReport,
  keyReports,
  posReports,
} from "../../../../src/machine/hid/simulated-hid.ts";
import { layoutNames } from "../../../../src/machine/hid/layouts.ts";
import type { MachineEvent } from "../../../../src/machine/port.ts";
import { createSeededEntropy } from "../../../../src/service/entropy.ts";
import { createMemoryLog, type LogLine } from "../../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../../src/service/simulated-clock.ts";

const code = "https://qr.vipps.no/28/2/01/031/personal-4711";

const pos: HidInfo = {
  path: "/dev/hidraw0",
  vendorId: 0x0c2e,
  productId: 0x0b01,
  serialNumber: "1",
  product: "Scanner",
  usagePage: 0x8c,
  usage: 0x02,
};
const keyboard: HidInfo = { ...pos, path: "/dev/hidraw1", vendorId: 0x1a2c, productId: 0x2d43, usagePage: 1, usage: 6 };

async function plugged(info: HidInfo | undefined, change: Partial<HidInputSettings> = {}) {
  const clock = new SimulatedClock();
  const hid = createSimulatedHid();
  const events: MachineEvent[] = [];
  const entries: LogLine[] = [];
  if (info !== undefined) hid.plug(info);
  const input = createHidInput({
    name: "it",
    kind: "scanner",
    match: {
      vendorId: info?.usagePage === 1 ? info.vendorId : undefined,
      productId: undefined,
      serialNumber: undefined,
    },
    layout: "us",
    lines: ["A1", "B4", "B42", "7"],
    openBus: async () => hid.bus,
    clock,
    entropy: createSeededEntropy(1),
    log: createMemoryLog(entries),
    ...change,
  });
  await input.start((event) => events.push(event));
  await settle();
  const texts = (): readonly string[] =>
    events.map((event) => (event.kind === "code-scanned" ? event.text : event.kind));
  return { clock, hid, events, entries, input, texts };
}

describe("a scanner in HID POS mode", () => {
  it("is found by its usage page, and its codes come through whole, also in pieces", async () => {
    const { hid, texts, input } = await plugged(pos);
    expect(input.status()).toMatchObject({ present: true });
    hid.scan(pos.path, code);
    const long = `https://example.com/${"x".repeat(180)}`;
    hid.scan(pos.path, long);
    expect(posReports(long)).toHaveLength(4);
    expect(texts()).toEqual([code, long]);
  });

  it("answers to commands are no codes", async () => {
    const { hid, texts } = await plugged(pos);
    for (const report of posReports("0123456789", "]X0")) hid.send(pos.path, report);
    expect(texts()).toEqual([]);
  });

  it("a report that was cut short gives no code, wherever it is cut", async () => {
    const { hid, texts, clock } = await plugged(pos);
    const [report] = posReports(code);
    for (let length = 0; length < 64; length += 1) {
      if (report !== undefined) hid.send(pos.path, report.subarray(0, length));
      await clock.advance(1_100);
    }
    expect(texts()).toEqual([]);
    hid.scan(pos.path, code);
    expect(texts()).toEqual([code]);
  });

  it("the rest of a code whose first report was cut short is no code either", async () => {
    const { hid, texts } = await plugged(pos);
    const [first, second] = posReports("f".repeat(100));
    if (first !== undefined) hid.send(pos.path, first.subarray(0, 40));
    if (second !== undefined) hid.send(pos.path, second);
    expect(texts()).toEqual([]);
  });

  it.each([
    ["in another encoding", Buffer.from("https://example.com/kaff\u00e9", "latin1")],
    ["cut within a character", Buffer.from("https://example.com/kaff\u00e9", "utf8").subarray(0, -1)],
    ["with a lost character", Buffer.from("https://example.com/kaff\ufffd", "utf8")],
    ["with an object in it", Buffer.from("https://example.com/kaff\ufffc", "utf8")],
  ])("a code %s is not let in", async (_, bytes) => {
    const { hid, texts } = await plugged(pos);
    const report = Buffer.from(posReports("")[0] ?? []);
    report[1] = bytes.length;
    bytes.copy(report, 5);
    hid.send(pos.path, Uint8Array.from(report));
    expect(texts()).toEqual([]);
  });

  it("a code whose end never comes is forgotten, and the next one is whole", async () => {
    const { hid, texts, clock } = await plugged(pos);
    const [first] = posReports("y".repeat(100));
    if (first !== undefined) hid.send(pos.path, first);
    await clock.advance(1_500);
    hid.scan(pos.path, code);
    expect(texts()).toEqual([code]);
  });

  it("a code without end is dropped with all that belongs to it", async () => {
    const { hid, texts } = await plugged(pos);
    hid.scan(pos.path, "z".repeat(3_000));
    hid.scan(pos.path, code);
    expect(texts()).toEqual([code]);
  });
});

describe("a scanner that types", () => {
  it.each(["us", "no", "se", "dk", "fi"] as const)("is read in the layout %s", async (layout) => {
    const { hid, texts } = await plugged(keyboard, { layout });
    hid.scan(keyboard.path, code, layout);
    expect(texts()).toEqual([code]);
  });

  it("sends no Enter: silence ends the code", async () => {
    const { hid, texts, clock } = await plugged(keyboard);
    hid.scan(keyboard.path, code, "us", false);
    expect(texts()).toEqual([]);
    await clock.advance(1_100);
    expect(texts()).toEqual([code]);
  });

  it.each(["us", "no", "se", "dk", "fi"] as const)(
    "pauses within a code: it is one all the same, in the layout %s",
    async (layout) => {
      const { hid, texts, clock } = await plugged(keyboard, { layout });
      for (const character of code) {
        hid.scan(keyboard.path, character, layout, false);
        await clock.advance(300);
      }
      await clock.advance(1_000);
      expect(texts()).toEqual([code]);
    },
  );

  it("that is known to send an end lets no half of a code in", async () => {
    const { hid, texts, clock, entries } = await plugged(keyboard);
    hid.scan(keyboard.path, code);
    hid.scan(keyboard.path, code.slice(0, 30), "us", false);
    await clock.advance(2_000);
    hid.scan(keyboard.path, code);
    expect(texts()).toEqual([code, code]);
    expect(JSON.stringify(entries)).toContain("cut-off");
  });

  const controlled = (usage: number): readonly Uint8Array[] => [
    keyReport({ usage, held: "control" }),
    keyReport({ usage: 0, held: "nothing" }),
  ];
  const [controlJ, controlM] = [controlled(0x0d), controlled(0x10)];
  it.each([
    ["Control+J", controlJ],
    ["Control+M", controlM],
    ["Control+M and Control+J", [...controlM, ...controlJ]],
    ["a carriage return and a line feed by their numbers", altCodeReports("\r\n")],
  ])("may end its codes with %s", async (_, end) => {
    const { hid, texts } = await plugged(keyboard);
    for (let count = 0; count < 2; count += 1)
      for (const report of [...keyReports(`${code}-${count}`, "us"), ...end]) hid.send(keyboard.path, report);
    expect(texts()).toEqual([`${code}-0`, `${code}-1`]);
  });

  it.each(layoutNames)("may type every character by its number, whatever layout is configured: %s", async (layout) => {
    const { hid, texts } = await plugged(keyboard, { layout });
    for (const report of altCodeReports(`${code}\r`)) hid.send(keyboard.path, report);
    expect(texts()).toEqual([code]);
  });

  it.each(layoutNames.flatMap((scanner) => layoutNames.map((layout) => [scanner, layout] as const)))(
    "set to %s where %s is configured: a link is right, or not let in with the layout to set",
    async (scanner, layout) => {
      const { hid, texts, entries } = await plugged(keyboard, { layout });
      hid.scan(keyboard.path, code, scanner);
      const isSame = texts().length > 0;
      expect(texts()).toEqual(isSame ? [code] : []);
      const [warning] = entries.filter(({ level }) => level === "warn");
      if (isSame) expect(warning).toBeUndefined();
      else expect(JSON.stringify(warning)).toMatch(new RegExp(`layout = .*${scanner}`));
    },
  );

  it("set to a layout that is none of ours is told so", async () => {
    const { hid, texts, entries } = await plugged(keyboard, { layout: "no" });
    hid.scan(keyboard.path, "httpsö--qr.vipps.no-28-4711", "se");
    expect(texts()).toEqual([]);
    expect(JSON.stringify(entries)).toContain("another layout");
  });

  it.each([
    ["keyboard mode", keyboard],
    ["POS mode", pos],
  ])("puts the symbology in front, in %s: it is no part of the code", async (_, device) => {
    const { hid, texts } = await plugged(device);
    for (const aim of ["]Q1", "]d2", "]C0", "]E0"]) hid.scan(device.path, `${aim}${code}${aim.slice(1)}`);
    expect(texts()).toEqual(["Q1", "d2", "C0", "E0"].map((aim) => code + aim));
  });

  it("is only taken when it is named: any keyboard could be it", async () => {
    const nobody = { vendorId: undefined, productId: undefined, serialNumber: undefined };
    expect(chooseDevice("scanner", nobody, [keyboard])).toBeUndefined();
    expect(chooseDevice("scanner", { ...nobody, vendorId: keyboard.vendorId }, [pos, keyboard])).toBe(keyboard);
    expect(chooseDevice("scanner", nobody, [keyboard, pos])).toBe(pos);
    expect(chooseDevice("keypad", { ...nobody, vendorId: pos.vendorId }, [pos])).toBeUndefined();
  });
});

describe("what is let in", () => {
  it.each([
    ["too short", "1234"],
    ["too long", "x".repeat(256)],
    ["with control characters", "12345\u0007890"],
    ["of blanks", "        "],
  ])("a code that is %s is not, and nobody's code is written into the log", async (_, text) => {
    const { hid, texts, entries } = await plugged(pos);
    hid.scan(pos.path, text);
    expect(texts()).toEqual([]);
    expect(JSON.stringify(entries)).not.toContain(text.slice(0, 6).trim() || "\u0000");
  });

  it("the same code again and again is one", async () => {
    const { hid, texts, clock } = await plugged(pos);
    for (let count = 0; count < 20; count += 1) {
      hid.scan(pos.path, code);
      await clock.advance(500);
    }
    expect(texts()).toEqual([code]);
    await clock.advance(2_000);
    hid.scan(pos.path, code);
    expect(texts()).toEqual([code, code]);
  });

  it("somebody with a sheet of codes gets eight in ten seconds, and one line in the log", async () => {
    const { hid, texts, entries, clock } = await plugged(pos);
    for (let count = 0; count < 100; count += 1) {
      hid.scan(pos.path, `code-number-${count}`);
      await clock.advance(50);
    }
    expect(texts()).toHaveLength(8);
    expect(entries.filter(({ level }) => level === "warn")).toHaveLength(1);
  });

  it("whatever reports come, what comes out is printable and 5 to 255 characters", async () => {
    const { hid, events } = await plugged(pos);
    assert(
      property(array(uint8Array({ maxLength: 66 }), { maxLength: 30 }), (reports) => {
        for (const report of reports) hid.send(pos.path, Uint8Array.from([2, ...report]));
      }),
    );
    for (const event of events) if (event.kind === "code-scanned") expect(event.text).toMatch(/^[^\p{Cc}]{5,255}$/u);
  });
});

describe("a keypad", () => {
  const usages: Readonly<Record<string, number>> = {
    A: 0x04,
    B: 0x05,
    1: 0x1e,
    2: 0x1f,
    4: 0x21,
    5: 0x22,
    7: 0x5f,
    0: 0x27,
    ok: 0x58,
    cancel: 0x29,
    back: 0x2a,
  };
  const press = (...keys: readonly string[]): readonly number[] => keys.map((key) => usages[key] ?? 0);
  const keypad = () => plugged(keyboard, { kind: "keypad" });
  const lines = (events: readonly MachineEvent[]): readonly string[] =>
    events.map((event) =>
      event.kind === "selected" && event.selection.kind === "line" ? event.selection.line : event.kind,
    );

  it.each([
    ["a line that is the only one meant needs no ok", ["A", "1"], ["A1"]],
    ["a line that begins another one waits for ok", ["B", "4", "ok"], ["B4"]],
    ["the longer one needs none", ["B", "4", "2"], ["B42"]],
    ["the numeric pad counts", ["7"], ["7"]],
    ["a key that fits nothing begins anew", ["A", "B", "4", "ok"], ["B4"]],
    ["backspace takes one back", ["A", "back", "B", "4", "ok"], ["B4"]],
    ["ok without a line is nothing", ["B", "ok"], []],
    ["cancel takes the choice back", ["B", "cancel", "4"], ["selection-cancelled"]],
  ])("%s", async (_, keys, chosen) => {
    const { hid, events } = await keypad();
    hid.type(keyboard.path, press(...keys));
    expect(lines(events)).toEqual(chosen);
  });

  it.each<readonly [string, readonly string[], number | undefined]>([
    ["whole kroner", ["5", "0", "ok"], 5_000],
    ["after a mistake", ["5", "1", "back", "0", "ok"], 5_000],
    ["less than the least", ["5", "ok"], undefined],
    ["more than the most", ["2", "1", "0", "ok"], undefined],
    ["between two steps", ["5", "5", "ok"], undefined],
    ["more digits than anybody pays", ["5", "0", "0", "0", "0", "0", "ok"], undefined],
    ["nothing", ["ok"], undefined],
  ])("takes an amount: %s", async (_, keys, minor) => {
    const amounts = { line: "wash", currency: "NOK", min: 1_000, max: 20_000, step: 1_000 } as const;
    const { hid, events } = await plugged(keyboard, { kind: "keypad", lines: ["A1", "B4"], amounts });
    hid.type(keyboard.path, press(...keys));
    const selection = { kind: "priced", price: { minor, currency: "NOK" }, item: "wash" };
    expect(events).toEqual(minor === undefined ? [] : [{ kind: "selected", selection }]);
  });

  it("takes lines beside amounts", async () => {
    const amounts = { line: "wash", currency: "NOK", min: 1_000, max: 20_000, step: 1_000 } as const;
    const { hid, events } = await plugged(keyboard, { kind: "keypad", lines: ["A1", "B4"], amounts });
    hid.type(keyboard.path, press("5", "A", "1"));
    expect(lines(events)).toEqual(["A1"]);
  });

  it("forgets what somebody began who walked away", async () => {
    const { hid, events, clock } = await keypad();
    hid.type(keyboard.path, press("B"));
    await clock.advance(7_000);
    hid.type(keyboard.path, press("4", "ok"));
    expect(lines(events)).toEqual([]);
  });

  it.each([
    ["no", "åsa 12", "ÅSA12"],
    ["no", "æble1", "ÆBLE1"],
    ["no", "øl7", "ØL7"],
    ["dk", "æøå", "ÆØÅ"],
    ["se", "åäö1", "ÅÄÖ1"],
    ["fi", "äiti", "ÄITI"],
    ["no", "¨a¨o", "ÄÖ"],
  ] as const)("in the layout %s hands on the letters of %s as %s", async (layout, text, keys) => {
    const { hid, events } = await plugged(keyboard, { kind: "keypad", lines: undefined, layout });
    for (const report of keyReports(text, layout)) hid.send(keyboard.path, report);
    expect(events.map((event) => (event.kind === "key" ? event.key : event.kind)).join("")).toBe(keys);
  });

  it("says that a letter was typed which no plate has, rather than leaving it out", async () => {
    const { hid, events } = await plugged(keyboard, { kind: "keypad", lines: undefined, layout: "no" });
    for (const report of keyReports("m¨ull", "no")) hid.send(keyboard.path, report);
    expect(events.map((event) => (event.kind === "key" ? event.key : event.kind))).toEqual(["M", "other", "L", "L"]);
  });

  it("does nothing for Control and Alt: a shortcut is no choice", async () => {
    const { hid, events } = await keypad();
    for (const held of ["control", "alt"] as const)
      for (const report of [keyReport({ usage: 0x04, held }), keyReport({ usage: 0x1e, held })])
        hid.send(keyboard.path, report);
    expect(events).toEqual([]);
  });

  it("hands every key on where plate and time are typed", async () => {
    const { hid, events } = await plugged(keyboard, { kind: "keypad", lines: undefined });
    hid.type(keyboard.path, [...press("A", "1"), 0x57, 0x56, ...press("ok", "cancel", "back")]);
    expect(events.map((event) => (event.kind === "key" ? event.key : event.kind))).toEqual([
      "A",
      "1",
      "plus",
      "minus",
      "ok",
      "cancel",
      "backspace",
    ]);
  });
});

describe("a cable", () => {
  it("that is put in later is found; pulled out and put in again too, and half a code is forgotten", async () => {
    const { hid, texts, clock, input } = await plugged(undefined);
    expect(input.status()).toMatchObject({ present: false });
    hid.plug(pos);
    await clock.advance(5_000);
    expect(input.status()).toMatchObject({ present: true });
    const [half] = posReports("h".repeat(100));
    if (half !== undefined) hid.send(pos.path, half);
    hid.unplug(pos.path);
    expect(input.status()).toMatchObject({ present: false });
    hid.plug(pos);
    await clock.advance(5_000);
    hid.scan(pos.path, code);
    expect(texts()).toEqual([code]);
  });

  it("that may not be used is said once, with the reason, and tried again", async () => {
    const { hid, entries, clock, input } = await plugged(undefined);
    hid.setOpenFault("permission denied");
    hid.plug(pos);
    await clock.advance(120_000);
    expect(input.status().detail).toContain("permission denied");
    expect(entries.filter(({ level }) => level === "warn")).toHaveLength(1);
    hid.setOpenFault(undefined);
    await clock.advance(15_000);
    expect(input.status()).toMatchObject({ present: true });
  });

  it("nothing is open after stop", async () => {
    const { hid, input, texts } = await plugged(pos);
    await input.stop();
    expect(hid.isOpen(pos.path)).toBe(false);
    hid.scan(pos.path, code);
    expect(texts()).toEqual([]);
  });
});
