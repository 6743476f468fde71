/**
 * Checks across sections: does a machine with this configuration start, and can it sell everything in it? Pure: facts about the build and the
 * computer are passed in. Used by `kvitt config check`, by the daemon's start and by the commands that drive the machine.
 * Longer than 400 lines: a list of small checks, one after the other; what belongs to one section stands with that section.
 */
import { catalogueFaults, vatFault } from "../sale/catalogue-check.ts";
import { catalogueOf, faultOfProduct, lineFaultOf } from "./catalogue.ts";
import { kioskFaults } from "./delivery.ts";
import type { Fault } from "./fields.ts";
import { creditFault, gpioFaults } from "./gpio.ts";
import { deviceFaults, type DeviceFacts } from "./devices.ts";
import { inputFaults } from "./input.ts";
import { mqttFaults } from "./mqtt.ts";
import { linesBoughtByScan } from "./outlets.ts";
import { panelFaults } from "./panel.ts";
import { bootWarnings, mdbClaims, panelClaims, type PanelPins, pinFaults } from "./pins.ts";
import type { RelayFile } from "./relay.ts";
import type { Config } from "./schema.ts";
import { stationFaults } from "./station-faults.ts";
import { withoutPanelFaults } from "./without-panel.ts";
import { tariffFaults } from "./tariff.ts";
import { clearTextFault, isLoopback } from "./transport.ts";

/** What the check has to be told. */
export interface ConfigFacts {
  /** Panels that this build has a file for; undefined skips the checks that need them. */
  readonly panels: readonly PanelPins[] | undefined;
  /** Whether a file exists on this computer; undefined if the configuration is for another one. */
  readonly isThere: ((path: string) => boolean) | undefined;
  /** Why a secret file on this computer is not secret: others can read it. Undefined as above. */
  readonly secretFault: ((path: string) => string | undefined) | undefined;
  /** The devices of this computer; undefined skips the checks that need them. */
  readonly devices: DeviceFacts | undefined;
  /** Whether this computer is the machine itself: then a file or device that is not there is a fault, and anywhere else worth a look. */
  readonly isHere: boolean;
}

export const noFacts: ConfigFacts = {
  panels: undefined,
  isThere: undefined,
  secretFault: undefined,
  devices: undefined,
  isHere: false,
};

export interface Checked {
  /** The machine would not start, or could not sell something. */
  readonly faults: readonly Fault[];
  /** Worth a look: may be correct on the machine, but is not here. */
  readonly warnings: readonly Fault[];
}

export function checkConfig(config: Config, facts: ConfigFacts): Checked {
  const { delivery, vipps } = config;
  const files = namedFiles(config);
  const faults = [
    ...secretFaults(files, facts),
    ...(vipps.access === "gateway" ? gatewayAccessFaults(vipps) : directAccessFaults(vipps)),
    ...returnUrlFaults(config),
    ...legalFaults(vipps),
    ...saleFaults(config),
    ...productFaults(config),
    ...stationFaults(config),
    ...(delivery.driver === "gpio" ? gpioFaults(delivery) : []),
    ...headerFaults(config, facts.panels),
    ...inputFaults(config.input, {
      lines: config.product.map((one) => one.line),
      currency: vipps.currency,
      sellsTime: config.tariff !== undefined,
      priceFault: amountFaultOf(config),
    }),
    ...tariffFaults(config.tariff, {
      currency: vipps.currency,
      typingFault: typingFaultOf(config),
      timeFault: timeFaultOf(config),
    }),
    ...panelFaults(config.panel, facts.panels),
    ...withoutPanelFaults(config),
    ...kioskFaults(delivery, config.sale.deliver_s),
    ...quietFaults(config),
    ...mqttFaults(config.mqtt),
    ...(config.relay === undefined ? [] : relayFaults(config.relay)),
  ];
  const boot = delivery.driver === "gpio" ? bootWarnings(delivery) : [];
  const devices = facts.devices === undefined ? [] : deviceFaults(config, facts.panels, facts.devices);
  return judged(faults, boot, [...missingFiles(files, facts), ...devices], facts);
}

