/**
 * Goal: the provider hears the truth about every request, the machine gets each event once the broker has it, and nothing that a request
 * contains makes the relay fail. Method: the whole relay over a connection that the test answers for, on a virtual clock; no sockets but
 * the relay's own, which nobody calls.
 */
import { afterEach, describe, expect, it } from "vitest";
import { relaySchema } from "../../../src/config/relay.ts";
import { AnsweredEvents } from "../../../src/relay/admission.ts";
import { MachineStates } from "../../../src/relay/machine-states.ts";
import { Reception } from "../../../src/relay/reception.ts";
import type { WebhookRegistry } from "../../../src/relay/registration-keeper.ts";
import { Relay } from "../../../src/relay/relay.ts";
import { Tally } from "../../../src/relay/tally.ts";
import type { WebhookAnswer, WebhookRequest } from "../../../src/relay/webhook-server.ts";
import { recordingLog, seededEntropy, settle, VirtualClock } from "../link/virtual-clock.ts";
import {
  checkIn,
  checkInHook,
  FakeConnection,
  machine,
  MemoryStore,
  msn,
  payment,
  paymentHook,
  reference,
  signed,
  verify,
} from "./parts.ts";

function makeReception() {
  const clock = new VirtualClock();
  const log = recordingLog();
  const store = new MemoryStore();
  const connection = new FakeConnection();
  const states = new MachineStates(clock);
  const told: unknown[] = [];
  const facts = { knowsAll: true };
  const tally = new Tally(clock, log);
  const reception = new Reception({
    msn,
    limits: { checkInFreshnessMs: 20_000, paymentExpiryMs: 900_000 },
    store,
    verify,
    states,
    answered: new AnsweredEvents(clock),
    machines: {
      isConnected: () => connection.isConnected(),
      publish: (message) => connection.publish(message),
      tellOthers: (answered) => void told.push(answered),
      knowsAllSince: () => facts.knowsAll,
    },
    tally,
    clock,
    log,
  });
  const say = (state: string, id = machine, validForS?: number): void =>
    states.heard({
      topic: `kvitt/v1/${msn}/${id}/state`,
      payload: Buffer.from(JSON.stringify({ state, session: 1, validForS })),
      retained: false,
    });
  say("ready");
  /** The answer, letting the second pass for which a machine's state is waited for. */
  async function ask(request: WebhookRequest): Promise<WebhookAnswer> {
    const answer = reception.answer(request);
    await clock.advance(1_000);
    return answer;
  }
  const now = (): number => clock.wallMs();
  return { clock, log, store, states, connection, told, facts, tally, say, ask, now };
}

