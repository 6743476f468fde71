/** The sockets of this computer on which the daemon answers. Part of the composition root. */
import type { Config } from "../config/schema.ts";
import { createSimulatedFront } from "../machine/simulated-front.ts";
import { openLocalSocket } from "../service/local-socket.ts";
import type { Owned } from "../service/owned.ts";
import type { MachineChoice } from "./machine.ts";

export interface SocketParts {
  readonly twin: MachineChoice["twin"];
  /** What the daemon is doing now, as JSON. */
  readonly describe: () => unknown;
  readonly setWallOffset: (offsetMs: number) => void;
  /** How long each may take to close. */
  readonly closeMs: number;
}

/** Opens all of them, into `owned`. @throws ListenError naming the path and what to mend */
export async function openSockets({ machine, delivery }: Config, parts: SocketParts, owned: Owned): Promise<void> {
  const { twin, describe, setWallOffset, closeMs } = parts;
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
