/** Checks of `[[station]]` beside the rest of the file. */
import { isMachineId, merchantQrId, stationIdFault } from "../sale/ids.ts";
import type { Fault } from "./fields.ts";
import { productsOf } from "./outlets.ts";
import type { Config } from "./schema.ts";
import type { StationConfig } from "./station.ts";

/** Several outlets: each has something to sell, each line is one outlet's, and nothing is configured that they cannot do yet. */
export function stationFaults(config: Config): readonly Fault[] {
  const { station: stations, product, sale } = config;
  if (stations.length === 0) return [];
  const owners = new Map<string, string>();
  const faults: Fault[] = [...unsuitable(config)];
  stations.forEach((one, index) => {
    const idFault = isMachineId(config.machine.id)
      ? stationIdFault(merchantQrId(config.machine.id), one.id)
      : undefined;
    if (idFault !== undefined) faults.push({ path: ["station", index, "id"], message: idFault });
    if (stations.findIndex(({ id }) => id === one.id) < index)
      faults.push({ path: ["station", index, "id"], message: `"${one.id}" is another station already` });
    if (one.qr_id !== undefined && stations.findIndex((other) => other.qr_id === one.qr_id) < index)
      faults.push({
        path: ["station", index, "qr_id"],
        message: `"${one.qr_id}" is another station's sticker already`,
      });
    if (one.qr_id === config.machine.id)
      faults.push({ path: ["station", index, "qr_id"], message: "this is the machine's own id, and no sticker's" });
    for (const name of one.lines) {
      const owner = owners.get(name);
      owners.set(name, owner ?? one.id);
      if (owner !== undefined)
        faults.push({
          path: ["station", index, "lines"],
          message: `line "${name}" belongs to station "${owner}" already`,
        });
    }
    const sold = productsOf(config, one);
    if (sold.length > 1 && sale.check_in_style === "pay-at-once")
      faults.push({
        path: ["sale", "check_in_style"],
        message: `pay-at-once asks for the price of the only product, and station "${one.id}" has ${sold.length}; those with one ask at once anyway`,
        instead: 'check_in_style = "choose-then-pay"',
      });
    if (sold.length === 0)
      faults.push({
        path: ["station", index, "lines"],
        message: `no [[product]] is sold on ${one.lines.join(", ")}: station "${one.id}" has nothing to sell`,
        instead: lineToAdd(config, owners),
      });
    faults.push(...useFaults(config, one, index));
  });
  product.forEach(({ line: name, id }, index) => {
    if (!owners.has(name))
      faults.push({
        path: ["product", index, "line"],
        message: `line "${name}" belongs to no [[station]], so nobody can buy "${id}": add it to the lines of one`,
      });
  });
  return faults;
}

/** A line that is sold on and belongs to nobody yet. */
function lineToAdd({ product }: Config, owners: ReadonlyMap<string, string>): string | undefined {
  const free = product.find((one) => !owners.has(one.line));
  return free === undefined ? undefined : `lines = ["${free.line}"]`;
}

/** What is said of "in use" means something at this outlet. */
function useFaults({ delivery }: Config, one: StationConfig, index: number): readonly Fault[] {
  const faults: Fault[] = [];
  const forms = delivery.driver === "gpio" ? delivery.lines.filter(({ line: name }) => one.lines.includes(name)) : [];
  const isTimed = forms.some(({ form }) => form === "timed");
  if (one.extend && one.runs_min === undefined && !isTimed)
    faults.push({
      path: ["station", index, "extend"],
      message: 'time is added to what runs, and this outlet never does: it needs runs_min, or a line of form "timed"',
      instead: "runs_min = 42",
    });
  if (isTimed && one.runs_min !== undefined)
    faults.push({
      path: ["station", index, "runs_min"],
      message: 'a line of form "timed" says itself how long it is on: take runs_min away',
    });
  if (one.empty_after_min !== undefined && one.runs_min === undefined && !isTimed)
    faults.push({
      path: ["station", index, "empty_after_min"],
      message: 'what never runs is never finished: it needs runs_min, or a line of form "timed"',
      instead: "runs_min = 42",
    });
  if (one.parallel && (one.runs_min !== undefined || one.empty_after_min !== undefined || one.extend))
    faults.push({
      path: ["station", index, "parallel"],
      message:
        "what as many as want it have at once is never in use: take runs_min, empty_after_min and extend away, or parallel",
      instead: "parallel = false",
    });
  return faults;
}

function unsuitable({ delivery, tariff, shop, input }: Config): readonly Fault[] {
  const faults: Fault[] = [];
  if (delivery.driver !== "gpio" && delivery.driver !== "simulated")
    faults.push({
      path: ["delivery", "driver"],
      message: `behind "${delivery.driver}" there is one outlet: take the [[station]] sections away, or drive the lines by GPIO`,
    });
  if (tariff !== undefined)
    faults.push({ path: ["tariff"], message: "time by the hour is sold by machines without [[station]] only" });
  if (shop !== undefined)
    faults.push({ path: ["shop"], message: "a web shop's code is shown by machines without [[station]] only" });
  input.forEach(({ amounts }, index) => {
    if (amounts === undefined) return;
    const message = "typed amounts are for machines without [[station]]: nobody could say whose outlet they are for";
    faults.push({ path: ["input", index, "amounts"], message });
  });
  return faults;
}