/** @param ofMachine what only the machine itself can tell */
function judged(
  faults: readonly Fault[],
  warnings: readonly Fault[],
  ofMachine: readonly Fault[],
  { isHere }: ConfigFacts,
): Checked {
  return isHere ? { faults: [...faults, ...ofMachine], warnings } : { faults, warnings: [...warnings, ...ofMachine] };
}

/** A relay's own file: `[vipps]`, `[mqtt]`, `[relay]`. */
export function checkRelayFile(file: RelayFile, facts: ConfigFacts): Checked {
  const files = namedFiles(file);
  const faults = [
    ...secretFaults(files, facts),
    ...providerFaults(file.vipps),
    ...mqttFaults(file.mqtt),
    ...relayFaults(file.relay),
    ...unitFaults(file),
    ...gatewayFaults(file),
  ];
  return judged(faults, [], missingFiles(files, facts), facts);
}

const keyNames = ["client_id", "client_secret", "subscription_key"] as const;

/** The provider is named once, and no keys are in the file: a configuration ends up in backups and tickets. */
export function providerFaults(vipps: RelayFile["vipps"]): readonly Fault[] {
  const faults: Fault[] = [];
  if ((vipps.environment === undefined) === (vipps.base_url === undefined))
    faults.push({
      path: ["vipps", "environment"],
      message: 'either environment = "test" or "production", or base_url for a simulator',
      instead: 'environment = "test"',
    });
  if (!isLoopback(vipps.base_url))
    for (const key of keyNames)
      if (vipps[key] !== undefined)
        faults.push({
          path: ["vipps", key],
          message:
            "keys stand in the file only when base_url is a simulator on this machine: put each into a file of its own, mode 600",
          instead: 'credentials_dir = "/etc/kvitt/credentials"',
        });
  const clear = clearTextFault(["vipps", "base_url"], vipps.base_url, "the sales unit's keys");
  return clear === undefined ? faults : [...faults, clear];
}

function directAccessFaults(vipps: Config["vipps"]): readonly Fault[] {
  const faults = providerFaults(vipps);
  if (vipps.gateway_urls === undefined) return faults;
  const message = 'the gateways are for machines without keys: write access = "gateway", or leave gateway_urls out';
  return [...faults, { path: ["vipps", "access"], message, instead: 'access = "gateway"' }];
}

/** The machine has no key of the sales unit, so nothing in the file may look like one, and nobody but the gateway is asked. */
function gatewayAccessFaults(vipps: Config["vipps"]): readonly Fault[] {
  const faults: Fault[] = [];
  for (const key of ["environment", "base_url", ...keyNames] as const)
    if (vipps[key] !== undefined)
      faults.push({
        path: ["vipps", key],
        message: 'with access = "gateway" the gateway has the provider\'s address and the keys: leave it out',
      });
  if (vipps.gateway_urls === undefined)
    faults.push({
      path: ["vipps", "gateway_urls"],
      message: 'access = "gateway" needs the address of at least one gateway',
      instead: 'gateway_urls = ["https://gateway.example.com"]',
    });
  vipps.gateway_urls?.forEach((url, index) => {
    const clear = clearTextFault(["vipps", "gateway_urls", index], url, "customers' tokens");
    if (clear !== undefined) faults.push({ ...clear, instead: undefined });
  });
  return faults;
}

function gatewayFaults({ gateway, vipps }: RelayFile): readonly Fault[] {
  if (gateway === undefined) return [];
  const faults: Fault[] = [];
  if (vipps.msn !== undefined && vipps.currency === undefined)
    faults.push({
      path: ["vipps", "currency"],
      message: "the gateway lets machines charge in the sales unit's currency alone",
      instead: 'currency = "NOK"',
    });
  gateway.public_urls.forEach((url, index) => {
    const clear = clearTextFault(["gateway", "public_urls", index], url, "customers' tokens");
    if (clear !== undefined) faults.push({ ...clear, instead: undefined });
  });
  return faults;
}

function relayFaults(relay: RelayFile["relay"]): readonly Fault[] {
  const clear = clearTextFault(["relay", "public_url"], relay.public_url, "customers' tokens");
  return clear === undefined ? [] : [clear];
}

