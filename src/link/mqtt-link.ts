/** The link over a real broker: one persistent session and one identity a machine. */
import type { IClientOptions, MqttClient } from "mqtt";
import type { Entropy } from "../service/port.ts";
import { DeviceLink, type DeviceLinkParts } from "./device-link.ts";
import { MqttConnection } from "./mqtt-connection.ts";
import type { MqttSecrets, MqttSettings } from "./mqtt-settings.ts";
import type { Link } from "./port.ts";

export interface MqttLinkParts extends DeviceLinkParts {
  /** `clientId` is `kvitt-{msn}-{merchantQrId}` unless it is given. */
  readonly settings: Omit<MqttSettings, "clientId"> & { readonly clientId?: string | undefined };
  /** Asked before each connection; see MqttConnection. */
  readonly readSecrets?: (() => Promise<MqttSecrets>) | undefined;
  readonly entropy: Entropy;
  /** The client library's `connect`; tests pass their own. */
  readonly connect?: (url: string, options: IClientOptions) => MqttClient;
}

/** @throws LinkError `link-config` when a name cannot stand in a topic or the command key is too short. */
export function createMqttLink(parts: MqttLinkParts): Link {
  const clientId = parts.settings.clientId ?? `kvitt-${parts.msn}-${parts.merchantQrId}`;
  const settings = { ...parts.settings, clientId };
  return new DeviceLink(parts, (hooks) => new MqttConnection({ ...parts, settings, hooks }));
}
