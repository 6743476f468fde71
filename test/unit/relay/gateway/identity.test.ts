/** Who a machine is: nothing of a signed request can be changed, keys end when they are revoked, and only the operator speaks for machines. */
import { generateKeyPairSync } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Identities, readIdentityFile } from "../../../../src/relay/gateway/identities.ts";
import { readOperatorWord, writeOperatorWord } from "../../../../src/relay/gateway/operator-word.ts";
import type { GatewayRequest } from "../../../../src/relay/gateway/port.ts";
import { skewMsMax, whoAsks } from "../../../../src/relay/gateway/who-asks.ts";
import { formatTimestamp } from "../../../../src/kit/timestamp.ts";
import { authorizationOf, publicKeyOf, publicKeyText } from "../../../../src/vipps/identity.ts";
import { msn, newMachine } from "./machine.ts";

const own = newMachine("vend-1");
const nowMs = Date.UTC(2026, 10, 23, 10);
const key = publicKeyOf(own.publicKey);
const keys = key === undefined ? [] : [key];

function request(atMs = nowMs, more: Partial<GatewayRequest> = {}): GatewayRequest {
  const plain = { method: "POST", target: "/epayment/v1/payments", body: Buffer.from("{}") };
  const signable = { ...plain, msn, machine: own.machine, idempotencyKey: "k-1", time: formatTimestamp(atMs) };
  const headers = { "idempotency-key": "k-1", authorization: authorizationOf(signable, own.privateKey) };
  return { ...plain, headers, ...more };
}

const ask = (one: GatewayRequest, known = keys) =>
  whoAsks(one, (unit, machine) => (unit === msn && machine === own.machine ? known : []), nowMs);

describe("a signed request", () => {
  it("says who asks", () => {
    expect(ask(request())).toEqual({ kind: "machine", msn, machine: "vend-1" });
  });

  it.each([
    ["method", { method: "PUT" }],
    ["path", { target: "/epayment/v1/payments/x" }],
    ["query", { target: "/epayment/v1/payments?x" }],
    ["body", { body: Buffer.from("{ }") }],
    ["Idempotency-Key", { headers: { ...request().headers, "idempotency-key": "k-2" } }],
    ["missing Idempotency-Key", { headers: { authorization: request().headers["authorization"] ?? "" } }],
  ])("with another %s is not believed", (_what, more) => {
    expect(ask(request(nowMs, more))).toMatchObject({ kind: "nobody", why: "signature" });
  });

  it("holds for five minutes on either side of our time", () => {
    expect(ask(request(nowMs - skewMsMax)).kind).toBe("machine");
    expect(ask(request(nowMs + skewMsMax)).kind).toBe("machine");
    expect(ask(request(nowMs - skewMsMax - 1))).toMatchObject({ why: "clock" });
    expect(ask(request(nowMs + skewMsMax + 1))).toMatchObject({ why: "clock" });
  });

  it("of a machine without keys, or with another one's, is nobody's", () => {
    expect(ask(request(), [])).toMatchObject({ why: "unknown" });
    const other = publicKeyOf(newMachine("vend-1").publicKey);
    expect(ask(request(), other === undefined ? [] : [other])).toMatchObject({ why: "signature" });
  });

  it("with any header changed by a letter is nobody's, and never an error", () => {
    const header = request().headers["authorization"] ?? "";
    fc.assert(
      fc.property(fc.nat(header.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        const changed = header.slice(0, at) + letter + header.slice(at + 1);
        const asking = ask(request(nowMs, { headers: { "idempotency-key": "k-1", authorization: changed } }));
        // The last letters of base64 before its padding carry bits that do not count.
        const isSame =
          Buffer.from(changed, "utf8").equals(Buffer.from(header)) || /"[A-Za-z0-9+/]{86}=="$/.test(changed);
        if (!isSame || changed.slice(0, -10) !== header.slice(0, -10))
          expect(asking.kind).toBe(changed === header ? "machine" : "nobody");
      }),
    );
  });
});