describe("a signed check-in", () => {
  it("for a machine that is ready is forwarded, remembered and told to the other relays", async () => {
    const { ask, now, connection, told, tally } = makeReception();
    const request = signed(checkInHook, checkIn(now() - 500), now());
    expect(await ask(request)).toEqual({ status: 200, text: "forwarded" });
    expect(connection.published).toMatchObject([
      { topic: `kvitt/v1/${msn}/${machine}/event/checked-in`, qos: 1, retain: false, expiryS: 20 },
    ]);
    expect(told).toMatchObject([{ answer: "forwarded" }]);
    expect(JSON.stringify(told)).toMatch(/"id":"[0-9a-f]{64}"/);
    expect(await ask(request)).toEqual({ status: 200, text: "duplicate" });
    expect(connection.published).toHaveLength(1);
    expect(tally.counts()).toMatchObject({ forwarded: 1, settled: 1 });
  });

  it.each([
    ["selling", 409, "selling"],
    ["out-of-service", 503, "out-of-service"],
    ["init", 503, "init"],
    ["lost", 503, "lost"],
  ])(
    "for a machine that is %s is refused with %i, also when it is repeated to a machine that is ready",
    async (state, status, text) => {
      const { ask, now, say, told, connection } = makeReception();
      say(state);
      const request = signed(checkInHook, checkIn(now()), now());
      expect(await ask(request)).toEqual({ status, text });
      say("ready");
      expect(await ask(request)).toEqual({ status: 409, text: "refused before" });
      expect(told).toMatchObject([{ answer: "refused" }, { answer: "refused" }]);
      expect(connection.published).toEqual([]);
    },
  );

  it("for an outlet comes on its machine's topic, also from a sticker that was there before, and is counted when it is refused", async () => {
    const { ask, now, states, connection, tally, clock } = makeReception();
    const stations = { w1: { state: "free" }, w2: { state: "in-use" } };
    const message = { state: "ready", session: 1, stations, qr_ids: { "beacon-1": "w1" } };
    const payload = Buffer.from(JSON.stringify(message));
    states.heard({ topic: `kvitt/v1/${msn}/wash/state`, payload, retained: true });
    await clock.advance(1_000);
    const scan = async (code: string) => ask(signed(checkInHook, checkIn(now(), { merchantQrId: code }), now()));
    expect(await scan("wash--w1")).toEqual({ status: 200, text: "forwarded" });
    expect(await scan("beacon-1")).toEqual({ status: 200, text: "forwarded" });
    expect(await scan("wash--w2")).toEqual({ status: 409, text: "in-use" });
    expect(await scan("wash--w9")).toEqual({ status: 404, text: "no such station" });
    expect(await scan("wash")).toEqual({ status: 404, text: "no such station" });
    expect(connection.published.map(({ topic }) => topic)).toEqual([
      `kvitt/v1/${msn}/wash/event/checked-in`,
      `kvitt/v1/${msn}/wash/event/checked-in`,
    ]);
    expect(connection.on("checked-in")).toMatchObject([{ subject: "wash--w1" }, { subject: "wash--w1" }]);
    expect(tally.refusals()).toEqual({ "in-use": 1, "no such station": 2 });
  });

  it("for a machine that went with its broker, and does not repeat that it is ready, is refused", async () => {
    const { ask, now, say, clock } = makeReception();
    say("ready", machine, 300);
    await clock.advance(298_000);
    expect((await ask(signed(checkInHook, checkIn(now()), now()))).status).toBe(200);
    await clock.advance(2_000);
    expect(await ask(signed(checkInHook, checkIn(now()), now()))).toEqual({ status: 503, text: "lost" });
  });

  it.each([
    ["a machine that never said anything", { merchantQrId: "vend-9" }, 503, "machine unknown"],
    ["an id that no machine can have", { merchantQrId: "kiosk_7" }, 404, "no machine can have this code's id"],
    ["an id that is too long", { merchantQrId: "a".repeat(40) }, 404, "no machine can have this code's id"],
    ["the relays' own level", { merchantQrId: "relay" }, 404, "no machine can have this code's id"],
    ["another sales unit", { msn: "654321" }, 404, "sales unit 654321 is not served here"],
    ["no sales unit", { msn: undefined }, 404, "unreadable: no msn"],
    [
      "a time that does not exist",
      { initiatedAt: "2026-02-30T10:00:00Z" },
      404,
      "unreadable: initiatedAt missing or unreadable",
    ],
  ])("for %s is refused at once", async (_what, more, status, text) => {
    const { ask, now, connection, tally } = makeReception();
    expect(await ask(signed(checkInHook, checkIn(now(), more), now()))).toEqual({ status, text });
    expect(connection.published).toEqual([]);
    const { refused, unserved } = tally.counts();
    expect(refused + unserved).toBe(1);
  });

  it("that nobody serves is answered with 200 once its token is dead, which ends the repetitions", async () => {
    const { ask, now } = makeReception();
    const fifteenMinutesMs = 15 * 60_000;
    const at = (ageMs: number) => signed(checkInHook, checkIn(now() - ageMs, { merchantQrId: "kiosk_7" }), now());
    expect((await ask(at(fifteenMinutesMs - 2_000))).status).toBe(404);
    expect(await ask(at(fifteenMinutesMs + 2_000))).toEqual({ status: 200, text: "the customer token is dead" });
  });

  it("that the broker does not take is answered with 503, and its repetition is refused", async () => {
    const { ask, now, connection, told } = makeReception();
    connection.refuses = true;
    const request = signed(checkInHook, checkIn(now()), now());
    expect(await ask(request)).toEqual({ status: 503, text: "the broker did not take it" });
    connection.refuses = false;
    expect((await ask(request)).status).toBe(409);
    expect(told).toMatchObject([{ answer: "refused" }, { answer: "refused" }]);
  });

  it("is refused while there is no broker, without waiting for a state", async () => {
    const { ask, now, connection } = makeReception();
    connection.isUp = false;
    expect(await ask(signed(checkInHook, checkIn(now()), now()))).toEqual({ status: 503, text: "machine unknown" });
  });

  it("older than a first try is refused where another relay may have said no", async () => {
    const { ask, now, facts } = makeReception();
    facts.knowsAll = false;
    expect((await ask(signed(checkInHook, checkIn(now() - 3_000), now()))).status).toBe(409);
  });
});

