/** Goal: a flag that cannot mean anything is refused with what to write instead. Method: tables. */
import { describe, expect, it } from "vitest";
import { portOf } from "../../../src/cli/flags.ts";

describe("--port", () => {
  it.each([
    [undefined, 8_088],
    ["0", 0],
    ["80", 80],
    ["65535", 65_535],
  ])("%s is %i", (text, port) => expect(portOf(text, 8_088)).toBe(port));

  it.each(["", " ", "-1", "1.5", "1e3", "0x50", "65536", "a"])('refuses "%s"', (text) =>
    expect(() => portOf(text, 8_088)).toThrow(`--port takes 0 to 65535, not "${text}"`),
  );
});
