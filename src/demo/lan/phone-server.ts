/**
 * What a visitor's own phone may use, over the network: the wallet, and nothing of the machine. On one address, behind a secret in the path, gone with the
 * demo.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import * as z from "zod";
import { errorText } from "../../kit/error-text.ts";
import { listenOnPort } from "../../service/listen.ts";
import { readGrey } from "../camera.ts";
import { pageTexts } from "../page/texts/all.ts";
import { languageOf, phoneViewOf } from "../page/view.ts";
import { readBody, sendFile, sendJson } from "../web.ts";
import type { DemoWorld } from "../world.ts";
import type { Certificate } from "./certificate.ts";

export interface PhoneDoor {
  /** With the secret in it: for the code on the page, and for nobody else. */
  readonly url: string;
  /** "192.168.1.5:41234" */
  readonly place: string;
  readonly isSecure: boolean;
  /** A phone has the page open. */
  readonly isUsed: boolean;
  show(world: DemoWorld): void;
  close(): Promise<void>;
}

export interface PhoneDoorSettings {
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly certificate: Certificate | undefined;
}

const order = z.discriminatedUnion("action", [
  z.strictObject({ action: z.enum(["approve", "decline", "home"]) }),
  z.strictObject({ action: z.literal("type"), text: z.string().min(1).max(200) }),
]);

const orderBytesMax = 1_024;
/** A picture of a screen, in greys, a byte a pixel: more is not needed to read a code. */
const sideMax = 1_200;
const pictureBytesMax = 1_000_000;
const size = z.coerce.number().int().min(21).max(sideMax);
/** A few phones, each with a few requests at once. */
const connectionsMax = 32;
/** Somebody who types means the end of the code, however the keyboard writes it; less could be guessed by chance. */
const lettersMin = 4;
/** A page that is open asks twice a second; one that is hidden may be slower. */
const awayMs = 10_000;

const files: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  "": { name: "phone.html", type: "text/html; charset=utf-8" },
  "page.css": { name: "page.css", type: "text/css; charset=utf-8" },
  "phone.css": { name: "phone.css", type: "text/css; charset=utf-8" },
  "phone.js": { name: "phone.js", type: "text/javascript; charset=utf-8" },
  "dom.js": { name: "dom.js", type: "text/javascript; charset=utf-8" },
};

/** The page runs nothing but its own program, stands in no other page, and tells its address to nobody. */
const headers = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

function isSame(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  return first.length === second.length && timingSafeEqual(first, second);
}

/** The letters at the end of the code on the panel. */
export function lettersOf(code: string | undefined): string | undefined {
  return code?.split("/").at(-1);
}

/** What a visitor's phone does with the demo's world. */
class Wallet {
  readonly #world: DemoWorld;
  readonly #ownUrl: string;
  #isReading = false;
  #away: NodeJS.Timeout | undefined;

  constructor(world: DemoWorld, ownUrl: string) {
    this.#world = world;
    this.#ownUrl = ownUrl;
  }

  get isUsed(): boolean {
    return this.#away !== undefined;
  }

  /** A phone has asked. */
  #meet(): void {
    if (this.#away === undefined) this.#world.touch();
    clearTimeout(this.#away);
    this.#away = setTimeout(() => this.forget(), awayMs);
  }

  forget(): void {
    clearTimeout(this.#away);
    this.#away = undefined;
    this.#world.touch();
  }

  async answer(path: string, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (path) {
      case "view":
        this.#meet();
        return sendJson(response, phoneViewOf(this.#world.state(), textsOf(url)));
      case "scan":
        return this.#scan(url, request, response);
      case "do":
        return this.#carryOut(request, response);
      default:
        response.writeHead(404).end();
    }
  }

  async #carryOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isPostOf(request, "application/json")) return refuse(response, 415, "orders are sent as application/json");
    const text = (await readBody(request, orderBytesMax)).toString("utf8");
    const one = order.parse(JSON.parse(text));
    if (one.action !== "type") {
      await this.#world.phone(one.action);
      response.writeHead(204).end();
      return;
    }
    const code = await this.#world.code();
    const typed = one.text.trim().toLowerCase().split("/").at(-1) ?? "";
    const isIt = typed.length >= lettersMin && lettersOf(code)?.toLowerCase() === typed;
    if (isIt) await this.#world.scanText(code);
    sendJson(response, { found: isIt });
  }

  /** The camera's picture in greys, row by row. One at a time: reading takes a processor. */
  async #scan(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isPostOf(request, "application/octet-stream")) return refuse(response, 415, "a picture is sent as octets");
    const width = size.parse(url.searchParams.get("width"));
    const height = size.parse(url.searchParams.get("height"));
    const pixels = await readBody(request, pictureBytesMax);
    if (pixels.length !== width * height) return refuse(response, 400, "the picture has another size");
    if (this.#isReading) return refuse(response, 429, "another picture is being read");
    this.#isReading = true;
    try {
      const text = readGrey(pixels, width, height);
      // The code that opened this page may still stand beside the panel.
      const isFound = text !== undefined && text !== this.#ownUrl;
      if (isFound) await this.#world.scanText(text);
      sendJson(response, { found: isFound });
    } finally {
      this.#isReading = false;
    }
  }
}

function isPostOf(request: IncomingMessage, type: string): boolean {
  return request.method === "POST" && request.headers["content-type"] === type;
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(why);
}

function textsOf(url: URL) {
  return pageTexts[languageOf(url.searchParams.get("language") ?? "")];
}

/** Listens on that address alone. @throws ListenError */
export async function openPhoneDoor({ address, port, certificate }: PhoneDoorSettings): Promise<PhoneDoor> {
  const secret = randomBytes(16).toString("base64url");
  let wallet: Wallet | undefined;
  let place = "";

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const url = new URL(request.url ?? "/", "http://phone");
    const [, given = "", path] = /^\/([^/]*)\/(.*)$/.exec(url.pathname) ?? [];
    // Another name for this address is another site's (DNS rebinding).
    if (path === undefined || !isSame(given, secret) || request.headers.host !== place)
      return refuse(response, 404, "nothing is here: scan the code on the demo's page");
    const file = files[path];
    if (file !== undefined) return sendFile(response, file);
    if (path === "words") {
      const language = languageOf(url.searchParams.get("language") ?? "");
      const { own, phone, page } = pageTexts[language];
      const { approve, decline } = phone;
      const { wallet: title, putAway, serverGone, didNotWork } = page;
      return sendJson(response, { language, ...own.phone, title, approve, decline, putAway, serverGone, didNotWork });
    }
    if (wallet === undefined) return refuse(response, 503, "the demo starts");
    return wallet.answer(path, url, request, response);
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch((error: unknown) => refuse(response, 400, errorText(error)));
  };
  const timeouts = { requestTimeout: 15_000, headersTimeout: 5_000 };
  const server =
    certificate === undefined
      ? createPlainServer(timeouts, listener)
      : createSecureServer({ ...timeouts, key: certificate.key, cert: certificate.cert }, listener);
  server.maxConnections = connectionsMax;
  const bound = await listenOnPort(server, { host: address, port });
  place = `${address}:${bound}`;
  const ownUrl = `${certificate === undefined ? "http" : "https"}://${place}/${secret}/`;
  return {
    url: ownUrl,
    place,
    isSecure: certificate !== undefined,
    get isUsed() {
      return wallet?.isUsed ?? false;
    },
    show: (world) => {
      wallet = new Wallet(world, ownUrl);
    },
    close: async () => {
      wallet?.forget();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
