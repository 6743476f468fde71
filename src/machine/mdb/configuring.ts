/**
 * How the adapter is set up: switched off, told its settings, switched on. It keeps none of them without power, so this is done whenever
 * the line was opened and whenever the adapter turns out to have started again. Pure.
 */
import type { Currency } from "../../sale/money.ts";
import { type AdapterMessage, currencyCode, type DeviceAddress, orders } from "./dialogue.ts";

export interface CashlessSettings {
  readonly currency: Currency;
  readonly address: DeviceAddress;
  /** The machine may ask for a vend without a session (MDB level 3, option bit 5). */
  readonly alwaysIdle: boolean;
  /** How long the machine waits for an answer to VEND REQUEST (MDB 4.2, section 7, Z7: one byte of seconds). */
  readonly maxResponseMs: number;
  /** How long the machine may take for a vend that was approved: the slowest drink, and then some. */
  readonly vendMs: number;
  /** Decimal places and scale of prices on the bus; they bound what a session can offer. */
  readonly decimals: number;
  readonly scale: number;
  /** More settings for the adapter's firmware, `name=value`. */
  readonly more: readonly string[];
}

export interface ConfigStep {
  readonly order: string;
  /** Another spelling that other firmware takes. */
  readonly other: string | undefined;
  /** Whether the adapter works without it. */
  readonly isOptional: boolean;
  /** What the adapter's word means for this step. */
  readonly judge: (message: AdapterMessage) => "done" | "refused" | "is-on" | "other";
}

function judgeVersion(message: AdapterMessage): ReturnType<ConfigStep["judge"]> {
  return message.kind === "version" ? "done" : "other";
}

function judgeOff(message: AdapterMessage): ReturnType<ConfigStep["judge"]> {
  if (message.kind === "switched") return message.isOn ? "other" : "done";
  if (message.kind === "wrong-state") return message.isOn ? "other" : "done";
  return message.kind === "status" && message.status === "off" ? "done" : "other";
}

function judgeSet(message: AdapterMessage): ReturnType<ConfigStep["judge"]> {
  switch (message.kind) {
    case "set":
      return message.isTaken ? "done" : "refused";
    case "error":
      return "refused";
    case "wrong-state":
      return message.isOn ? "is-on" : "other";
    case "status":
    case "vend":
    case "vend-success":
    case "vend-error":
    case "switched":
    case "version":
    case "polled":
    case "noise":
    case "unknown":
      return "other";
  }
}

function judgeOn(message: AdapterMessage): ReturnType<ConfigStep["judge"]> {
  if (message.kind === "switched") return message.isOn ? "done" : "other";
  if (message.kind === "wrong-state") return message.isOn ? "done" : "other";
  return message.kind === "status" && message.status !== "off" ? "done" : "other";
}

function setting(name: string, value: string, otherName?: string): ConfigStep {
  return {
    order: orders.set(name, value),
    other: otherName === undefined ? undefined : orders.set(otherName, value),
    isOptional: false,
    judge: judgeSet,
  };
}

/** The question that tells three things apart: on (it refuses), off and so without settings (it takes it), gone (it says nothing). */
export function probeOrder(settings: CashlessSettings): string {
  return orders.set("mdb-always-idle", settings.alwaysIdle ? "1" : "0");
}

/** What is sent, in order, each step once the one before it was answered. */
export function configuration(settings: CashlessSettings): readonly ConfigStep[] {
  const { address, currency, alwaysIdle, decimals, scale, more } = settings;
  const off: ConfigStep = { order: orders.off, other: undefined, isOptional: false, judge: judgeOff };
  const on: ConfigStep = { order: orders.on, other: undefined, isOptional: false, judge: judgeOn };
  return [
    { order: orders.version, other: undefined, isOptional: true, judge: judgeVersion },
    off,
    // The vendor's pages and public clients name it in two ways.
    setting("mdb-addr", address, "mdb-address"),
    setting("mdb-currency-code", currencyCode(currency)),
    setting("mdb-always-idle", alwaysIdle ? "1" : "0"),
    ...(decimals === 2 ? [] : [setting("mdb-decimal-places", String(decimals))]),
    ...(scale === 1 ? [] : [setting("mdb-scale-factor", String(scale))]),
    ...more.map((text): ConfigStep => {
      const [name = "", value = ""] = text.split("=");
      return { ...setting(name, value), isOptional: true };
    }),
    on,
  ];
}

/** The most that BEGIN SESSION can offer: 16 bits of price units, FFFFh means "unknown" (MDB 4.2, section 7). */
export function fundsMinorMax(settings: CashlessSettings): number {
  return Math.floor(65_534 * settings.scale * 10 ** (2 - settings.decimals));
}

/** Prices that say "unknown": FFFFh, and FFFFFFFFh where the machine speaks of 32 bits (MDB 4.2, section 7, level 3). */
export function isUnknownPrice(price: number, { scale, decimals }: CashlessSettings): boolean {
  return [0xffff, 0xffff_ffff].some((units) => price === Math.round(units * scale * 10 ** (2 - decimals)));
}
