/**
 * Goal: what was made although its answer got lost is not told as a failure, and what somebody else has is not told as ours. Method: a
 * transport that acts and then breaks.
 */
import { describe, expect, it } from "vitest";
import { VippsError } from "../../../src/vipps/errors.ts";
import { type Answer, ended, json, nothing, through, world } from "./support.ts";

function broken(): never {
  throw new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
}

const redirect = { id: "billboard_1", redirectUrl: "https://example.com/a" };
const made = { ...redirect, url: "https://qr.vipps.no/28/2/05/031/abc", expiresIn: -1 };
const wanted = { format: "target-url" } as const;

async function failure(promise: Promise<unknown>): Promise<VippsError["facts"]> {
  const end = await ended(promise);
  if ("error" in end && end.error instanceof VippsError) return end.error.facts;
  throw new Error("it did not fail as it should");
}

/** The first POST or PUT acts and breaks; from then on the name is taken. */
function takenAfter(isFirstLost: boolean, reads: Answer): Answer {
  const state = { isTaken: !isFirstLost };
  return (request, number, signal) => {
    if (request.method === "GET") return reads(request, number, signal);
    if (state.isTaken) return json(409, { id: "billboard_1" });
    state.isTaken = true;
    return broken();
  };
}

describe("a redirect QR", () => {
  it("whose answer got lost is found, and it is not sent a second time", async () => {
    const { client, clock, sent } = world(takenAfter(true, () => json(200, made)));
    expect(await through(clock, client.redirectQrs.create(redirect, wanted))).toMatchObject(made);
    expect(sent.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });

  it.each([
    ["leads elsewhere", json(200, { ...made, redirectUrl: "https://example.com/b" })],
    ["is not there yet", nothing(404)],
  ])("that %s after a lost answer is not told as made, and the doubt is told", async (_what, found) => {
    const { client, clock } = world(takenAfter(true, () => found));
    const facts = await failure(through(clock, client.redirectQrs.create(redirect, wanted)));
    expect(facts).toMatchObject({ status: undefined, advice: "retry", mayHaveWorked: true });
  });

  it("that was there before the first try is refused, wherever it leads", async () => {
    const { client, clock } = world(takenAfter(false, () => json(200, made)));
    const facts = await failure(through(clock, client.redirectQrs.create(redirect, wanted)));
    expect(facts).toMatchObject({
      status: 409,
      takenId: "billboard_1",
      advice: "change-request",
      mayHaveWorked: false,
    });
  });

  it("that nobody answers about may have been made, and says so", async () => {
    const { client, clock } = world(broken);
    const facts = await failure(through(clock, client.redirectQrs.create(redirect, wanted)));
    expect(facts).toMatchObject({ advice: "retry", mayHaveWorked: true });
  });
});

describe("a mapped beacon", () => {
  const request = { locationDescription: "Platform 2", category: "VENDING" };
  const ours = { merchantQrId: "billboard_1", locationDescription: "Platform 2", qrContent: "x" };

  it("whose answer got lost is mapped", async () => {
    const { client, clock } = world(takenAfter(true, () => json(200, [ours])));
    await through(clock, client.callbackQrs.putMobilePay("billboard_1", request));
  });

  it("that was mapped before the first try is taken, and so is one that is described otherwise", async () => {
    const before = world(takenAfter(false, () => json(200, [ours])));
    const mapped = failure(through(before.clock, before.client.callbackQrs.putMobilePay("billboard_1", request)));
    expect(await mapped).toMatchObject({ status: 409, takenId: "billboard_1" });
    const other = world(takenAfter(true, () => json(200, [{ ...ours, locationDescription: "Platform 3" }])));
    const described = failure(through(other.clock, other.client.callbackQrs.putMobilePay("billboard_1", request)));
    expect(await described).toMatchObject({ status: 409, takenId: "billboard_1" });
  });

  it("that another sales unit has is taken", async () => {
    const { client, clock } = world(takenAfter(true, () => json(200, [])));
    const facts = await failure(through(clock, client.callbackQrs.putMobilePay("billboard_1", request)));
    expect(facts).toMatchObject({ status: 409, takenId: "billboard_1" });
  });
});

describe("doubt", () => {
  it("is told of what cannot be told apart when it is sent again, and of nothing else", async () => {
    const { client, clock } = world(broken);
    const doubt = async (call: Promise<unknown>) => (await failure(through(clock, call))).mayHaveWorked;
    expect(await doubt(client.webhooks.register("https://a.example/x", ["user.checked-in.v1"]))).toBe(true);
    expect(await doubt(client.payments.get("kiosk-7-01JD0000000000000000000001"))).toBe(false);
    expect(await doubt(client.callbackQrs.delete("kiosk-7"))).toBe(false);
    const refusing = world(() => nothing(403));
    const refused = failure(
      through(refusing.clock, refusing.client.webhooks.register("https://a.example/x", ["user.checked-in.v1"])),
    );
    expect((await refused).mayHaveWorked).toBe(false);
  });
});
