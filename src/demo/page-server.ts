/** The demo's page: one HTML file, a stream of states, and orders from its buttons. Loopback only. */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import * as z from "zod";
import { listenOnPort } from "../service/listen.ts";
import { errorText } from "../kit/error-text.ts";
import { checkWorld } from "./script.ts";
import type { DemoWorld } from "./world.ts";

const order = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("machine"), kind: z.enum(["vending", "relay", "mdb", "parking", "kiosk"]) }),
  z.strictObject({ action: z.literal("press"), id: z.string() }),
  z.strictObject({ action: z.literal("take") }),
  z.strictObject({ action: z.literal("phone-scan") }),
  z.strictObject({ action: z.literal("phone-approve") }),
  z.strictObject({ action: z.literal("phone-decline") }),
  z.strictObject({ action: z.literal("phone-home") }),
  z.strictObject({ action: z.literal("phone-expire") }),
  z.strictObject({ action: z.literal("phone-hold-up") }),
  z.strictObject({
    action: z.literal("switch"),
    name: z.enum(["network", "mqtt", "relay", "jam", "sensor", "power", "clock", "door"]),
    broken: z.boolean(),
  }),
]);
export type DemoOrder = z.infer<typeof order>;

export async function carryOut(world: DemoWorld, one: DemoOrder): Promise<void> {
  switch (one.action) {
    case "machine":
      return world.changeMachine(one.kind);
    case "press":
      return world.use(one.id);
    case "take":
      return world.take();
    case "phone-scan":
      await world.scan();
      return;
    case "phone-approve":
      return world.phone("approve");
    case "phone-decline":
      return world.phone("decline");
    case "phone-home":
      return world.phone("home");
    case "phone-expire":
      return world.phone("expire");
    case "phone-hold-up":
      return world.holdUp();
    case "switch":
      return world.turn(one.name, one.broken);
  }
}

const bodyBytesMax = 65_536;

async function readOrder(request: IncomingMessage): Promise<DemoOrder> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > bodyBytesMax) throw new Error("the order is too large");
  }
  return order.parse(JSON.parse(text));
}

/** Sends the state at once and whenever it changed, at most every 60 ms. */
function stream(world: DemoWorld, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    timer = undefined;
    response.write(`data: ${JSON.stringify(world.state())}\n\n`);
  };
  const stop = world.onChange(() => {
    timer ??= setTimeout(send, 60);
  });
  send();
  response.on("close", () => {
    stop();
    clearTimeout(timer);
  });
}

async function answer(world: DemoWorld, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://demo");
  if (request.method === "POST" && pathname === "/do") {
    await carryOut(world, await readOrder(request));
    response.writeHead(204).end();
    return;
  }
  if (pathname === "/") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(await readFile(new URL("./page.html", import.meta.url)));
    return;
  }
  if (pathname === "/check") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ failures: await checkWorld(world) }));
    return;
  }
  if (pathname === "/events") {
    stream(world, response);
    return;
  }
  if (pathname === "/panel.png" && world.png !== undefined) {
    response.writeHead(200, { "content-type": "image/png", "cache-control": "no-store" });
    response.end(Buffer.from(world.png));
    return;
  }
  response.writeHead(404).end();
}

export interface DemoPage {
  readonly url: string;
  /** From now on the page is of this world; before, it says that the demo starts. */
  show(world: DemoWorld): void;
  close(): Promise<void>;
}

/** Listens on loopback; port 0 takes a free one. Before any world is there, so that a port that is taken is found out first. @throws ListenError */
export async function openPage(port: number): Promise<DemoPage> {
  let shown: DemoWorld | undefined;
  const server = createServer((request, response) => {
    if (shown === undefined) {
      response.writeHead(503, { "retry-after": "1" }).end("the demo starts");
      return;
    }
    answer(shown, request, response).catch((error: unknown) => {
      response.writeHead(400, { "content-type": "text/plain" });
      response.end(errorText(error));
    });
  });
  const bound = await listenOnPort(server, { host: "127.0.0.1", port });
  return {
    url: `http://127.0.0.1:${bound}`,
    show: (world) => {
      shown = world;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