describe("a signed payment event", () => {
  it("goes to the machine in its reference, and its log line carries the reference", async () => {
    const { ask, now, connection, log, told } = makeReception();
    expect(await ask(signed(paymentHook, payment(now()), now()))).toEqual({ status: 200, text: "forwarded" });
    expect(connection.published).toMatchObject([{ topic: `kvitt/v1/${msn}/${machine}/event/payment`, expiryS: 900 }]);
    expect(log.lines.filter(({ fields }) => fields["reference"] === reference)).not.toEqual([]);
    expect(told).toEqual([]);
  });

  it.each([
    ["a reference of somebody else", { reference: "inv-8-attempt-2" }],
    ["another sales unit", { msn: "654321" }],
    ["no name", { name: undefined }],
  ])("with %s is answered with 200 and forgotten: a refusal would have it sent for a week", async (_what, more) => {
    const { ask, now, connection, tally } = makeReception();
    expect(await ask(signed(paymentHook, payment(now(), more), now()))).toEqual({ status: 200, text: "not for us" });
    expect(connection.published).toEqual([]);
    expect(tally.counts().dropped).toBe(1);
  });

  it("that the broker does not take is answered with 503, and forwarded when it is repeated", async () => {
    const { ask, now, connection } = makeReception();
    connection.refuses = true;
    expect((await ask(signed(paymentHook, payment(now()), now()))).status).toBe(503);
    connection.refuses = false;
    expect((await ask(signed(paymentHook, payment(now()), now()))).status).toBe(200);
  });
});