describe("the file of identities", () => {
  const [a, b] = [newMachine("a").publicKey, newMachine("a").publicKey];
  const open = (text: string): number => {
    const identities = new Identities();
    identities.fileSays(readIdentityFile(text).machines);
    return identities.keysOf(msn, "vend-1").length;
  };

  it.each([
    ["one machine", `machine vend-1 ${msn} ${a}`, 1],
    ["two identities of one", `machine vend-1 ${msn} ${a}\nmachine vend-1 ${msn} ${b} # the new one`, 2],
    ["a machine that was revoked", `machine vend-1 ${msn} ${a}\nrevoked vend-1 ${msn}`, 0],
    ["enrolled again after that", `machine vend-1 ${msn} ${a}\nrevoked vend-1 ${msn}\nmachine vend-1 ${msn} ${b}`, 1],
    ["one identity revoked", `machine vend-1 ${msn} ${a}\nmachine vend-1 ${msn} ${b}\nrevoked vend-1 ${msn} ${a}`, 1],
    [
      "a key that was revoked, enrolled again",
      `machine vend-1 ${msn} ${a}\nrevoked vend-1 ${msn}\nmachine vend-1 ${msn} ${a}`,
      0,
    ],
    ["another machine revoked", `machine vend-1 ${msn} ${a}\nrevoked vend-2 ${msn}`, 1],
    ["another unit's", `machine vend-1 654321 ${a}`, 0],
    ["nothing", "\n# nothing\n", 0],
  ])("with %s", (_what, text, count) => {
    expect(readIdentityFile(text).faults).toEqual([]);
    expect(open(text)).toBe(count);
  });

  it("says which lines mean nothing, and heeds the others", () => {
    const { faults, machines } = readIdentityFile(
      `machine vend-1 ${msn} short\nrevokd vend-1\nmachine vend-2 ${msn} ${a}\n`,
    );
    expect(faults.map((fault) => fault.slice(0, 6))).toEqual(["line 1", "line 2"]);
    expect(machines.size).toBe(1);
  });
});

describe("the operator's word on the broker", () => {
  const operator = generateKeyPairSync("ed25519");
  const word = (keysOf: readonly string[], revoked: readonly string[], at: string, by = operator.privateKey) => {
    const { topic, payload } = writeOperatorWord(
      { msn, machine: own.machine, keys: new Set(keysOf), revoked: new Set(revoked) },
      at,
      by,
    );
    return { topic, payload: Buffer.from(payload) };
  };

  it("enrols and revokes; what is older changes nothing any more", () => {
    const identities = new Identities();
    const say = (said: ReturnType<typeof word>): void => {
      const read = readOperatorWord(said, operator.publicKey);
      if (read !== undefined) identities.operatorSays(read.atMs, read.keys);
    };
    say(word([own.publicKey], [], "2026-11-23T10:00:00Z"));
    expect(identities.keysOf(msn, "vend-1")).toHaveLength(1);
    say(word([own.publicKey], [own.publicKey], "2026-11-23T11:00:00Z"));
    expect(identities.keysOf(msn, "vend-1")).toEqual([]);
    say(word([own.publicKey], [], "2026-11-23T10:30:00Z"));
    expect(identities.keysOf(msn, "vend-1")).toEqual([]);
  });

  it("revokes what a file names, and a file what the word names", () => {
    const identities = new Identities();
    const file = (text: string): void => identities.fileSays(readIdentityFile(text).machines);
    const enrolled = `machine vend-1 ${msn} ${own.publicKey}\n`;
    file(enrolled);
    const read = readOperatorWord(word([], [own.publicKey], "2026-11-23T10:00:00Z"), operator.publicKey);
    if (read === undefined) throw new Error("not read");
    identities.operatorSays(read.atMs, read.keys);
    expect(identities.keysOf(msn, "vend-1")).toEqual([]);
  });

  it("of anybody else, on another topic, or changed, is not the operator's", () => {
    const said = word([own.publicKey], [], "2026-11-23T10:00:00Z");
    expect(
      readOperatorWord(word([own.publicKey], [], "2026-11-23T10:00:00Z", own.privateKey), operator.publicKey),
    ).toBeUndefined();
    expect(
      readOperatorWord({ ...said, topic: said.topic.replace("vend-1", "vend-2") }, operator.publicKey),
    ).toBeUndefined();
    const changed = Buffer.from(
      said.payload.toString().replace(publicKeyText(own.privateKey), newMachine("x").publicKey),
    );
    expect(readOperatorWord({ ...said, payload: changed }, operator.publicKey)).toBeUndefined();
    expect(readOperatorWord({ ...said, payload: Buffer.from("{") }, operator.publicKey)).toBeUndefined();
  });
});
