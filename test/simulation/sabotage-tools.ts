/** How a part is broken on purpose: a right one around which something is changed. */
import type { Journal } from "../../src/journal/port.ts";
import type { LinkListener } from "../../src/link/port.ts";
import type { EffectId } from "../../src/sale/ids.ts";
import type { Payments } from "../../src/vipps/port.ts";
import type { Sabotage } from "./sabotage-port.ts";
import type { World } from "./world.ts";

export interface BrokenVariant {
  readonly name: string;
  /** How many seeds it may survive at the most. */
  readonly seedsMax: number;
  readonly sabotage: Sabotage;
}

export function payments(change: (right: Payments, world: World) => Partial<Payments>): Sabotage {
  return { payments: (right, world) => ({ ...right, ...change(right, world) }) };
}

export function journal(change: (right: Journal) => Partial<Journal>): Sabotage {
  return {
    journal: (right) => ({
      commit: (changes) => right.commit(changes),
      carry: (changes) => right.carry(changes),
      get: (table, key) => right.get(table, key),
      secret: (key) => right.secret(key),
      entries: (table) => right.entries(table),
      close: () => right.close(),
      ...change(right),
    }),
  };
}

export function keyOf(text: string): EffectId {
  if (!isKey(text)) throw new Error(`"${text}" is too long for an Idempotency-Key`);
  return text;
}

function isKey(text: string): text is EffectId {
  return text.length <= 50;
}

export function listener(change: (right: LinkListener) => Partial<LinkListener>): Sabotage {
  return {
    listener: (right) => ({
      message: (message) => right.message(message),
      connection: (isConnected) => right.connection(isConnected),
      relay: (health) => right.relay(health),
      rival: (isThere) => right.rival(isThere),
      ...change(right),
    }),
  };
}