describe("a signature", () => {
  it("of the registration for payments does not make a check-in, nor the other way round", async () => {
    const { ask, now, connection, tally } = makeReception();
    for (const request of [
      signed(paymentHook, checkIn(now()), now()),
      signed(paymentHook, checkIn(now(), { merchantQrId: "kiosk_7" }), now()),
      signed(checkInHook, payment(now()), now()),
    ])
      expect(await ask(request)).toEqual({ status: 401, text: "the signature does not fit" });
    expect(connection.published).toEqual([]);
    expect(tally.counts().forged).toBe(3);
  });

  it("of a registration for all kinds makes all kinds", async () => {
    const { ask, now, store } = makeReception();
    const both = { ...checkInHook, events: [...checkInHook.events, ...paymentHook.events] };
    store.known = [both];
    expect((await ask(signed(both, checkIn(now()), now()))).status).toBe(200);
    expect((await ask(signed(both, payment(now()), now()))).status).toBe(200);
  });

  it("of a registration of another sales unit serves nobody", async () => {
    const { ask, now, store, connection } = makeReception();
    const foreign = { ...checkInHook, msn: "654321" };
    store.known = [foreign];
    expect((await ask(signed(foreign, checkIn(now()), now()))).status).toBe(404);
    expect(connection.published).toEqual([]);
  });

  it("is looked for among all registrations where a proxy removed Webhook-Id", async () => {
    const { ask, now } = makeReception();
    const request = signed(paymentHook, payment(now()), now());
    const { "webhook-id": _removed, ...headers } = request.headers;
    expect((await ask({ ...request, headers })).status).toBe(200);
    expect((await ask({ ...request, headers: { ...headers, "webhook-id": "another" } })).status).toBe(401);
  });

  it("that is not known leads to another look at the file, at most once a second", async () => {
    const { ask, now, store, clock } = makeReception();
    store.known = [];
    const request = signed(paymentHook, payment(now()), now());
    expect((await ask(request)).status).toBe(401);
    store.next = [paymentHook];
    expect((await ask(request)).status).toBe(200);
    expect(store.refreshes).toBe(2);
    const forged = { ...request, headers: { ...request.headers, "webhook-id": "x" } };
    const answers = await Promise.all([ask(forged), ask(forged), ask(forged)]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(store.refreshes).toBe(3);
    await clock.advance(1_000);
  });

  it("that is not known while the file is broken is refused, and the file is complained about once", async () => {
    const { ask, now, store, log } = makeReception();
    store.known = [];
    store.next = new Error("the file is damaged");
    for (let times = 0; times < 5; times += 1)
      expect((await ask(signed(paymentHook, payment(now()), now()))).status).toBe(401);
    expect(log.lines.filter(({ level }) => level === "error")).toMatchObject([
      { fields: { reason: "the file is damaged" } },
    ]);
  });

  it("makes no difference to what cannot be read: nothing that a body holds is a fault of ours", async () => {
    const { ask, now, tally } = makeReception();
    const bodies = ["", "null", "[]", '"text"', "{", `{"a":${"[".repeat(8_000)}${"]".repeat(8_000)}}`, "\u0000"];
    for (const body of bodies)
      expect(await ask(signed(checkInHook, body, now()))).toEqual({ status: 200, text: "not for us" });
    expect(tally.counts().dropped).toBe(bodies.length);
  });
});

describe("the log", () => {
  it("has a sample of each kind a minute and a sum, however many forged requests come", async () => {
    const { ask, now, log, clock } = makeReception();
    const forged = { ...signed(paymentHook, payment(now()), now()), headers: { "webhook-id": "x".repeat(9_000) } };
    for (let times = 0; times < 40; times += 1) await ask(forged);
    await clock.advance(60_000);
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    expect(JSON.stringify(log.lines).length).toBeLessThan(1_000);
    expect(log.lines.at(-1)).toMatchObject({ level: "info", fields: { forged: 40 } });
    await clock.advance(600_000);
    expect(log.lines).toHaveLength(2);
    await ask(forged);
    expect(log.lines).toHaveLength(3);
  });

  it("says no sum where the samples said everything, and the rest when it stops", () => {
    const clock = new VirtualClock();
    const log = recordingLog();
    const tally = new Tally(clock, log);
    tally.count("refused", "info", {});
    tally.count("forwarded", "info", {});
    tally.stop();
    expect(log.lines).toHaveLength(2);
    tally.count("refused", "info", {});
    tally.count("refused", "info", {});
    tally.stop();
    expect(log.lines.at(-1)?.fields).toEqual({ refused: 2 });
    expect(tally.counts()).toEqual({
      forwarded: 1,
      refused: 3,
      unserved: 0,
      settled: 0,
      dropped: 0,
      undelivered: 0,
      forged: 0,
    });
  });
});

describe("the relay", () => {
  const running: Relay[] = [];
  afterEach(async () => {
    for (const relay of running.splice(0)) await relay.stop();
  });

  async function begin() {
    const clock = new VirtualClock();
    const log = recordingLog();
    const connection = new FakeConnection();
    const listed = [checkInHook, paymentHook].map(({ id, url, events }) => ({ id, url, events }));
    const registry: WebhookRegistry = {
      list: () => Promise.resolve({ kind: "ok", value: listed }),
      register: () => Promise.reject(new Error("nothing is missing")),
      remove: () => Promise.reject(new Error("nothing is in the way")),
    };
    const relay = new Relay({
      isFleet: false,
      units: [{ msn, mark: "", registry, store: new MemoryStore() }],
      options: relaySchema.parse({
        instance: "relay-1",
        listen_port: 0,
        public_url: "https://relay.example.test/",
        registration_file: "/nowhere",
      }),
      connectionFor: (hooks) => {
        connection.hooks = hooks;
        return connection;
      },
      verify,
      clock,
      entropy: seededEntropy(1),
      log,
    });
    running.push(relay);
    const port = await relay.start();
    await settle();
    return { clock, log, connection, relay, port };
  }

  it("says that it is alive and registered, every minute, and that it is gone when it stops", async () => {
    const { clock, connection, relay, port } = await begin();
    expect(port).toBeGreaterThan(0);
    expect(connection.on("/relay/relay-1").at(-1)).toMatchObject({ alive: true, registered: true, validForS: 180 });
    const before = connection.published.length;
    await clock.advance(180_000);
    expect(connection.published.length).toBe(before + 3);
    expect(connection.published.every(({ retain }) => retain)).toBe(true);
    await relay.stop();
    expect(connection.on("/relay/relay-1").at(-1)).toMatchObject({ alive: false, registered: false });
    expect(connection.isStopped).toBe(true);
  });

  it("leaves a will that says it is gone", async () => {
    const { connection } = await begin();
    const will = connection.hooks?.will();
    expect(will).toMatchObject({ topic: `kvitt/v1/${msn}/relay/relay-1`, retain: true });
    expect(JSON.parse(will?.payload ?? "")).toMatchObject({ alive: false });
  });

  it("listens to machines' states and to other relays, and ignores what it cannot read", async () => {
    const { connection } = await begin();
    expect(connection.hooks?.views).toEqual([
      `kvitt/v1/${msn}/+/state`,
      `kvitt/v1/${msn}/relay/+/answered`,
      `kvitt/v1/${msn}/relay/+`,
    ]);
    await connection.hear(`kvitt/v1/${msn}/relay/relay-2`, { alive: true, registered: true });
    await connection.hear(`kvitt/v1/${msn}/relay/relay-2`, undefined);
    await connection.hear(`kvitt/v1/${msn}/relay/relay-2/answered`, { nonsense: true });
    await connection.hear(`kvitt/v1/${msn}/relay/relay-2/answered`, { id: "e-1", answer: "refused" });
    await connection.hear("elsewhere", "x");
    connection.interrupt();
  });
});
