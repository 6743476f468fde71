/** The keeper against a provider that forgets, refuses and falls silent, on a clock that the test moves. */
import { describe, expect, it } from "vitest";
import type { KnownRegistration, RegistrationStore } from "../../../src/relay/registration-file.ts";
import {
  type Claim,
  type ListedRegistration,
  RegistrationKeeper,
  type WebhookRegistry,
} from "../../../src/relay/registration-keeper.ts";
import { recordingLog, seededEntropy, VirtualClock } from "../link/virtual-clock.ts";

const wanted = [
  { url: "https://relay.example.test/webhooks/check-in", events: ["user.checked-in.v1"], isVital: true },
  { url: "https://relay.example.test/webhooks/payment", events: ["epayments.payment.authorized.v1"], isVital: false },
];
const hourMs = 3_600_000;

function make(
  options: {
    readonly mayRegister?: boolean;
    readonly known?: readonly KnownRegistration[];
    readonly claim?: () => Promise<Claim>;
  } = {},
) {
  const clock = new VirtualClock();
  const log = recordingLog();
  const listed: ListedRegistration[] = [];
  const calls: string[] = [];
  const provider = { isDown: false, refuses: "" };
  const rounds: boolean[] = [];
  let kept: readonly KnownRegistration[] = options.known ?? [];
  const store: RegistrationStore & { isFull: boolean } = {
    isFull: false,
    all: () => kept,
    refresh: () => undefined,
    replace: (next) => {
      if (store.isFull) throw new Error("the disk is full");
      kept = next;
    },
  };
  const silent = {
    kind: "unknown",
    reason: "no answer",
    status: undefined,
    code: undefined,
    retryAfterMs: undefined,
  } as const;
  const registry: WebhookRegistry = {
    list: () => {
      calls.push("list");
      return Promise.resolve(provider.isDown ? silent : { kind: "ok", value: [...listed] });
    },
    register: (url, events) => {
      calls.push(`register ${url}`);
      if (events.includes(provider.refuses))
        return Promise.resolve({ kind: "refused", status: 400, code: undefined, detail: "only one" });
      const id = `id-${calls.length}`;
      listed.push({ id, url, events });
      return Promise.resolve({ kind: "ok", value: { id, secret: `secret-${id}` } });
    },
    remove: (id) => {
      calls.push(`remove ${id}`);
      listed.splice(0, listed.length, ...listed.filter((one) => one.id !== id));
      return Promise.resolve({ kind: "ok", value: undefined });
    },
  };
  const keeper = new RegistrationKeeper({
    msn: "123456",
    wanted,
    registry,
    store,
    mayRegister: options.mayRegister ?? true,
    clock,
    entropy: seededEntropy(1),
    log,
    ...(options.claim === undefined ? {} : { others: { holderOf: () => undefined, claim: options.claim } }),
    onRound: (registered) => rounds.push(registered),
  });
  return { clock, log, listed, calls, provider, rounds, store, keeper, kept: () => kept };
}

