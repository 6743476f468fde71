/** From kvitt-setup.toml to the files that it means. Pure: nothing is written here, and what is not right as a whole gives nothing at all. */
import { createHash } from "node:crypto";
import { noFacts } from "../../config/check.ts";
import { faultText, parseConfig } from "../../config/load.ts";
import { fieldWords } from "../../config/messages.ts";
import { keyOf } from "../../config/known-keys.ts";
import type { PanelPins } from "../../config/pins.ts";
import type { Config } from "../../config/schema.ts";
import { setUp } from "../../config/setup/plan.ts";
import { readToml } from "../../config/toml.ts";
import { type SetupFile, setupFileSchema } from "./setup-file.ts";

export interface PlannedFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Whose it is: root's alone, or for kvitt's group to read. */
  readonly group: "root" | "kvitt";
}

export interface Provision {
  /** In this order; each is whole on its own, so that a second run after a power cut ends where the first would have. */
  readonly files: readonly PlannedFile[];
  readonly hostName: string;
  readonly timeZone: string;
  /** Whether a wireless network was given: its radio has to be let on. */
  readonly hasWifi: boolean;
  readonly config: Config;
}

export type Planned =
  | { readonly ok: true; readonly provision: Provision }
  /** Sentences without a secret. */
  | { readonly ok: false; readonly faults: readonly string[] };

export const configPath = "/etc/kvitt/kvitt.toml";
const credentialsFolder = "/etc/kvitt/credentials";
/** The daemon reads these itself; the keys above are handed to it by systemd, and their folder is root's alone. */
const tlsFolder = "/etc/kvitt/tls";
/** Folders that are made where they are missing, with modes of their own. */
export const folderModes: Readonly<Record<string, { readonly mode: number; readonly group: PlannedFile["group"] }>> = {
  "/etc/kvitt": { mode: 0o750, group: "kvitt" },
  [credentialsFolder]: { mode: 0o700, group: "root" },
  // Its folder lets in nobody but root and kvitt's group.
  [tlsFolder]: { mode: 0o755, group: "root" },
};
const networkPath = "/etc/NetworkManager/system-connections/kvitt.nmconnection";
const radioPath = "/etc/modprobe.d/kvitt-wifi.conf";

export function planProvision(text: string, panels: readonly PanelPins[]): Planned {
  const read = readToml(text);
  if (!read.ok) return refused([`${read.where}: ${read.why}`]);
  const parsed = setupFileSchema.safeParse(read.raw, { error: fieldWords });
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => {
      const unknown = issue.code === "unrecognized_keys" ? ` (${issue.keys.join(", ")})` : "";
      return `${issue.path.length === 0 ? "the file" : keyOf(issue.path)}: ${issue.message}${unknown}`;
    });
    return refused(faults);
  }
  const setup = parsed.data;
  const { cert, key } = setup.identity;
  if ((cert === undefined) !== (key === undefined)) return refused(["identity: cert and key go together"]);
  const made = configTextOf(setup, panels);
  if ("faults" in made) return refused(made.faults);
  const loaded = parseConfig(made.text, { ...noFacts, panels });
  if (!loaded.ok) return refused(loaded.faults.map(faultText));
  return { ok: true, provision: provisionOf(setup, made.text, loaded.config) };
}

function refused(faults: readonly string[]): Planned {
  return { ok: false, faults };
}

function configTextOf(
  { machine, config, identity }: SetupFile,
  panels: readonly PanelPins[],
): { readonly text: string } | { readonly faults: readonly string[] } {
  if ((machine === undefined) === (config === undefined))
    return { faults: ["either machine (answers of kvitt init) or config (a whole kvitt.toml), and not both"] };
  if (config !== undefined) return { text: config };
  const made = setUp(machine, panels);
  return made.ok
    ? { text: withIdentity(made.text, identity) }
    : { faults: made.faults.map((fault) => `machine: ${fault}`) };
}

