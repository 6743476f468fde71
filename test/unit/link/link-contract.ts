/**
 * What every link promises, run on the simulated one and on the real one over real brokers. A test speaks to the link through the port and
 * to the broker as the rest of the world does; a world knows how to wait and how to break things.
 */
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { signCommand, type SignedCommand } from "../../../src/link/command-signature.ts";
import { machineBeat } from "../../../src/link/freshness.ts";
import type { CommandReply, Link, LinkListener, LinkMessage, RelayHealth } from "../../../src/link/port.ts";
import { referenceOf } from "../../../src/sale/ids.ts";
import { commandKey, machine, msn, root } from "./link-contract-facts.ts";
import { aSale } from "./reports.ts";

export { commandKey, machine, msn, root };

export interface Seen {
  readonly topic: string;
  readonly json: unknown;
  readonly retained: boolean;
}

export interface LinkWorld {
  /** A link for this machine; `boot` is its session number. */
  link(boot: number): Link;
  /** As the relay or the back office. */
  publish(topic: string, payload: string, retain?: boolean): Promise<void>;
  /** What others see on the machine's topics, in order. */
  readonly seen: readonly Seen[];
  readonly wallMs: () => number;
  until(what: string, check: () => boolean): Promise<void>;
  /** Long enough for anything that is on its way to arrive. */
  quiet(): Promise<void>;
  /** The broker dies and comes back with what it had kept. */
  breakBroker(): Promise<void>;
  reviveBroker(): Promise<void>;
  close(): Promise<void>;
}

export class Recorder implements LinkListener {
  readonly messages: LinkMessage[] = [];
  readonly connections: boolean[] = [];
  readonly relays: RelayHealth[] = [];
  readonly rivals: boolean[] = [];
  /** Tries of `message`, refused ones included. */
  tries = 0;
  refuse: (attempt: number) => boolean = () => false;

  async message(message: LinkMessage): Promise<void> {
    this.tries += 1;
    await Promise.resolve();
    if (this.refuse(this.tries)) throw new Error("the journal is full");
    this.messages.push(message);
  }

  connection(connected: boolean): void {
    this.connections.push(connected);
  }

  relay(health: RelayHealth): void {
    this.relays.push(health);
  }

  rival(isThere: boolean): void {
    this.rivals.push(isThere);
  }
}

export function checkedIn(wallMs: number, id = "event-1", subject: string = machine): string {
  return JSON.stringify({
    specversion: "1.0",
    id,
    source: `/kvitt/v1/${msn}`,
    type: "kvitt.checked-in.v1",
    subject,
    time: new Date(wallMs - 1500).toISOString().replace("Z", "1965Z"),
    datacontenttype: "application/json",
    extension: "unknown fields are tolerated",
    data: { customerToken: "dG9rZW4=", publishedAt: new Date(wallMs).toISOString(), ageMs: 1500, more: true },
  });
}

export function command(
  fields: Partial<SignedCommand> & { readonly wallMs: number },
  key: Uint8Array = commandKey,
): string {
  const { wallMs, ...given } = fields;
  const unsigned: SignedCommand = {
    msn,
    merchantQrId: machine,
    id: "command-1",
    counter: 1,
    deadline: new Date(wallMs + 60_000).toISOString(),
    order: { kind: "identify" },
    ...given,
  };
  return JSON.stringify({ ...unsigned, signature: signCommand(unsigned, key) });
}

