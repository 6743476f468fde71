/** The demo's network: a broker whose listener can vanish, and a wire to the provider that can be cut. Loopback only. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { listenOnPort } from "../service/listen.ts";

export interface Cuttable {
  readonly port: number;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

function listen(server: Server, port: number): Promise<number> {
  return listenOnPort(server, { host: "127.0.0.1", port });
}

/** A port that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
}

/** Listens on a port that stays the same; `cut` ends every connection and refuses new ones. */
async function cuttable(onSocket: (socket: Socket) => void): Promise<Cuttable> {
  const sockets = new Set<Socket>();
  const make = (): Server =>
    createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      onSocket(socket);
    });
  let server: Server | undefined = make();
  const port = await listen(server, 0);
  return {
    port,
    async cut() {
      const closing = server;
      server = undefined;
      for (const socket of sockets) socket.destroy();
      if (closing !== undefined) await new Promise<void>((resolve) => void closing.close(() => resolve()));
    },
    async mend() {
      if (server !== undefined) return;
      server = make();
      await listen(server, port);
    },
  };
}

/** MQTT 3.1.1, in this process. */
export async function startBroker(): Promise<Cuttable & { close(): Promise<void> }> {
  const broker = await Aedes.createBroker();
  const door = await cuttable((socket) => void broker.handle(socket));
  return {
    ...door,
    async close() {
      await door.cut();
      await new Promise<void>((resolve) => {
        broker.close(() => resolve());
      });
    },
  };
}

/** A wire from a local port to another one. */
export function startWire(targetPort: number): Promise<Cuttable> {
  return cuttable((socket) => {
    const target = connect(targetPort, "127.0.0.1");
    const end = (): void => {
      socket.destroy();
      target.destroy();
    };
    target.on("error", end);
    target.on("close", end);
    socket.on("close", end);
    socket.pipe(target);
    target.pipe(socket);
  });
}
