/** The signature covers every field, does not depend on the order of members, and matches one made by hand. */
import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalJson,
  signCommand,
  type SignedCommand,
  stringToSign,
  verifyCommand,
} from "../../../src/link/command-signature.ts";

const key = Buffer.from("0123456789abcdef0123456789abcdef", "utf8");
const command: SignedCommand = {
  msn: "123456",
  merchantQrId: "vend-1",
  id: "c-1",
  counter: 7,
  deadline: "2026-11-23T10:00:00Z",
  order: { line: "B4", kind: "deliver" },
};

describe("command signature", () => {
  it("is HMAC-SHA256 over seven lines", () => {
    const text = 'kvitt-command-v1\n123456\nvend-1\nc-1\n7\n2026-11-23T10:00:00Z\n{"kind":"deliver","line":"B4"}';
    expect(stringToSign(command)).toBe(text);
    expect(signCommand(command, key)).toBe(createHmac("sha256", key).update(text).digest("base64"));
    // printf '…' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef -binary | base64
    expect(signCommand(command, key)).toBe("KWD9sb6SZtV5Ya1tggkFetWiIoTm/94Old1jfwCj3do=");
  });

  it("has the outlet in the third line", () => {
    expect(stringToSign({ ...command, station: "w1" }).split("\n")[2]).toBe("vend-1--w1");
  });

  it("does not depend on how the order's members are written", () => {
    const other = { ...command, order: { kind: "deliver", line: "B4" } };
    expect(verifyCommand(other, signCommand(command, key), key)).toBe(true);
  });

  it.each([
    { msn: "123457" },
    { merchantQrId: "vend-2" },
    { station: "w1" },
    { id: "c-2" },
    { counter: 8 },
    { deadline: "2026-11-23T10:00:01Z" },
    { order: { kind: "deliver", line: "B5" } },
    { order: { kind: "deliver", line: "B4", more: 1 } },
  ])("covers %o", (change) =>
    expect(verifyCommand({ ...command, ...change }, signCommand(command, key), key)).toBe(false),
  );

  it("refuses another key and any other text", () => {
    const signature = signCommand(command, key);
    expect(verifyCommand(command, signature, Buffer.alloc(32))).toBe(false);
    for (const text of ["", signature.slice(1), `${signature}=`, signature.toLowerCase()])
      expect(verifyCommand(command, text, key)).toBe(false);
  });

  it("survives any JSON being sent and read again", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (order) => {
        const there: unknown = JSON.parse(JSON.stringify(order));
        expect(canonicalJson(there)).toBe(canonicalJson(order));
        expect(JSON.parse(canonicalJson(order))).toEqual(there);
      }),
      { numRuns: 100 },
    );
  });
});