export function describeLink(name: string, makeWorld: () => Promise<LinkWorld>, enabled = true): void {
  describe.skipIf(!enabled)(`link contract: ${name}`, () => {
    const worlds: { readonly world: LinkWorld; readonly links: Link[] }[] = [];
    afterEach(async () => {
      for (const { world, links } of worlds.splice(0)) {
        for (const link of links) await link.stop();
        await world.close();
      }
    });

    async function begin(boot = 7): Promise<{ world: LinkWorld; link: Link; recorder: Recorder }> {
      const world = await makeWorld();
      const link = world.link(boot);
      worlds.push({ world, links: [link] });
      const recorder = new Recorder();
      await link.start(recorder);
      await world.until("connected", () => link.isConnected());
      return { world, link, recorder };
    }

    const states = (world: LinkWorld): unknown[] => onTopic(world, `${root}/state`);
    const replies = (world: LinkWorld): unknown[] => onTopic(world, `${root}/command/reply`).map(withoutName);

    it("publishes its birth and each new state, with the session number", async () => {
      const { world, link } = await begin(7);
      await world.until("birth", () => states(world).length > 0);
      expect(states(world)[0]).toMatchObject({ state: "init", session: 7, version: "1.2.3" });
      link.publishState({ state: "ready", reason: undefined, version: "1.2.3", since: "2026-11-23T10:00:00.000Z" });
      await world.until("ready", () => states(world).some((state) => hasState(state, "ready")));
      const { at, ...told } = z.looseObject({ at: z.iso.datetime() }).parse(states(world).at(-1));
      expect(Date.parse(at)).toBeLessThanOrEqual(world.wallMs());
      expect(told).toEqual({
        schema: "kvitt.state/1",
        state: "ready",
        session: 7,
        version: "1.2.3",
        since: "2026-11-23T10:00:00.000Z",
        validForS: machineBeat.validForS,
      });
    });

    it("hands over a check-in with the provider's time and its age", async () => {
      const { world, recorder } = await begin();
      const now = world.wallMs();
      await world.publish(`${root}/event/checked-in`, checkedIn(now));
      await world.until("check-in", () => recorder.messages.length > 0);
      expect(recorder.messages).toEqual([
        {
          kind: "checked-in",
          eventId: "event-1",
          customerToken: "dG9rZW4=",
          ageMs: 1500,
          initiatedAtWallMs: now - 1500,
          publishedAtWallMs: now,
        },
      ]);
    });

    it("hands over a payment event as a mere reference", async () => {
      const { world, recorder } = await begin();
      const reference = referenceOf(machine, "01JDB2Q0C8X6R3Y5T7W9ZABCDE");
      const event = {
        specversion: "1.0",
        id: "p-1",
        source: "/kvitt/v1/123456",
        type: "kvitt.payment.v1",
        subject: machine,
        time: "2026-11-23T10:00:00Z",
        data: { reference, name: "AUTHORIZED", ageMs: 0, publishedAt: "2026-11-23T10:00:00Z" },
      };
      await world.publish(`${root}/event/payment`, JSON.stringify(event));
      await world.until("payment event", () => recorder.messages.length > 0);
      expect(recorder.messages).toEqual([{ kind: "payment-event", eventId: "p-1", reference }]);
    });

    it("drops what is unreadable, foreign or about another machine, and takes what comes after", async () => {
      const { world, recorder } = await begin();
      const now = world.wallMs();
      await world.publish(`${root}/event/checked-in`, '{"not":"an event"}');
      await world.publish(`${root}/event/checked-in`, checkedIn(now, "foreign", "vend-2"));
      await world.publish(`kvitt/v1/${msn}/vend-2/event/checked-in`, checkedIn(now, "elsewhere", "vend-2"));
      await world.publish(`${root}/event/checked-in`, checkedIn(now, "good"));
      await world.until("the good one", () => recorder.messages.length > 0);
      await world.quiet();
      expect(recorder.messages.map((message) => message.kind === "checked-in" && message.eventId)).toEqual(["good"]);
    });

    it("never takes a retained check-in or command", async () => {
      const world = await makeWorld();
      const link = world.link(1);
      worlds.push({ world, links: [link] });
      await world.publish(`${root}/event/checked-in`, checkedIn(world.wallMs()), true);
      await world.publish(`${root}/command`, command({ wallMs: world.wallMs() }), true);
      const recorder = new Recorder();
      await link.start(recorder);
      await world.until("connected", () => link.isConnected());
      await world.quiet();
      expect(recorder.messages).toEqual([]);
      expect(replies(world)).toEqual([]);
    });

    it("leaves a message that was not taken in unacknowledged, and gets it again", async () => {
      const { world, recorder } = await begin();
      recorder.refuse = (attempt) => attempt <= 2;
      await world.publish(`${root}/event/checked-in`, checkedIn(world.wallMs()));
      await world.until("taken in", () => recorder.messages.length > 0);
      await world.quiet();
      expect(recorder.tries).toBe(3);
      expect(recorder.messages).toHaveLength(1);
    });

    it("gets what was published while it was away", async () => {
      const world = await makeWorld();
      const [first, second] = [world.link(1), world.link(2)];
      worlds.push({ world, links: [second] });
      await first.start(new Recorder());
      await world.until("connected", () => first.isConnected());
      await first.stop();
      await world.publish(`${root}/event/checked-in`, checkedIn(world.wallMs()));
      const recorder = new Recorder();
      await second.start(recorder);
      await world.until("check-in", () => recorder.messages.length > 0);
      expect(recorder.messages).toHaveLength(1);
    });

    it("says whether any relay is alive and registered", async () => {
      const { world, recorder } = await begin();
      const at = new Date(world.wallMs()).toISOString();
      const say = (instance: string, alive: boolean, registered: boolean): Promise<void> =>
        world.publish(
          `kvitt/v1/${msn}/relay/${instance}`,
          JSON.stringify({ alive, registered, at, ...(alive ? { validForS: 180 } : {}) }),
          true,
        );
      await say("a", true, false);
      await world.until("a", () => recorder.relays.length === 1);
      await say("b", true, true);
      await world.until("b", () => recorder.relays.length === 2);
      await say("a", false, false);
      await say("b", false, false);
      await world.until("none", () => recorder.relays.length === 3);
      expect(recorder.relays).toEqual([
        { alive: true, registered: false },
        { alive: true, registered: true },
        { alive: false, registered: false },
      ]);
    });

    it("passes on a signed command once, whatever is repeated", async () => {
      const { world, recorder } = await begin();
      const text = command({ wallMs: world.wallMs(), order: { kind: "deliver", line: "B4" } });
      await world.publish(`${root}/command`, text);
      await world.publish(`${root}/command`, text);
      await world.until("command", () => recorder.messages.length > 0);
      await world.quiet();
      expect(recorder.messages).toMatchObject([
        { kind: "command", command: { id: "command-1", counter: 1, order: { kind: "deliver", line: "B4" } } },
      ]);
      expect(replies(world)).toEqual([]);
    });

    it("answers a command with a wrong signature, an old counter, a passed deadline, or that is too large or too deep, once", async () => {
      const { world, recorder } = await begin();
      const wallMs = world.wallMs();
      const past = new Date(wallMs - 1000).toISOString();
      const deep = `${"[".repeat(8_000)}${"]".repeat(8_000)}`;
      const cases: readonly (readonly [string, CommandReply])[] = [
        [
          command({ wallMs, id: "forged" }, Buffer.alloc(32, 1)),
          { id: "forged", outcome: "refused", reason: "signature" },
        ],
        [
          command({ wallMs, id: "old", counter: 0.5 }),
          {
            id: "old",
            outcome: "refused",
            reason: "unreadable: counter: Invalid input: expected int, received number",
          },
        ],
        [command({ wallMs, id: "late", deadline: past }), { id: "late", outcome: "expired", reason: "deadline" }],
        [
          command({ wallMs, id: "other", merchantQrId: "vend-2" }),
          { id: "other", outcome: "refused", reason: "foreign" },
        ],
        // A few kilobytes that overflow the stack of whatever walks them, and more than is read at all: neither may come again for ever.
        [
          command({ wallMs, id: "deep" }).replace('"identify"', `"identify","more":${deep}`),
          { id: "deep", outcome: "refused", reason: "unreadable: not JSON in UTF-8, or nested deeper than 32" },
        ],
        [
          command({ wallMs, id: "large", order: { kind: "identify", more: "x".repeat(300_000) } }),
          { id: "large", outcome: "refused", reason: "unreadable: larger than 262144 bytes" },
        ],
      ];
      for (const [text] of cases) await world.publish(`${root}/command`, text);
      await world.until("replies", () => replies(world).length === cases.length);
      expect(byId(replies(world))).toEqual(byId(cases.map(([, reply]) => reply)));
      expect(recorder.messages).toEqual([]);
    });

    it("publishes a sale when there is a connection and says so when there is none", async () => {
      const { world, link } = await begin();
      await link.publishSale("sale-1", aSale);
      await world.until("sale", () => onTopic(world, `${root}/sale`).length > 0);
      expect(onTopic(world, `${root}/sale`)).toEqual([{ schema: "kvitt.sale/1", ...aSale, id: "sale-1" }]);
      await expect(link.publishSale("big", { ...aSale, reason: "x".repeat(70_000) })).rejects.toMatchObject({
        code: "link-too-large",
      });
      await world.breakBroker();
      await world.until("disconnected", () => !link.isConnected());
      await expect(link.publishSale("sale-2", aSale)).rejects.toMatchObject({ code: "link-not-connected" });
    });

    it("comes back by itself after the broker died, and says its newest state first of all", async () => {
      const { world, link, recorder } = await begin();
      await world.breakBroker();
      await world.until("disconnected", () => recorder.connections.at(-1) === false);
      link.publishState({ state: "selling", reason: undefined, version: "1.2.3", since: "2026-11-23T10:00:00.000Z" });
      link.publishState({ state: "ready", reason: undefined, version: "1.2.3", since: "2026-11-23T10:00:01.000Z" });
      await world.reviveBroker();
      await world.until("connected", () => link.isConnected());
      await world.until("ready", () => states(world).some((state) => hasState(state, "ready")));
      expect(states(world).filter((state) => hasState(state, "selling"))).toEqual([]);
      expect(recorder.connections).toEqual([true, false, true]);
    });

    it("publishes a reply when there is a connection and says so when there is none", async () => {
      const { world, link } = await begin();
      await link.publishReply({ id: "c-1", outcome: "refused", reason: "no" });
      await world.until("reply", () => replies(world).length > 0);
      expect(replies(world)).toEqual([{ id: "c-1", outcome: "refused", reason: "no" }]);
      await world.breakBroker();
      await world.until("disconnected", () => !link.isConnected());
      await expect(link.publishReply({ id: "c-2", outcome: "done" })).rejects.toMatchObject({
        code: "link-not-connected",
      });
    });

    it("says beforehand which reply is too large to be sent, and does not send it", async () => {
      const { world, link } = await begin();
      const picture = (bytes: number) => ({ id: "c-1", outcome: "done", png: new Uint8Array(bytes) }) as const;
      expect(link.fits(picture(1_500_000))).toBe(true);
      // Base64 makes four bytes of three.
      expect(link.fits(picture(1_600_000))).toBe(false);
      await expect(link.publishReply(picture(1_600_000))).rejects.toMatchObject({ code: "link-too-large" });
      expect(replies(world)).toEqual([]);
    });

    it("keeps replies for the connection that comes", async () => {
      const { world, link } = await begin();
      await world.breakBroker();
      await world.until("disconnected", () => !link.isConnected());
      link.reply({ id: "c-1", outcome: "done", png: Uint8Array.of(1, 2, 3) });
      await world.reviveBroker();
      await world.until("reply", () => replies(world).length > 0);
      expect(replies(world)).toEqual([{ id: "c-1", outcome: "done", png: "AQID" }]);
    });

    it("starts without a broker and connects when there is one", async () => {
      const world = await makeWorld();
      await world.breakBroker();
      const link = world.link(1);
      worlds.push({ world, links: [link] });
      const recorder = new Recorder();
      await link.start(recorder);
      expect(link.isConnected()).toBe(false);
      await world.reviveBroker();
      await world.until("connected", () => recorder.connections.at(-1) === true);
    });

    it("says out-of-service when it stops, without the will", async () => {
      const { world, link } = await begin();
      await link.stop();
      await world.quiet();
      expect(states(world).at(-1)).toMatchObject({ state: "out-of-service", reason: "stopped" });
      // Nobody repeats it: it stands.
      expect(states(world).at(-1)).not.toHaveProperty("validForS");
      expect(states(world).filter((state) => hasState(state, "lost"))).toEqual([]);
    });
  });
}

function onTopic(world: LinkWorld, topic: string): unknown[] {
  return world.seen.filter((seen) => seen.topic === topic && !seen.retained).map((seen) => seen.json);
}

function hasState(json: unknown, state: string): boolean {
  return typeof json === "object" && json !== null && "state" in json && json.state === state;
}

/** A reply as the kiosk gave it; every one that is published has the name of its schema. */
function withoutName(message: unknown): unknown {
  const { schema: _schema, ...rest } = z.looseObject({ schema: z.literal("kvitt.reply/1") }).parse(message);
  return rest;
}

function byId(list: readonly unknown[]): unknown[] {
  const key = (value: unknown): string =>
    typeof value === "object" && value !== null && "id" in value ? String(value.id) : "";
  return [...list].sort((a, b) => key(a).localeCompare(key(b)));
}
