/** What the probes gather and the judges judge: a table of facts a check. Types only; a check that means nothing on this machine has no facts. */
import type { BrokerTrial } from "../../link/broker-trial.ts";
import type { PanelFile } from "../../panel/panel-file.ts";
import type { CallOutcome } from "../../vipps/port.ts";

export interface ConfigurationFacts {
  readonly file: string;
  /** As `kvitt config check --here` says them. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

export interface CredentialFact {
  /** "vipps-client-id" */
  readonly name: string;
  /** Without it nothing is sold. */
  readonly isNeeded: boolean;
  readonly state:
    | { readonly kind: "there"; readonly place: string }
    | { readonly kind: "missing"; readonly places: readonly string[] }
    /** Readable by others, or not by us. */
    | { readonly kind: "wrong"; readonly reason: string };
}

export interface ClockFacts {
  readonly wallMs: number;
  /** The build's date. */
  readonly floorMs: number;
  /** Who keeps it: "systemd-timesyncd", "chrony"; undefined where nobody is known. */
  readonly keeper: string | undefined;
  readonly isSynchronized: boolean;
  /** Whether the kernel has a clock that goes on without power. */
  readonly hasRtc: boolean;
  /** Ours minus the provider's, from the `Date` of an answer over TLS; undefined without one. */
  readonly aheadOfServerMs: number | undefined;
}

export interface NetworkFacts {
  /** Interfaces with an address that is not loopback: "eth0 192.168.1.7". */
  readonly addresses: readonly string[];
  readonly hasDefaultRoute: boolean;
  readonly names: readonly { readonly host: string; readonly fault: string | undefined }[];
}

export interface ProviderFacts {
  readonly environment: string;
  /** GET of the machine's callback QR, or of its first outlet's: proves network, token, keys and sales unit. */
  readonly qr: CallOutcome<unknown>;
  /** GET of a payment that never was: a refusal as unknown proves that payments are answered. */
  readonly payment: CallOutcome<unknown>;
}

export interface BrokerFacts {
  readonly url: string;
  readonly outcome: BrokerTrial;
}

export type Access = "ok" | "missing" | "forbidden";

export type PanelFacts =
  | { readonly kind: "image"; readonly file: string; readonly access: Access }
  | {
      readonly kind: "epaper";
      readonly model: string;
      readonly device: string;
      readonly access: Access;
      /** Whether the speed can be set: by koffi or by spi-config. */
      readonly canSetSpeed: boolean;
      /** The level of BUSY now; undefined where it cannot be read. */
      readonly busyLevel: 0 | 1 | undefined;
      readonly controller: Extract<PanelFile, { driver: "epaper" }>["controller"]["name"];
    }
  | {
      readonly kind: "framebuffer";
      readonly wanted: { readonly name: string | undefined; readonly widthPx: number; readonly heightPx: number };
      readonly found:
        | { readonly kind: "absent"; readonly reason: string }
        | { readonly kind: "unusable"; readonly reason: string }
        | { readonly kind: "found"; readonly device: string; readonly widthPx: number; readonly heightPx: number };
      readonly access: Access;
    };

/** What the running daemon says of its parts; beside the facts that are gathered without it. */
export interface DaemonFacts {
  readonly isRunning: boolean;
  readonly state: string | undefined;
  readonly reason: string | undefined;
  readonly missing: readonly string[];
  readonly machine: string | undefined;
  readonly panel: string | undefined;
  readonly openSettlements: number;
  readonly unsent: number;
  /** Lines that are not for sale, with what to do. */
  readonly lines: readonly { readonly line: string; readonly state: string; readonly action: string }[];
}

export interface LinesFacts {
  /** "sysfs", "cdev", "simulated"; undefined: this kernel has neither. */
  readonly backEnd: string | undefined;
  readonly lines: readonly {
    readonly name: string;
    readonly bcm: number;
    readonly level: 0 | 1 | undefined;
    /** The kernel's word for who has it. */
    readonly holder: string | undefined;
  }[];
}

export interface InputsFacts {
  readonly fault: string | undefined;
  readonly inputs: readonly { readonly name: string; readonly ids: string; readonly isThere: boolean }[];
}

export interface AdapterFacts {
  readonly device: string;
  readonly access: Access;
}

export interface JournalFacts {
  readonly folder: string;
  readonly fault: string | undefined;
  /** Why what stands in it cannot be read; undefined where it can, or was not tried. */
  readonly unreadable: string | undefined;
  /** Of statfs(2), by name where it is known: "ext4", "tmpfs". */
  readonly fileSystem: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Of one write and sync of 4 KiB; undefined where it was not tried. */
  readonly syncMs: number | undefined;
  /** Whether the device counted a write for it; undefined where it does not count. */
  readonly reachedDevice: boolean | undefined;
  /** JEDEC eMMC, in steps of ten per cent used, the worse of the two; undefined where the card does not tell (no SD card does). */
  readonly wearTenths: number | undefined;
}

export interface PowerFacts {
  readonly isLowNow: boolean;
  readonly wasLow: boolean;
}

export interface TemperatureFacts {
  readonly celsius: number;
}

export interface VersionsFacts {
  readonly kvitt: string;
  readonly node: string;
  readonly kernel: string;
  readonly system: string;
  readonly board: string;
}

export interface WatchdogFacts {
  /** /sys/class/watchdog/watchdog0/state; undefined: there is no watchdog. */
  readonly state: string | undefined;
  readonly timeoutS: number | undefined;
}

/** Each check and its facts. A new check is a line here, a judge, and a probe; the compiler asks for both. */
export interface Facts {
  readonly configuration: ConfigurationFacts;
  readonly credentials: readonly CredentialFact[];
  readonly daemon: DaemonFacts;
  readonly clock: ClockFacts;
  readonly network: NetworkFacts;
  readonly provider: ProviderFacts;
  /** Each of the addresses. */
  readonly broker: readonly BrokerFacts[];
  readonly panel: PanelFacts;
  readonly lines: LinesFacts;
  readonly inputs: InputsFacts;
  readonly adapter: AdapterFacts;
  readonly journal: JournalFacts;
  readonly power: PowerFacts;
  readonly temperature: TemperatureFacts;
  readonly watchdog: WatchdogFacts;
  readonly versions: VersionsFacts;
}

export type CheckName = keyof Facts;

/** What can be looked at here. A probe that answers undefined found that there is nothing of the kind on this machine. */
export type Probes = { readonly [K in CheckName]?: (signal: AbortSignal) => Promise<Facts[K] | undefined> };
