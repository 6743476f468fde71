/** The scanners and keypads that `[[input]]` means. Part of the composition root. */
import type { InputConfig } from "../config/input.ts";
import type { Config } from "../config/schema.ts";
import type { HidBus } from "../machine/hid/bus.ts";
import { createHidInput, type HidMatch } from "../machine/hid/hid-input.ts";
import { openNodeHidBus } from "../machine/hid/node-hid-bus.ts";
import type { InputDevice } from "../machine/port.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";

export interface InputParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

export function matchOf({ vendor_id: vendor, product_id: product, serial }: InputConfig): HidMatch {
  const number = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Number.parseInt(text, 16);
  return { vendorId: number(vendor), productId: number(product), serialNumber: serial };
}

/** One bus for all: its driver type holds for the whole process. */
export function hidBusOf(config: Config, clock: Clock): () => Promise<HidBus> {
  const isExclusive = config.input.some(({ exclusive }) => exclusive);
  let opening: Promise<HidBus> | undefined;
  return () => {
    opening ??= openNodeHidBus(isExclusive, clock);
    // What could not be loaded is tried again: somebody may have installed it.
    opening.catch(() => (opening = undefined));
    return opening;
  };
}

export function inputsOf(
  config: Config,
  parts: InputParts,
  openBus = hidBusOf(config, parts.clock),
): readonly InputDevice[] {
  const lines = config.product.map(({ line }) => line);
  return config.input.map((one) =>
    createHidInput({
      ...parts,
      name: one.name ?? one.kind,
      kind: one.kind,
      match: matchOf(one),
      layout: one.layout,
      // Where time is sold, plate and time are typed.
      lines: config.tariff === undefined ? lines : undefined,
      amounts: one.amounts === undefined ? undefined : { ...one.amounts, currency: config.vipps.currency },
      openBus,
    }),
  );
}