describe("registration keeper", () => {
  it("registers what is missing, keeps each secret, and asks again every hour", async () => {
    const { keeper, clock, rounds, calls, kept } = make();
    keeper.start();
    await clock.advance(1_000);
    expect(rounds).toEqual([true]);
    expect(kept().map((one) => [one.url, one.secret.startsWith("secret-")])).toEqual(
      wanted.map((one) => [one.url, true]),
    );
    await clock.advance(1.2 * hourMs);
    expect(calls.filter((call) => call === "list")).toHaveLength(2);
    expect(calls.filter((call) => call.startsWith("register"))).toHaveLength(2);
    await keeper.stop();
  });

  it("registers again what the provider removed", async () => {
    const { keeper, clock, listed, rounds, kept } = make();
    keeper.start();
    await clock.advance(1_000);
    const before = kept().map((one) => one.id);
    listed.splice(0);
    await clock.advance(1.2 * hourMs);
    expect(rounds.every(Boolean)).toBe(true);
    expect(kept()).toHaveLength(2);
    for (const { id } of kept()) expect(before).not.toContain(id);
    await keeper.stop();
  });

  it("makes anew what it has no secret for, and an older url of its own, but touches nothing of others", async () => {
    const old = {
      id: "old",
      msn: "123456",
      url: "https://old.example.test/",
      events: ["user.checked-in.v1"],
      secret: "s",
    };
    const { keeper, clock, listed, calls, rounds } = make({ known: [old] });
    const foreign = { id: "foreign", url: "https://else.example.test/", events: ["epayments.payment.authorized.v1"] };
    const lost = { id: "lost", url: wanted[1]?.url ?? "", events: ["epayments.payment.authorized.v1"] };
    listed.push({ id: old.id, url: old.url, events: old.events }, foreign, lost);
    keeper.start();
    await clock.advance(1_000);
    expect(calls.filter((call) => call.startsWith("remove")).sort()).toEqual(["remove lost", "remove old"]);
    expect(listed).toContain(foreign);
    expect(rounds).toEqual([true]);
    await keeper.stop();
  });

  it("says unregistered when another url has the sales unit's one check-in webhook, and says which", async () => {
    const { keeper, clock, listed, provider, rounds, log } = make();
    listed.push({ id: "other", url: "https://else.example.test/", events: ["user.checked-in.v1"] });
    provider.refuses = "user.checked-in.v1";
    keeper.start();
    await clock.advance(1_000);
    expect(rounds).toEqual([false]);
    expect(JSON.stringify(log.lines)).toContain("https://else.example.test/");
    await keeper.stop();
  });

  it("keeps what it knows while the provider is silent, and asks again soon", async () => {
    const { keeper, clock, provider, rounds, calls } = make();
    keeper.start();
    await clock.advance(1_000);
    provider.isDown = true;
    await clock.advance(1.2 * hourMs);
    expect(rounds).toEqual([true]);
    const asked = calls.filter((call) => call === "list").length;
    await clock.advance(600_000);
    expect(calls.filter((call) => call === "list").length).toBeGreaterThan(asked);
    await keeper.stop();
  });

  it("takes a registration back whose secret could not be kept", async () => {
    const { keeper, clock, store, listed, rounds } = make();
    store.isFull = true;
    keeper.start();
    await clock.advance(1_000);
    expect(rounds).toEqual([false]);
    expect(listed).toEqual([]);
    await keeper.stop();
  });

  it("only looks where it may not register", async () => {
    const { keeper, clock, calls, rounds } = make({ mayRegister: false });
    keeper.start();
    await clock.advance(1_000);
    expect(rounds).toEqual([false]);
    expect(calls).toEqual(["list"]);
    await keeper.stop();
  });

  it("says once why it waits for its turn, and who is before it", async () => {
    let turn: Claim = { kind: "unknown" };
    const { keeper, clock, rounds, log } = make({ claim: () => Promise.resolve(turn) });
    const reasons = (): readonly string[] =>
      log.lines.flatMap(({ message }) => (message.startsWith("not registering") ? [message] : []));
    keeper.start();
    await clock.advance(60_000);
    expect(rounds.length).toBeGreaterThan(2);
    expect(reasons()).toEqual([expect.stringContaining("only the broker can say")]);
    turn = { kind: "theirs", instance: "relay-b" };
    await clock.advance(600_000);
    expect(reasons().slice(1)).toEqual([expect.stringContaining("another relay is at it")]);
    expect(JSON.stringify(log.lines)).toContain('"instance":"relay-b"');
    turn = { kind: "ours" };
    await clock.advance(600_000);
    expect(rounds.at(-1)).toBe(true);
    await keeper.stop();
  });

  it("tries again at once when the broker is reached while a round is on", async () => {
    let turn: Claim = { kind: "unknown" };
    const { keeper, clock, rounds } = make({
      async claim() {
        const { kind } = turn;
        await clock.sleep(100);
        return kind === "ours" ? { kind } : { kind: "unknown" };
      },
    });
    keeper.start();
    await clock.advance(50);
    turn = { kind: "ours" };
    keeper.hurry();
    await clock.advance(500);
    expect(rounds).toEqual([false, true]);
    // What stands is not asked for again before its hour.
    keeper.hurry();
    await clock.advance(600_000);
    expect(rounds).toEqual([false, true]);
    await keeper.stop();
  });

  it("never logs a secret", async () => {
    const { keeper, clock, log, kept } = make();
    keeper.start();
    await clock.advance(1_000);
    for (const { secret } of kept()) expect(JSON.stringify(log.lines)).not.toContain(secret);
    await keeper.stop();
  });
});