/** Names the identity's files under [mqtt], before what `kvitt init` wrote there. */
function withIdentity(text: string, { ca, cert }: SetupFile["identity"]): string {
  const named = [
    ...(ca === undefined ? [] : [`ca_file = "${tlsFolder}/mqtt-ca.pem"`]),
    ...(cert === undefined
      ? []
      : [`cert_file = "${tlsFolder}/mqtt-cert.pem"`, `key_file = "${tlsFolder}/mqtt-key.pem"`]),
  ];
  return named.length === 0 ? text : text.replace(/^\[mqtt\]\n/m, `[mqtt]\n${named.join("\n")}\n`);
}

function provisionOf(setup: SetupFile, text: string, config: Config): Provision {
  const { credentials, identity, network } = setup;
  const file = (path: string, content: string, mode: number, group: PlannedFile["group"] = "root"): PlannedFile => ({
    path,
    text: content,
    mode,
    group,
  });
  const secrets = given(credentials).map(([name, value]) =>
    file(`${credentialsFolder}/${name}`, `${value.trim()}\n`, 0o600),
  );
  const pems = given(identity).map(([name, value]) => file(`${tlsFolder}/mqtt-${name}.pem`, value, 0o640, "kvitt"));
  const net = network === undefined ? [] : [file(networkPath, keyfile(network, config.machine.id), 0o600)];
  const country = network?.wifi?.country;
  const radio = country === undefined ? [] : [file(radioPath, `options cfg80211 ieee80211_regdom=${country}\n`, 0o644)];
  const hostName = setup.host_name ?? config.machine.id.toLowerCase();
  return {
    // The configuration last: the daemon does not start without it, and with it everything that it names is there.
    files: [
      ...secrets,
      ...pems,
      ...radio,
      ...net,
      file("/etc/hostname", `${hostName}\n`, 0o644),
      file(configPath, text, 0o640, "kvitt"),
    ],
    hostName,
    timeZone: config.machine.time_zone,
    hasWifi: network?.wifi !== undefined,
    config,
  };
}

/** The entries that are there. */
function given(
  table: Readonly<Record<string, string | undefined>>,
): readonly (readonly [name: string, value: string])[] {
  return Object.entries(table).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

/** NetworkManager's keyfile (nm-settings-keyfile(5)). The name of a network is written as bytes, so that no character of it means anything. */
function keyfile({ wifi, fixed }: NonNullable<SetupFile["network"]>, id: string): string {
  const kind = wifi === undefined ? "ethernet" : "wifi";
  const ip = fixed === undefined ? undefined : fixed.address.includes(":") ? "ipv6" : "ipv4";
  const method = (family: "ipv4" | "ipv6"): readonly string[] =>
    ip !== family || fixed === undefined
      ? [`[${family}]`, "method=auto"]
      : [
          `[${family}]`,
          "method=manual",
          `address1=${fixed.address},${fixed.gateway}`,
          `dns=${fixed.dns.map((one) => `${one};`).join("")}`,
        ];
  const radio =
    wifi === undefined
      ? []
      : [
          "[wifi]",
          "mode=infrastructure",
          `ssid=${[...Buffer.from(wifi.ssid, "utf8")].map((byte) => `${byte};`).join("")}`,
          ...(wifi.is_hidden ? ["hidden=true"] : []),
          "",
          "[wifi-security]",
          "key-mgmt=wpa-psk",
          // g_key_file escapes: a backslash, and a space in front.
          `psk=${wifi.password.replaceAll("\\", String.raw`\\`).replace(/^ /, String.raw`\s`)}`,
          "",
        ];
  return [
    "[connection]",
    "id=kvitt",
    `uuid=${uuidOf(id)}`,
    `type=${kind}`,
    // Before what an imager left behind.
    "autoconnect-priority=10",
    "",
    ...radio,
    ...method("ipv4"),
    "",
    ...method("ipv6"),
    "",
  ].join("\n");
}

/** The same for the same machine, so that a second run makes no second connection (RFC 9562, version 5 by SHA-1). */
function uuidOf(id: string): string {
  const bytes = createHash("sha1").update(`kvitt network of ${id}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
