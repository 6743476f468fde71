/** The demo's page: its files, what it shows at a moment, and orders from its buttons. Loopback only; what a visitor's phone may use is lan/phone-server.ts. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import * as z from "zod";
import { listenOnPort } from "../service/listen.ts";
import { errorText } from "../kit/error-text.ts";
import { checkWorld } from "./checks.ts";
import { languages } from "../panel/languages.ts";
import { createSymbol } from "../panel/qr/symbol.ts";
import { lettersOf, type PhoneDoor } from "./lan/phone-server.ts";
import { pageTexts } from "./page/texts/all.ts";
import { languageOf, type OwnPhone, viewOf } from "./page/view.ts";
import { createStory, type Story } from "./story.ts";
import { readBody, sendFile, sendJson } from "./web.ts";
import type { DemoWorld } from "./world.ts";

const order = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("machine"), kind: z.enum(["vending", "relay", "mdb", "parking", "kiosk"]) }),
  z.strictObject({ action: z.literal("press"), id: z.string() }),
  z.strictObject({ action: z.literal("take") }),
  z.strictObject({ action: z.literal("reset") }),
  z.strictObject({ action: z.literal("story"), play: z.boolean() }),
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
type DemoOrder = z.infer<typeof order>;

interface Shown {
  readonly world: DemoWorld;
  readonly story: Story;
  /** Of a visitor's own phone, where it may come in. */
  readonly door: PhoneDoor | undefined;
}

async function carryOut({ world, story }: Shown, one: DemoOrder): Promise<void> {
  switch (one.action) {
    case "reset":
      await story.forget();
      return world.reset();
    case "story":
      return one.play ? story.play() : story.stop();
    case "machine":
      await story.forget();
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
  return order.parse(JSON.parse((await readBody(request, bodyBytesMax)).toString("utf8")));
}

const files: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  "/": { name: "page.html", type: "text/html; charset=utf-8" },
  "/page.css": { name: "page.css", type: "text/css; charset=utf-8" },
  "/page.js": { name: "page.js", type: "text/javascript; charset=utf-8" },
  "/dom.js": { name: "dom.js", type: "text/javascript; charset=utf-8" },
};

/** The address of the door as a code that a phone's camera reads: with the quiet zone of four modules (ISO/IEC 18004, 6.3.8). */
function codeSvg(text: string): string {
  const symbol = createSymbol(text, "M");
  if (symbol === undefined) throw new Error(`${text.length} characters fit no code`);
  const { size, isDark } = symbol;
  const at = Array.from({ length: size }, (_, index) => index);
  const dark = at.flatMap((y) => at.filter((x) => isDark(y, x)).map((x) => `M${x} ${y}h1v1h-1z`)).join("");
  const box = `-4 -4 ${size + 8} ${size + 8}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" shape-rendering="crispEdges"><rect x="-4" y="-4" width="100%" height="100%" fill="#fff"/><path d="${dark}"/></svg>`;
}

/** What does not need a world: the page and its words. True when it was answered. */
async function answerStill(url: URL, response: ServerResponse): Promise<boolean> {
  const file = files[url.pathname];
  if (file !== undefined) {
    await sendFile(response, file);
    return true;
  }
  if (url.pathname !== "/words") return false;
  const language = languageOf(url.searchParams.get("language") ?? "");
  const spoken = languages.map((code) => ({ code, name: pageTexts[code].page.languageName }));
  sendJson(response, { language, languages: spoken, page: pageTexts[language].page });
  return true;
}

function ownPhoneOf({ place, isSecure, isUsed }: PhoneDoor, code: string | undefined): OwnPhone {
  return { place, isSecure, isUsed, letters: lettersOf(code) };
}

/** The moment in the language that is asked for; nothing when nothing has changed since the one that the page has. */
async function answerView(
  url: URL,
  { world, story, door }: Shown,
  instance: string,
  response: ServerResponse,
): Promise<void> {
  const revision = `${instance}-${world.revision}`;
  if (url.searchParams.get("revision") === revision) {
    response.writeHead(204).end();
    return;
  }
  const texts = pageTexts[languageOf(url.searchParams.get("language") ?? "")];
  const after = Number(url.searchParams.get("after") ?? -1);
  const own = door === undefined ? undefined : ownPhoneOf(door, await world.code());
  sendJson(response, { revision, ...viewOf(world.state(), { texts, story: story.state(), after, own }) });
}

async function answer(
  shown: Shown,
  instance: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { world, door } = shown;
  const url = new URL(request.url ?? "/", "http://demo");
  switch (url.pathname) {
    case "/do":
      // A form of another site cannot send JSON without asking first, and is not answered (Fetch Standard, "CORS-safelisted request-header").
      if (request.method !== "POST" || request.headers["content-type"] !== "application/json") {
        response.writeHead(415).end("orders are sent as application/json");
        return;
      }
      await carryOut(shown, await readOrder(request));
      response.writeHead(204).end();
      return;
    case "/view":
      return answerView(url, shown, instance, response);
    case "/check":
      return sendJson(response, { failures: await checkWorld(world) });
    case "/own-phone.svg":
      if (door === undefined) break;
      response.writeHead(200, { "content-type": "image/svg+xml", "cache-control": "no-store" });
      response.end(codeSvg(door.url));
      return;
    case "/panel.png":
      if (world.png === undefined) break;
      response.writeHead(200, { "content-type": "image/png", "cache-control": "no-store" });
      response.end(Buffer.from(world.png));
      return;
    default:
  }
  response.writeHead(404).end();
}

export interface DemoPage {
  readonly url: string;
  /** From now on the page is of this world; before, it says that the demo starts. */
  show(world: DemoWorld, door?: PhoneDoor): void;
  close(): Promise<void>;
}

/** Listens on loopback; port 0 takes a free one. Before any world is there, so that a port that is taken is found out first. @throws ListenError */
export async function openPage(port: number): Promise<DemoPage> {
  let shown: Shown | undefined;
  // A page that was open when the demo ended goes on with the next one.
  const instance = randomUUID();
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await answerStill(new URL(request.url ?? "/", "http://demo"), response)) return;
    if (shown !== undefined) return answer(shown, instance, request, response);
    response.writeHead(503, { "retry-after": "1" }).end("the demo starts");
  }
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.writeHead(400, { "content-type": "text/plain; charset=utf-8" });
      response.end(errorText(error));
    });
  });
  const bound = await listenOnPort(server, { host: "127.0.0.1", port });
  return {
    url: `http://127.0.0.1:${bound}`,
    show: (world, door) => {
      shown = { world, story: createStory(world), door };
    },
    close: async () => {
      await shown?.story.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