/** One sales unit in `[vipps]`, or several in `[[unit]]`, each once; and a place for the secrets of their webhooks. */
function unitFaults({ vipps, unit, relay }: RelayFile): readonly Fault[] {
  const faults: Fault[] = [];
  if (vipps.msn === undefined && unit.length === 0)
    faults.push({
      path: ["vipps", "msn"],
      message: "which sales unit? write its msn here, or a [[unit]] for each of several",
    });
  if (vipps.msn !== undefined && unit.length > 0)
    faults.push({ path: ["vipps", "msn"], message: "with [[unit]] sections every sales unit stands in one of them" });
  const seen = new Set<string>();
  unit.forEach(({ msn }, index) => {
    if (seen.has(msn)) faults.push({ path: ["unit", index, "msn"], message: "this sales unit has a [[unit]] already" });
    seen.add(msn);
  });
  const [wanted, other] =
    unit.length > 0
      ? (["registration_dir", "registration_file"] as const)
      : (["registration_file", "registration_dir"] as const);
  const place =
    wanted === "registration_dir" ? "/var/lib/kvitt-relay/registrations" : "/var/lib/kvitt-relay/registrations.json";
  if (relay[wanted] === undefined || relay[other] !== undefined)
    faults.push({
      path: ["relay", relay[wanted] === undefined ? wanted : other],
      message: `the secrets of the webhooks are kept in ${wanted} where there ${unit.length > 0 ? "are [[unit]] sections" : "is one sales unit"}`,
      ...(relay[wanted] === undefined ? { instead: `${wanted} = "${place}"` } : {}),
    });
  return faults;
}

function returnUrlFaults({ vipps, sale }: Config): readonly Fault[] {
  const usesRedirect =
    (sale.check_in_style !== "off" && vipps.user_flow === "web-redirect") || vipps.one_time_route === "qr-api";
  if (!usesRedirect || vipps.return_url !== undefined) return [];
  return [
    {
      path: ["vipps", "return_url"],
      message: "web-redirect payments end on a public page that says: look at the machine",
      instead: 'return_url = "https://example.com/look-at-the-machine"',
    },
  ];
}

/** merchantLegalLinks needs both links. */
function legalFaults({ terms_of_sale_url: terms, privacy_policy_url: privacy }: Config["vipps"]): readonly Fault[] {
  if ((terms === undefined) === (privacy === undefined)) return [];
  const missing = terms === undefined ? "terms_of_sale_url" : "privacy_policy_url";
  return [
    {
      path: ["vipps", missing],
      message: "terms_of_sale_url and privacy_policy_url go together: the app shows both",
      instead: `${missing} = "https://example.com/${terms === undefined ? "terms" : "privacy"}"`,
    },
  ];
}

function saleFaults({ sale, delivery, input, product, tariff, station }: Config): readonly Fault[] {
  const faults: Fault[] = [];
  const fault = (key: keyof typeof sale, message: string, instead: string): void =>
    void faults.push({ path: ["sale", key], message, instead });
  if (sale.check_in_style === "reserve-dearest" && !sale.partial_capture)
    fault(
      "partial_capture",
      "reserve-dearest captures a part of what it reserves: ask the provider whether your sales unit may",
      "partial_capture = true",
    );
  const meant = { products: product.length, sellsTime: tariff !== undefined, driver: delivery.driver };
  // With outlets, each has its own answer: station.ts.
  if (sale.check_in_style === "pay-at-once" && station.length === 0)
    for (const because of severalMeant(meant)) fault("check_in_style", because, 'check_in_style = "choose-then-pay"');
  if (sale.unknown_delivery === "capture" && !sale.acknowledge_unknown_capture)
    fault(
      "acknowledge_unknown_capture",
      'unknown_delivery = "capture" lets customers pay for nothing: confirm it, if that is what you want',
      "acknowledge_unknown_capture = true",
    );
  const vat = vatFault(sale.default_vat_rate);
  if (vat !== undefined)
    fault("default_vat_rate", vat.message, `default_vat_rate = ${vat.instead ?? sale.default_vat_rate}`);
  const isOperatedHere = delivery.driver === "gpio" || delivery.driver === "mdb";
  if (isOperatedHere && sale.show_code && !input.some(({ kind }) => kind === "scanner"))
    fault("show_code", "there is no scanner to hold a code to: add an [[input]]", '[[input]] with kind = "scanner"');
  if (delivery.driver !== "kiosk" && sale.check_in_style === "off" && !sale.select_first && !sale.show_code)
    fault(
      "select_first",
      "with check_in_style, select_first and show_code all off nobody can buy",
      "select_first = true",
    );
  return faults;
}

