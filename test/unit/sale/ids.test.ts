/**
 * Goal: one rule says what a machine, an outlet, a sales unit and a reference may be called, and a refusal says what to write instead.
 * Method: tables of names that people write, and properties over any name that may be had.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  effectId,
  isEffectId,
  isFormerMachineId,
  isMachineId,
  isMerchantQrId,
  isMsn,
  isReference,
  machineIdFault,
  machineOf,
  merchantQrId,
  merchantQrIdFault,
  merchantQrIdOf,
  outletId,
  referenceOf,
  stationId,
  stationIdFault,
  stationOf,
} from "../../../src/sale/ids.ts";

const ulid = "01J00000000000000000000000";
const machineIds = fc.stringMatching(/^[A-Za-z0-9-]{1,37}$/).filter(isMachineId);

describe("a machine's id", () => {
  it.each(["kiosk-7", "K", "7", "-a", "a".repeat(37), "relay-1", "Relay", "a-b-c"])("may be %s", (id) => {
    expect(machineIdFault(id)).toBeUndefined();
    expect(isMachineId(id)).toBe(true);
    expect(merchantQrId(id)).toBe(id);
  });

  it.each([
    ["kiosk_7", '"kiosk_7" has other characters than letters, digits and -: write for example "kiosk-7"'],
    ["Åsgård 2", '"Åsgård 2" has other characters than letters, digits and -: write for example "sg-rd-2"'],
    ["a".repeat(38), `"${"a".repeat(38)}" is longer than 37 characters: write for example "${"a".repeat(37)}"`],
    ["a--b", '"a--b" has "--" in it, which parts a machine from its outlets: write for example "a-b"'],
    ["a-", '"a-" ends in "-": write for example "a"'],
    ["relay", '"relay" is where relays stand in topics: write for example "relay-1"'],
    ["", '"" is empty: 1 to 37 letters, digits or -'],
    ["-", '"-" ends in "-"'],
    ["øæå", '"øæå" has other characters than letters, digits and -'],
  ])("%j is refused, and the message says what to write", (id, message) => {
    expect(machineIdFault(id)).toBe(message);
    expect(isMachineId(id)).toBe(false);
  });

  it("is refused with an advice that is itself taken, whatever was written", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const fault = machineIdFault(text);
        expect(fault === undefined).toBe(isMachineId(text));
        const advice = /: write for example "(.*)"$/su.exec(fault?.slice(text.length + 2) ?? "")?.[1];
        if (advice !== undefined) expect(isMachineId(advice), advice).toBe(true);
      }),
    );
  });

  it.each([undefined, null, 7, {}])("is a text, and not %s", (value) => {
    expect(isMachineId(value)).toBe(false);
    expect(isMerchantQrId(value)).toBe(false);
  });
});

describe("a merchantQrId", () => {
  it.each(["kiosk-7", "lot--north", "lot--a-b", "lot--a--b", "lot--a-"])("may be %s", (id) => {
    expect(merchantQrIdFault(id)).toBeUndefined();
    expect(isMerchantQrId(id)).toBe(true);
  });

  it.each(["lot--", "--a", "lot---a", "relay--a", `${"a".repeat(35)}--b`, "a--b_c", "relay", "kiosk_7", ""])(
    "may not be %j",
    (id) => {
      expect(isMerchantQrId(id)).toBe(false);
      expect(() => merchantQrId(id)).toThrow(RangeError);
      expect(merchantQrIdFault(id)).toContain(JSON.stringify(id.startsWith("relay--") ? "relay" : id));
    },
  );
});

describe("an outlet", () => {
  const lot = merchantQrId("lot");

  it("is its machine and its station, there and back", () => {
    const station = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,33}$/);
    fc.assert(
      fc.property(machineIds, fc.option(station, { nil: undefined }), (machine, name) => {
        fc.pre(name === undefined || stationIdFault(machine, name) === undefined);
        const id = outletId(machine, name === undefined ? undefined : stationId(name));
        expect([machineOf(id), stationOf(id)]).toEqual([machine, name]);
        expect(merchantQrIdOf(referenceOf(id, ulid))).toBe(id);
      }),
    );
  });

  it.each([
    ["", "is empty"],
    ["-a", 'write "a"'],
    ["--", 'write "1"'],
    ["a_b", "has other characters"],
    ["x".repeat(33), "has at most 32"],
  ])("is not called %j, and its fault says why", (name, why) => expect(stationIdFault(lot, name)).toContain(why));

  it("is refused where it is none", () => {
    expect(() => stationId("-a")).toThrow(RangeError);
    expect(() => outletId(lot, stationId("x".repeat(33)))).toThrow(RangeError);
    expect(() => outletId(merchantQrId("lot--a"), stationId("b"))).toThrow(RangeError);
  });
});

describe("a reference", () => {
  it("is a legal one at the provider, and names its machine", () => {
    fc.assert(
      fc.property(machineIds, (id) => {
        const reference = referenceOf(merchantQrId(id), ulid);
        expect(reference).toMatch(/^[a-zA-Z0-9-]{8,64}$/);
        expect(isReference(reference)).toBe(true);
        expect(merchantQrIdOf(reference)).toBe(id);
      }),
    );
  });

  it.each(["a-", "--a", "lot---a", "relay", "-", "lot--"])(
    "may be one of %s, which no machine can be called any more, and then belongs to nobody",
    (id) => {
      expect(isFormerMachineId(id)).toBe(true);
      expect(isReference(`${id}-${ulid}`)).toBe(true);
      expect(merchantQrIdOf(`${id}-${ulid}`)).toBeUndefined();
    },
  );

  it("is never of an id that was not allowed before either", () => {
    for (const id of ["kiosk-7", "kiosk_7", "", "a".repeat(38)]) expect(isFormerMachineId(id)).toBe(false);
    expect(isReference(`kiosk_7-${ulid}`)).toBe(false);
    expect(isReference(`${"a".repeat(38)}-${ulid}`)).toBe(false);
  });

  it.each(["", "-", ulid, `-${ulid}`, `kiosk-7-8${ulid.slice(1)}`, `kiosk-7-${ulid.slice(1)}`])("is not %s", (text) => {
    expect(isReference(text)).toBe(false);
    expect(merchantQrIdOf(text)).toBeUndefined();
  });

  it("is not made of what is no ULID", () => {
    expect(() => referenceOf(merchantQrId("kiosk-7"), "01j0000000000000000000000i")).toThrow(/is not a ULID/);
  });
});

describe("an effect's id", () => {
  it("is a legal Idempotency-Key", () => {
    expect(effectId("a".repeat(50))).toHaveLength(50);
    expect(["", "a".repeat(51), "a b", "ø", 7].some(isEffectId)).toBe(false);
    expect(() => effectId("a b")).toThrow(/an effect id matches .* and "a b" does not/);
  });
});

describe("an msn", () => {
  it.each([
    ["1234", true],
    ["1234567", true],
    ["123", false],
    ["12345678", false],
    ["12a45", false],
    ["", false],
  ])("%s: %s", (text, isOne) => {
    expect(isMsn(text)).toBe(isOne);
  });
});
