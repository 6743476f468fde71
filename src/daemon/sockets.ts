/** The sockets of this computer on which the daemon answers. Part of the composition root. */
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Kiosk } from "../kiosk/kiosk.ts";
import { createSimulatedFront } from "../machine/simulated-front.ts";
import { runtimeFolder } from "../service/host.ts";
import { openLocalSocket } from "../service/local-socket.ts";
import type { Owned } from "../service/owned.ts";
import type { Log, LogExcerpt } from "../service/port.ts";
import { openStatusServer, type StatusPages } from "../service/status-server.ts";
import type { Finding } from "./doctor/finding.ts";
import type { MachineChoice } from "./machine.ts";
import { serviceVerbs } from "./service-verbs.ts";

export interface SocketParts {
  readonly twin: MachineChoice["twin"];
  readonly serviced: Kiosk["serviced"];
  readonly checkIns: Kiosk["checkIns"];
  /** What the daemon is doing now, as JSON. */
  readonly describe: () => unknown;
  readonly recentLog: () => LogExcerpt;
  /** Looks at everything that a sale needs. */
  readonly examine: () => Promise<readonly Finding[]>;
  readonly statusPages: StatusPages;
  readonly setWallOffset: (offsetMs: number) => void;
  /** How long each may take to close. */
  readonly closeMs: number;
}

export interface SocketContext {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** Where the service socket is: the configuration's word, or the folder that systemd made for it. */
function servicePathOf({ config, env }: SocketContext): string | undefined {
  const folder = runtimeFolder(env);
  return config.machine.service_socket ?? (folder === undefined ? undefined : join(folder, "service.sock"));
}

/** Opens all of them, into `owned`. @throws ListenError naming the path and what to mend */
export async function openSockets(context: SocketContext, parts: SocketParts, owned: Owned): Promise<void> {
  const { machine, delivery } = context.config;
  const { twin, describe, serviced, checkIns, recentLog, examine, setWallOffset, closeMs } = parts;
  const servicePath = servicePathOf(context);
  if (servicePath !== undefined) {
    const socket = await openLocalSocket(
      servicePath,
      serviceVerbs({ describe, serviced, checkIns, recentLog, examine, log: context.log }),
    );
    owned.defer("service socket", () => socket.close(), closeMs);
  }
  if (machine.status_port !== undefined) {
    const server = await openStatusServer(machine.status_port, parts.statusPages);
    owned.defer("status page", () => server.close(), closeMs);
  }
  if (machine.state_socket !== undefined) {
    const socket = await openLocalSocket(machine.state_socket, ({ method }) =>
      method === "GET" ? { status: 200, body: describe() } : { status: 405, body: { error: "only GET" } },
    );
    owned.defer("state socket", () => socket.close(), closeMs);
  }
  if (delivery.driver === "simulated" && delivery.control_socket !== undefined && twin !== undefined) {
    const front = createSimulatedFront({ ...twin, describe, setWallOffset });
    const socket = await openLocalSocket(delivery.control_socket, ({ body }) => front(body ?? {}));
    owned.defer("control socket", () => socket.close(), closeMs);
  }
}
