/** The daemon's parts as the configuration means them. A test of the order of starting and stopping brings its own. */
import { boardClaims } from "../config/pins.ts";
import type { Config } from "../config/schema.ts";
import type { Journal } from "../journal/port.ts";
import type { Link } from "../link/port.ts";
import { createLineRegister } from "../machine/gpio/line-register.ts";
import type { PanelFacts } from "../panel/port.ts";
import type { Owned } from "../service/owned.ts";
import { isService } from "../service/host.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { createDaemonDoctor, type DaemonDoctor, type DoctorSubjects } from "./doctor/daemon-doctor.ts";
import { type CommandMemory, openConfiguredJournal } from "./journal.ts";
import { openLink } from "./link.ts";
import { type MachineChoice, openMachine } from "./machine.ts";
import { type OpenedPanel, openPanel } from "./panel.ts";
import { openProvider, type ProviderPorts } from "./provider.ts";
import { openSockets, type SocketParts } from "./sockets.ts";

/** Each builds one part, and shows, moves and says nothing yet: what fails for a person's mistake fails here. */
export interface DaemonParts {
  openJournal(): Promise<Journal>;
  openPanel(): Promise<OpenedPanel>;
  /** @param session the number of this boot */
  openLink(session: number, memory: CommandMemory): Promise<Link>;
  openProvider(panel: PanelFacts): Promise<ProviderPorts>;
  openMachine(): MachineChoice;
  openDoctor(subjects: DoctorSubjects): DaemonDoctor;
  openSockets(parts: SocketParts, owned: Owned): Promise<void>;
}

export interface PartsContext {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** Told of each `Date` that the provider sends. */
  readonly observeServerDate: (wallMs: number) => void;
}

export function configuredParts(context: PartsContext): DaemonParts {
  const { config, clock, log, env } = context;
  const register = createLineRegister(boardClaims);
  const inRoom = (room: string): PartsContext => ({ ...context, log: log.child({ room }) });
  return {
    openJournal: () => openConfiguredJournal(config, clock, context.env),
    openPanel: () => openPanel(config, { clock, log, register, isService: isService(env) }),
    openLink: (session, memory) => openLink(config, session, memory, inRoom("link")),
    openProvider: (panel) => openProvider(config, panel, inRoom("vipps")),
    openMachine: () => openMachine(config, { ...inRoom("machine"), register }),
    openDoctor: (subjects) => createDaemonDoctor(inRoom("doctor"), subjects),
    openSockets: (parts, owned) => openSockets(inRoom("service"), parts, owned),
  };
}
