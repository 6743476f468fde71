/** Goal: what cannot be wired or cannot deliver is told before anything moves. Method: a right file with one line changed. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { faultText, parseConfig } from "../../../src/config/load.ts";
import { gpioSettings } from "../../../src/daemon/gpio.ts";

const vending = await readFile(new URL("../../fixtures/config/vending.toml", import.meta.url), "utf8");

const a1 = '{ line = "A1", button = 5, relay = 16 }';
const a2 = '{ line = "A2", button = 6, relay = 20 }';

function withLines(first: string, second = a2, more = ""): string {
  return vending.replace(a1, first).replace(a2, second).replace('driver = "gpio"', `driver = "gpio"\n${more}`);
}

function faultsOf(text: string): readonly string[] {
  const loaded = parseConfig(text);
  return loaded.ok ? [] : loaded.faults.map(faultText);
}

describe("the lines of a GPIO machine", () => {
  it("the fixture's lines are there to be changed, and a relay needs nothing but its number", () => {
    expect(vending).toContain(a1);
    expect(vending).toContain(a2);
    expect(faultsOf(vending)).toEqual([]);
  });

  it.each([
    [
      "one number for two outputs",
      withLines(a1, '{ line = "A2", relay = 16 }'),
      /lines\[1\]\.relay[^]*BCM 16 is the output of A1 already/,
    ],
    [
      "a button on an output",
      withLines(a1, '{ line = "A2", button = 16, relay = 20 }'),
      /lines\[1\]\.button[^]*BCM 16 is the output/,
    ],
    ["an inhibit on a button", withLines(a1, a2, "inhibit = 5"), /button[^]*BCM 5 is inhibit already/],
    [
      "one name for two lines",
      withLines(a1, '{ line = "A1", relay = 20 }'),
      /lines\[1\]\.line[^]*there is a line "A1" already/,
    ],
    [
      "a key of another form",
      withLines('{ line = "A1", relay = 16, jogs = 2 }'),
      /jogs[^]*jogs means nothing for form = "relay"; it belongs to motor/,
    ],
    [
      "a motor that nobody watches",
      withLines('{ line = "A1", form = "motor", relay = 16 }'),
      /home[^]*a motor needs a home switch or a drop sensor/,
    ],
    [
      "a drop that is believed without a sensor",
      withLines('{ line = "A1", form = "motor", relay = 16, home = 22, confirm = "drop" }'),
      /confirm[^]*.*drop = BCM/,
    ],
    [
      "a home that is believed without a switch",
      withLines('{ line = "A1", form = "motor", relay = 16, drop = 22, confirm = "home" }'),
      /confirm[^]*.*home = BCM/,
    ],
    [
      "a sensor with two polarities",
      withLines(
        '{ line = "A1", form = "motor", relay = 16, drop = 22 }',
        '{ line = "A2", form = "motor", relay = 20, drop = 22, drop_active_low = false }',
      ),
      /other level/,
    ],
    [
      "a price that is no whole number of credits",
      withLines('{ line = "A1", form = "pulse", relay = 16, credit_value = 1000 }'),
      /product\[0\]\.price[^]*2500 is not a whole number of credits/,
    ],
    [
      "a price of more pulses than are sent",
      withLines('{ line = "A1", form = "pulse", relay = 16, credit_value = 100, max_pulses = 20 }'),
      /25 pulses, and line "A1" sends 20/,
    ],
    [
      "an output that is on for nobody knows how long",
      withLines('{ line = "A1", form = "timed", relay = 16 }'),
      /on_s = SECONDS/,
    ],
    ["a simulated header without a folder", withLines(a1, a2, 'back_end = "simulated"'), /simulated_folder/],
    ["a number that the header does not have", withLines(a1, '{ line = "A2", relay = 28 }'), /lines\[1\]\.relay/],
  ])("%s is a fault", (_, text, message) => {
    expect(faultsOf(text).join("\n")).toMatch(message);
  });

  it("two coils may share a drop sensor", () => {
    const coil = (line: string, relay: number): string =>
      `{ line = "${line}", form = "motor", button = ${relay === 16 ? 5 : 6}, relay = ${relay}, drop = 22 }`;
    expect(faultsOf(withLines(coil("A1", 16), coil("A2", 20)))).toEqual([]);
  });

  it("a coil with a drop sensor believes it; one with only a home switch believes that", () => {
    const loaded = parseConfig(
      withLines(
        '{ line = "A1", form = "motor", button = 5, relay = 16, drop = 22, home = 23 }',
        '{ line = "A2", form = "motor", button = 6, relay = 20, home = 4 }',
      ),
    );
    if (!loaded.ok || loaded.config.delivery.driver !== "gpio") throw new Error("the configuration is refused");
    const { lines } = gpioSettings(loaded.config.delivery);
    expect(lines).toMatchObject([{ confirm: "drop" }, { confirm: "home", drop: undefined }]);
  });
});