/** Why a scan alone does not say what is bought. */
function severalMeant(meant: {
  readonly products: number;
  readonly sellsTime: boolean;
  readonly driver: Config["delivery"]["driver"];
}): readonly string[] {
  if (meant.sellsTime)
    return ["pay-at-once asks for a price as soon as somebody scans, and with a [tariff] they choose how long first"];
  if (meant.driver === "mdb" || meant.driver === "kiosk")
    return [
      `pay-at-once asks for a price as soon as somebody scans, and with driver = "${meant.driver}" kvitt hears of it later`,
    ];
  if (meant.products === 1) return [];
  return [`pay-at-once asks for the price of the only product, and there are ${meant.products}`];
}

function productFaults(config: Config): readonly Fault[] {
  const { delivery, product, tariff, input } = config;
  const around = { currency: config.vipps.currency, lineFault: lineFaultOf(config) };
  const faults = catalogueFaults(catalogueOf(config), around).map(faultOfProduct);
  // The vending machine (MDB) or the front end decides what is sold.
  const isSoldElsewhere = delivery.driver === "kiosk" || delivery.driver === "mdb";
  const takesAmounts = input.some(({ amounts }) => amounts !== undefined);
  if (product.length === 0 && tariff === undefined && !takesAmounts && !isSoldElsewhere)
    return [...faults, { path: ["product"], message: "there is nothing to sell: add a [[product]], or a [tariff]" }];
  return [...faults, ...choiceFaults(config)];
}

/** With GPIO every product needs a button, unless there is a keypad, or a scan alone buys it. */
function choiceFaults(config: Config): readonly Fault[] {
  const { delivery, product, input, sale, panel } = config;
  const canSelectFirst = sale.select_first && panel.output !== "none";
  if (sale.check_in_style === "pay-at-once" && !canSelectFirst) return [];
  if (delivery.driver !== "gpio" || input.some(({ kind }) => kind === "keypad")) return [];
  const lines = new Map(delivery.lines.map((one, index) => [one.line, { one, index }]));
  const boughtByScan = linesBoughtByScan(config);
  return product.flatMap(({ line }) => {
    const found = lines.get(line);
    if (boughtByScan.has(line) || found === undefined || found.one.button !== undefined) return [];
    return [
      {
        path: ["delivery", "lines", found.index, "button"],
        message: `nobody can choose line "${line}": give it a button, or the machine an [[input]] with kind = "keypad"`,
        instead: "button = 5",
      },
    ];
  });
}

/** Conflicts over lines of the GPIO header. */
function headerFaults({ delivery, panel }: Config, known: ConfigFacts["panels"]): readonly Fault[] {
  const found = known?.find(({ id }) => id === panel.model);
  const ofPanel = found === undefined || panel.output === "image" ? [] : panelClaims(found, panel.device);
  if (delivery.driver === "gpio") return pinFaults(delivery, ofPanel);
  if (delivery.driver !== "mdb") return [];
  return mdbClaims(delivery.device).flatMap(({ pin, holder }) => {
    const taken = ofPanel.find((one) => one.pin === pin);
    if (taken === undefined) return [];
    return [
      {
        path: ["delivery", "device"],
        message: `BCM ${pin} is ${taken.holder}: it cannot be ${holder} too; an adapter on USB needs no line of the header`,
        instead: 'device = "/dev/ttyACM0"',
      },
    ];
  });
}

function amountFaultOf({ delivery }: Config): (name: string, price: number) => string | undefined {
  return (name, price) => {
    if (delivery.driver !== "gpio") return 'amounts are typed where [delivery] driver is "gpio"';
    const found = delivery.lines.find((one) => one.line === name);
    return found === undefined ? `there is no line "${name}" under [delivery]` : creditFault(found, price);
  };
}

