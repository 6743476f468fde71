/**
 * A bound on connections that nobody can sit on: when all places are taken, the connection that has been idle longest gives up its own. A
 * server that refuses the newcomer instead can be shut with a handful of sockets that say nothing.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export function boundConnections(server: Server, connectionsMax: number): void {
  /** Open connections, oldest first, each with its requests that are not answered yet. */
  const open = new Map<Socket, number>();
  server.on("connection", (socket: Socket) => {
    open.set(socket, 0);
    socket.once("close", () => open.delete(socket));
    if (open.size <= connectionsMax) return;
    const idle = [...open].find(([, requests]) => requests === 0);
    // Where all others are busy this is the newcomer itself.
    idle?.[0].destroy();
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    open.set(socket, (open.get(socket) ?? 0) + 1);
    response.once("close", () => {
      const requests = open.get(socket);
      if (requests === undefined) return;
      // Back to the end of the queue: it has been of use a moment ago.
      open.delete(socket);
      open.set(socket, requests - 1);
    });
  });
}
