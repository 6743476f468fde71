/** The door of the gateway: what it is given, and what it gives back. Types only. */
import type { Currency } from "../../sale/money.ts";
import type { CallOptions } from "../../vipps/port.ts";

export interface GatewayRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** Lower-case names; the first value of each. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The provider, for one sales unit: the request goes out as it is, with the unit's keys added, and the answer comes back as it is. */
export interface UnitProvider {
  /** Rejects with a VippsError when there is no token, or no answer. */
  pass(
    request: {
      readonly method: "GET" | "POST" | "PUT" | "DELETE";
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array | undefined;
    },
    options: CallOptions,
  ): Promise<GatewayAnswer>;
  /** Fetches an access token unless one is held; resolves to how long it will be used. Rejects with a VippsError. */
  checkKeys(options: CallOptions): Promise<number>;
}

export interface GatewayUnit {
  readonly msn: string;
  readonly currency: Currency;
  /** The largest payment that a machine may create, in minor units. */
  readonly maxAmountMinor: number;
  readonly provider: UnitProvider;
}

/** `[gateway]`, as far as it says what machines may do. */
export interface GatewayPolicy {
  /** `recovery`: what was captured, for a day; `off`: refunds need a person. */
  readonly refund: "recovery" | "off";
  readonly oneTimeQr: boolean;
  readonly exchange: boolean;
  /** Merchant redirect QRs that machines may show. */
  readonly redirectQrIds: readonly string[];
  /** The MobilePay stickers that each machine may take over, by the machine's id. */
  readonly mobilePayQrIds: ReadonlyMap<string, readonly string[]>;
}
