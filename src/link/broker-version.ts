/** Which version of MQTT a broker is spoken to in: as configured, or learned from how it answers. Pure. */
import type { MqttSettings, MqttVersion } from "./mqtt-settings.ts";

/** What a failed attempt says of the version: the broker said so; it failed as one does that does not know it; it has nothing to do with it. */
export type VersionDoubt = "certain" | "possible" | "none";

/**
 * A broker that has taken a version knows it: where it then resets or is silent it is most likely being started, and the other version would
 * give up message expiry and reasons for as long as the connection lives. So many failures in a row are believed all the same: behind the same
 * address another broker may stand now.
 */
const failuresOfOneThatTookIt = 4;

export class BrokerVersion {
  readonly #isFixed: boolean;
  #current: MqttVersion;
  #failuresLeft = 1;

  constructor(protocol: MqttSettings["protocol"]) {
    this.#isFixed = protocol !== "auto";
    this.#current = protocol === "3.1.1" ? 4 : 5;
  }

  get current(): MqttVersion {
    return this.#current;
  }

  /** CONNACK came. */
  taken(): void {
    this.#failuresLeft = failuresOfOneThatTookIt;
  }

  /** An attempt ended before CONNACK. Whether the next one is in another version. */
  failed(doubt: VersionDoubt): boolean {
    if (this.#isFixed || doubt === "none") return false;
    this.#failuresLeft -= 1;
    if (doubt === "possible" && this.#failuresLeft > 0) return false;
    this.#failuresLeft = 1;
    this.#current = this.#current === 5 ? 4 : 5;
    return true;
  }
}
