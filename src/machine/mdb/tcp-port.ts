/** The adapter behind a serial server (ser2net, an ESP32 bridge): its text over TCP, as it is. The wire has no secrets and no proof of who is there. */
import { createConnection, type Socket } from "node:net";
import type { AdapterLine, OpenAdapterLine } from "./adapter-line.ts";

const connectTimeoutMs = 5_000;
/** A bridge that loses power says nothing: what is asked of TCP is whether the other end still is there. */
const keepAliveMs = 10_000;

function connect(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, timeout: connectTimeoutMs });
    const fail = (reason: string): void => {
      socket.destroy();
      reject(
        new Error(
          `the adapter at tcp://${host}:${port} is not there: ${reason}. Does its bridge run, and listen there?`,
        ),
      );
    };
    socket.once("timeout", () => fail(`no answer within ${connectTimeoutMs / 1_000} s`));
    socket.once("error", (error) => fail(error.message));
    socket.once("connect", () => {
      socket.removeAllListeners("timeout").removeAllListeners("error");
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, keepAliveMs);
      resolve(socket);
    });
  });
}

/** @param address "tcp://HOST:PORT" */
export function tcpPort(address: string): OpenAdapterLine {
  const { hostname, port } = new URL(address);
  return async (listener): Promise<AdapterLine> => {
    const socket = await connect(hostname, Number(port));
    let isOpen = true;
    const lost = (reason: string): void => {
      if (!isOpen) return;
      isOpen = false;
      socket.destroy();
      listener.closed(`${address}: ${reason}`);
    };
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      if (isOpen) listener.text(chunk);
    });
    socket.on("error", (error) => lost(error.message));
    socket.on("close", () => lost("the connection ended"));
    return {
      write: (text) => {
        if (isOpen) socket.write(text, "latin1");
      },
      close: () => {
        isOpen = false;
        socket.destroy();
      },
    };
  };
}

/** Whether a device is named by address. */
export function isTcpAddress(device: string): boolean {
  return /^tcp:\/\/[^/:]+:\d{1,5}$/.test(device);
}
