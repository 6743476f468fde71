/** Where a part can be broken on purpose, to show that the checks bite. Each is made afresh for every life of the daemon. Types only. */
import type { Disk } from "../../src/journal/disk.ts";
import type { Journal } from "../../src/journal/port.ts";
import type { Link, LinkListener, LinkMessage } from "../../src/link/port.ts";
import type { Machine } from "../../src/machine/port.ts";
import type { Panel } from "../../src/panel/port.ts";
import type { GatewayAnswer, GatewayRequest } from "../../src/relay/gateway/port.ts";
import type { SalePolicy } from "../../src/sale/policy.ts";
import type { Clock, Updates } from "../../src/service/port.ts";
import type { OutletSettings } from "../../src/station/port.ts";
import type { Payments } from "../../src/vipps/port.ts";
import type { MachineKind } from "./machines/port.ts";
import type { Traits } from "./traits.ts";
import type { World } from "./world.ts";

export interface Sabotage {
  /** A world in which the mistake shows sooner. */
  readonly prepare?: (world: World) => void;
  /** The only machine on which it can show. */
  readonly kind?: MachineKind;
  readonly policy?: Partial<SalePolicy>;
  /** What this world needs to have, or must not have, for it to show. */
  readonly traits?: Partial<Traits>;
  readonly payments?: (payments: Payments, world: World) => Payments;
  /** The driver, as the kiosk sees it. */
  readonly machine?: (machine: Machine, world: World) => Machine;
  readonly panel?: (panel: Panel, world: World) => Panel;
  readonly journal?: (journal: Journal, world: World) => Journal;
  readonly link?: (link: Link, world: World) => Link;
  readonly listener?: (listener: LinkListener, world: World) => LinkListener;
  readonly outlets?: (outlets: readonly OutletSettings[]) => readonly OutletSettings[];
  readonly clock?: (clock: Clock) => Clock;
  readonly disk?: (disk: Disk) => Disk;
  readonly updates?: (updates: Updates) => Updates;
  /** What a message from the relay becomes; undefined: it gets lost. */
  readonly message?: (message: LinkMessage) => LinkMessage | undefined;
  /** The relays remember nothing of what they answered. */
  readonly forgetsRefusals?: boolean;
  /** What a gateway answers. */
  readonly gateway?: (
    answer: (request: GatewayRequest) => Promise<GatewayAnswer>,
  ) => (request: GatewayRequest) => Promise<GatewayAnswer>;
  /** The gateways hear of no revocation. */
  readonly ignoresRevocations?: boolean;
  /** The broker is told that the message is safe before the kiosk has looked at it. */
  readonly acknowledgesEarly?: boolean;
}
