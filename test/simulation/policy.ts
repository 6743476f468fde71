/** How a simulated machine sells, and what goes wrong with one request to the provider: drawn. */
import type { Product } from "../../src/sale/catalogue.ts";
import type { SalePolicy } from "../../src/sale/policy.ts";
import type { Fault } from "../../src/simulator/faults.ts";
import type { Duties } from "./duties.ts";
import type { Rig, Surroundings } from "./machines/port.ts";
import type { Dice } from "./traits.ts";

/** @param wanted what a deliberately broken part needs */
export function drawPolicy(world: Surroundings, rig: Rig, duties: Duties, wanted: Partial<SalePolicy>): SalePolicy {
  const drawn: SalePolicy = {
    currency: "NOK",
    checkInStyle: world.chance(0.5) ? "choose-then-pay" : "reserve-dearest",
    selectFirst: true,
    showCode: true,
    checkInFlow: world.chance(0.7) ? "web-redirect" : "push",
    unknownDelivery: world.chance(0.7) ? "release" : "attention",
    chooseMs: 40_000,
    payMs: 90_000,
    showMs: 6_000,
    freshnessMs: 20_000,
    merchantName: "Simulation",
    timeSales: undefined,
    plateWanted: false,
    timeLine: undefined,
    defaultVatRate: 2_500,
    ...rig.policy,
    ...wanted,
  };
  const time = drawn.timeSales;
  if (time === undefined) return drawn;
  const quote: typeof time.quote = (wallMs, minutes) => {
    const quoted = time.quote(wallMs, minutes);
    duties.quoted(wallMs, minutes, quoted);
    return quoted;
  };
  return { ...drawn, timeSales: { ...time, quote } };
}

/** Where one thing is sold, a scan of the code can mean only that. The configuration's check allows it on machines that are operated here. */
export function canPayAtOnce({ kind }: Rig): boolean {
  return kind === "vending" || kind === "gpio";
}

/** The same machine, of whose products one is sold. */
export function payingAtOnce(rig: Rig, dice: Dice): Rig {
  const only: Product = dice.pick(rig.catalogue.products);
  return {
    ...rig,
    catalogue: { ...rig.catalogue, products: [only] },
    policy: { ...rig.policy, checkInStyle: "pay-at-once", selectFirst: dice.chance(0.7) },
  };
}

export function drawFault(world: Surroundings): Fault {
  return world.pick<Fault>([
    { kind: "no-connection" },
    { kind: "lost-answer" },
    { kind: "lost-answer" },
    { kind: "late", delayMs: 1_000 + world.entropy.fraction() * 30_000 },
    { kind: "bad-gateway", acts: world.chance(0.5) },
    { kind: "internal", acts: world.chance(0.5) },
    { kind: "throttled", retryAfterSeconds: 2 },
    { kind: "locked" },
    { kind: "revoked-token" },
    { kind: "hang", acts: world.chance(0.5) },
  ]);
}