/** A simulated machine gets its input over its control socket. */
function typingFaultOf({ delivery, input }: Config): string | undefined {
  if (delivery.driver === "simulated" || input.some(({ kind }) => kind === "keypad")) return undefined;
  if (delivery.driver === "gpio") return "plate and time are typed, and there is nothing to type with: add a keypad";
  return `plate and time are typed on kvitt's own keypad, and with driver = "${delivery.driver}" there is none: add one`;
}

function timeFaultOf({
  delivery,
}: Config): (line: string, minutes: number) => (Pick<Fault, "message"> & { instead?: string }) | undefined {
  return (name, minutes) => {
    if (delivery.driver === "simulated") return undefined;
    if (delivery.driver !== "gpio")
      return { message: 'only [delivery] driver = "gpio" has outputs that are on for a time' };
    const one = delivery.lines.find(({ line }) => line === name);
    const timed = delivery.lines.filter(({ form }) => form === "timed").map(({ line }) => line);
    const instead = timed[0] === undefined ? {} : { instead: `line = "${timed[0]}"` };
    if (one === undefined)
      return {
        message: `there is no line "${name}" under [delivery]: of form "timed" it has ${timed.join(", ") || "none"}`,
        ...instead,
      };
    if (one.form !== "timed")
      return {
        message: `line "${name}" is of form "${one.form}": an output that is on for a time is form = "timed"`,
        ...instead,
      };
    if (minutes * 60 > delivery.max_on_s)
      return {
        message: `${minutes} minutes are sold, and no output is on for more than delivery.max_on_s = ${delivery.max_on_s}: write max_on_s = ${minutes * 60} there, or a smaller minutes_max`,
      };
    return undefined;
  };
}

function quietFaults({ quiet_hours: quiet }: Config): readonly Fault[] {
  if (quiet === undefined || quiet.from !== quiet.to) return [];
  return [
    {
      path: ["quiet_hours", "to"],
      message: `${quiet.from} to ${quiet.to} is no time at all: write when selling begins again, or leave [quiet_hours] out`,
      instead: quiet.from === "06:00" ? 'to = "22:00"' : 'to = "06:00"',
    },
  ];
}

/** A file that the configuration names. */
interface NamedFile {
  readonly path: Fault["path"];
  readonly file: string;
  readonly isSecret: boolean;
}

function namedFiles(config: Pick<RelayFile, "vipps" | "mqtt"> & Partial<Pick<Config, "panel" | "delivery">>) {
  const { mqtt, vipps, panel, delivery } = config;
  const secret = true;
  const named: readonly (readonly [section: string, key: string, file: string | undefined, isSecret?: boolean])[] = [
    ["vipps", "credentials_dir", vipps.credentials_dir],
    ["mqtt", "password_file", mqtt.password_file, secret],
    ["mqtt", "ca_file", mqtt.ca_file],
    ["mqtt", "cert_file", mqtt.cert_file],
    ["mqtt", "key_file", mqtt.key_file],
    ["mqtt", "command_key_file", mqtt.command_key_file, secret],
    ["panel", "brand_logo", panel?.brand_logo],
    ["delivery", "token_file", delivery?.driver === "kiosk" ? delivery.token_file : undefined, secret],
  ];
  return named.flatMap(([section, key, file, isSecret = false]): readonly NamedFile[] =>
    file === undefined ? [] : [{ path: [section, key], file, isSecret }],
  );
}

/** Secret files that other users of this computer can read. */
function secretFaults(files: readonly NamedFile[], { secretFault }: ConfigFacts): readonly Fault[] {
  return files.flatMap(({ path, file, isSecret }) => {
    const message = isSecret ? secretFault?.(file) : undefined;
    return message === undefined ? [] : [{ path, message }];
  });
}

/** Files missing on this computer. */
function missingFiles(files: readonly NamedFile[], { isThere }: ConfigFacts): readonly Fault[] {
  return files.flatMap(({ path, file }) =>
    isThere === undefined || isThere(file) ? [] : [{ path, message: "there is no such file on this computer" }],
  );
}
