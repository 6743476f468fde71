/**
 * The machine in Home Assistant, by MQTT discovery: one retained message that names the device and what to read of it from the machine's own topics. It
 * reads only: a switch would have to sign its commands, and Home Assistant cannot.
 * Keys: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload (the topic, `device`, `origin`, `components`, `platform`, `qos`),
 * …/integrations/sensor.mqtt/ (all others). Pure.
 */
import { machineBeat } from "./freshness.ts";
import { jsonContentType, stateSchema } from "./messages.ts";
import type { Outgoing } from "./mqtt-settings.ts";
import { type MachineAddress, machineTopic } from "./topics.ts";

export interface HomeAssistantParts extends MachineAddress {
  /** `homeassistant`, unless its discovery options say otherwise. */
  readonly prefix: string;
  readonly name: string;
  readonly version: string;
  /** Those that products lie on. */
  readonly lines: readonly string[];
}

/** A sensor of Home Assistant, in its own words. */
interface Sensor {
  readonly name: string;
  readonly state_topic: string;
  readonly value_template: string;
  readonly device_class?: "enum" | "timestamp" | "temperature";
  /** Of an enum: every other value is ignored. */
  readonly options?: readonly string[];
  readonly unit_of_measurement?: string;
  readonly state_class?: "measurement";
  readonly entity_category?: "diagnostic";
  readonly json_attributes_topic?: string;
  readonly json_attributes_template?: string;
  /** Seconds after the last message; the sensor is unavailable then. */
  readonly expire_after?: number;
  readonly availability_topic?: string;
  readonly availability_template?: string;
}

/** A health report comes every hour, at QoS 0: two may be lost. */
const healthExpiresS = 3 * 3_600 + 600;

const lineStates = ["for-sale", "sold-out", "jammed"] as const;

/** `<discovery_prefix>/device/<node_id>/<object_id>/config`; both ids are of letters, digits, `_` and `-`, as ours are. */
export function homeAssistantTopic({
  prefix,
  msn,
  merchantQrId,
}: MachineAddress & { readonly prefix: string }): string {
  return `${prefix}/device/${msn}/${merchantQrId}/config`;
}

export function homeAssistantDiscovery(parts: HomeAssistantParts): Outgoing {
  const { msn, merchantQrId, name, version } = parts;
  const device = `kvitt-${msn}-${merchantQrId}`;
  const components = Object.entries(sensorsOf(parts)).map(([id, sensor]): readonly [string, object] => [
    id,
    { platform: "sensor", unique_id: `${device}-${id}`, ...sensor },
  ]);
  const payload = {
    device: { identifiers: [device], name, manufacturer: "kvitt", serial_number: merchantQrId, sw_version: version },
    origin: { name: "kvitt", sw_version: version },
    components: Object.fromEntries<object>(components),
    qos: 1,
  };
  return {
    topic: homeAssistantTopic(parts),
    payload: JSON.stringify(payload),
    qos: 1,
    retain: true,
    contentType: jsonContentType,
  };
}

function sensorsOf(parts: HomeAssistantParts): Readonly<Record<string, Sensor>> {
  const [state, sale, health] = [
    machineTopic(parts, "state"),
    machineTopic(parts, "sale"),
    machineTopic(parts, "health"),
  ];
  // What a machine that is lost said last is not how it is now. Its state is: lost.
  const whileThere = {
    availability_topic: state,
    availability_template: "{{ 'offline' if value_json.state == 'lost' else 'online' }}",
  };
  return {
    state: {
      name: "State",
      state_topic: state,
      value_template: "{{ value_json.state }}",
      device_class: "enum",
      options: stateSchema.shape.state.options,
      expire_after: machineBeat.validForS,
    },
    reason: {
      name: "Reason",
      state_topic: state,
      value_template: "{{ value_json.reason | default('none') }}",
      expire_after: machineBeat.validForS,
    },
    "last-sale": {
      name: "Last sale",
      state_topic: sale,
      value_template: "{{ value_json.endedAt }}",
      device_class: "timestamp",
      json_attributes_topic: sale,
      // Not the number plate: Home Assistant keeps what it is told.
      json_attributes_template:
        "{{ {'entry': value_json.entry, 'outcome': value_json.outcome, 'reason': value_json.reason, 'product': (value_json.product or {}).name | default('none'), 'price': value_json.price / 100, 'currency': value_json.currency} | tojson }}",
      ...whileThere,
    },
    temperature: {
      name: "Temperature",
      state_topic: health,
      // None makes it unknown: the doctor has not looked yet.
      value_template:
        "{{ value_json.findings | default([]) | selectattr('check', 'eq', 'temperature') | map(attribute='celsius') | first | default(None) }}",
      device_class: "temperature",
      unit_of_measurement: "°C",
      state_class: "measurement",
      entity_category: "diagnostic",
      expire_after: healthExpiresS,
      ...whileThere,
    },
    ...Object.fromEntries(parts.lines.map((line) => [`line-${idOf(line)}`, lineSensor(line, health, whileThere)])),
  };
}

function lineSensor(
  line: string,
  health: string,
  whileThere: Pick<Sensor, "availability_topic" | "availability_template">,
): Sensor {
  return {
    name: `Line ${line}`,
    state_topic: health,
    // The report names the lines that are not for sale; one that cannot read its journal names none, and nothing is known. A string of JSON is one of Jinja.
    value_template: `{{ ((value_json.lines | selectattr('line', 'eq', ${JSON.stringify(line)}) | map(attribute='state') | list) + ['for-sale']) | first if value_json.lines is defined else None }}`,
    device_class: "enum",
    options: lineStates,
    expire_after: healthExpiresS,
    ...whileThere,
  };
}

/** Different for different lines, of the letters that an id may have. */
function idOf(line: string): string {
  return line.replaceAll(/[^A-Za-z0-9-]/gu, (character) => `_${character.codePointAt(0)?.toString(16) ?? ""}_`);
}
