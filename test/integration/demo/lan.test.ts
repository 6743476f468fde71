/**
 * Goal: with `--lan` a visitor's own phone is the wallet: by camera, by photo, by the letters of the code; and it is that and nothing else. Method: headless
 * Chromium as the phone, with the panel's picture as what its camera sees; requests that somebody in the network might try.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import axe from "axe-core";
import type { APIRequestContext, Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { readCode } from "../../../src/demo/camera.ts";
import { pageTexts } from "../../../src/demo/page/texts/all.ts";
import { patienceMs, untilTrue } from "../patience.ts";
import { endDemo, hasBrowser, openBrowser, openContext, type RunningDemo, startDemo } from "./browser-rig.ts";

const violations = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }));

/** What a camera sees that is held up to the panel: a video of one picture (YUV4MPEG2), which Chromium takes for its camera. */
async function filmOf(png: Uint8Array): Promise<Buffer> {
  const [width, height] = [640, 480];
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#777";
  context.fillRect(0, 0, width, height);
  context.drawImage(await loadImage(Buffer.from(png)), 40, 60, 560, 336);
  const { data } = context.getImageData(0, 0, width, height);
  const greys = Buffer.alloc(width * height);
  for (let at = 0; at < greys.length; at += 1) greys[at] = data[4 * at] ?? 0;
  const noColour = Buffer.alloc(greys.length / 2, 128);
  const header = `YUV4MPEG2 W${width} H${height} F2:1 Ip A1:1 C420jpeg\n`;
  return Buffer.concat([Buffer.from(header), Buffer.from("FRAME\n"), greys, noColour]);
}

describe.skipIf(!hasBrowser)("a visitor's own phone", () => {
  const words = pageTexts.nb;
  const started: { demo?: RunningDemo; browser?: Browser; folder?: string } = {};
  let desk: Page;
  let phone: Page;
  let request: APIRequestContext;
  let phoneUrl = "";

  beforeAll(async () => {
    started.demo = startDemo("0", "--lan", "--address", "127.0.0.1");
    const url = await started.demo.url;
    phoneUrl = await started.demo.phoneUrl;
    started.folder = await mkdtemp(join(tmpdir(), "kvitt-film-"));
    const film = join(started.folder, "panel.y4m");
    await writeFile(film, "");
    started.browser = await openBrowser(
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${film}`,
    );
    const wide = { viewport: { width: 1_500, height: 1_060 }, locale: "en-GB" };
    desk = await (await openContext(started.browser, wide)).newPage();
    await desk.goto(url);
    await desk.waitForSelector("#lamp.on", { timeout: patienceMs });
    await untilTrue(async () => (await codeOnGlass())?.includes("/vp/") === true);
    await writeFile(film, await filmOf(await glass()));
    const context = await openContext(started.browser, {
      viewport: { width: 390, height: 844 },
      locale: "nb-NO",
      ignoreHTTPSErrors: true,
    });
    phone = await context.newPage();
    ({ request } = context);
  });

  afterAll(async () => {
    await started.browser?.close();
    if (started.demo !== undefined) await endDemo(started.demo);
    if (started.folder !== undefined) await rm(started.folder, { recursive: true, force: true });
  });

  async function glass(): Promise<Uint8Array> {
    const response = await desk.request.get(new URL("/panel.png", desk.url()).href);
    return new Uint8Array(await response.body());
  }

  async function codeOnGlass(): Promise<string | undefined> {
    return readCode(await glass()).catch(() => undefined);
  }

  async function approveOnPhone(thing: string): Promise<void> {
    await phone.getByRole("button", { name: words.phone.approve }).click({ timeout: patienceMs });
    await desk.locator(".thing", { hasText: thing }).waitFor({ timeout: patienceMs });
    await phone.getByText(words.phone.takeIt).waitFor({ timeout: patienceMs });
    await desk.waitForSelector("#lamp.on", { timeout: patienceMs });
  }

  it("finds its page by the code on the demo's page, which goes once the phone is there", async () => {
    await desk.locator("#own-code").waitFor({ timeout: patienceMs });
    const code = await readCode(new Uint8Array(await desk.locator("#own-code").screenshot()));
    expect(code).toBe(phoneUrl);
    await phone.goto(phoneUrl);
    await phone.getByText(words.phone.ready).waitFor({ timeout: patienceMs });
    await desk.getByText("Your phone is the wallet app now.").waitFor({ timeout: patienceMs });
    expect(await desk.locator("#own-code").isVisible()).toBe(false);
  });

  it("scans the panel with its camera", async () => {
    await phone.getByRole("button", { name: words.own.phone.camera }).click();
    await phone.getByText(words.phone.choose).waitFor({ timeout: patienceMs });
    await phone.getByRole("button", { name: words.own.phone.camera }).waitFor({ timeout: patienceMs });
    await desk.getByRole("button", { name: "A2 Cola" }).click();
    await approveOnPhone("Cola");
  });

  it("takes a photo of the panel, and says when no code is in it", async () => {
    await desk.getByRole("button", { name: "A1 Water" }).click();
    await expect.poll(codeOnGlass, { timeout: patienceMs }).toMatch(/\/28\//);
    const empty = createCanvas(300, 300).toBuffer("image/png");
    await phone.setInputFiles("#photo", { name: "empty.png", mimeType: "image/png", buffer: empty });
    await phone.getByText(words.own.phone.unread).waitFor({ timeout: patienceMs });
    const picture = Buffer.from(await glass());
    await phone.setInputFiles("#photo", { name: "panel.png", mimeType: "image/png", buffer: picture });
    await approveOnPhone("Water");
  });

  it("takes the letters at the end of the code, and no others", async () => {
    await desk.getByRole("button", { name: "A3 Apple juice" }).click();
    await expect.poll(codeOnGlass, { timeout: patienceMs }).toMatch(/\/28\//);
    const end = (await codeOnGlass())?.split("/").at(-1) ?? "";
    await desk.getByText(`the code on the panel ends in ${end}`).waitFor({ timeout: patienceMs });
    const field = phone.getByLabel(words.own.phone.typed);
    await field.fill(`${end.slice(1)}x`);
    await field.press("Enter");
    await phone.getByText(words.own.phone.wrongLetters).waitFor({ timeout: patienceMs });
    await field.fill(end.toLowerCase());
    await field.press("Enter");
    await approveOnPhone("Apple juice");
  });

  it("has no fault that axe-core finds, and is no wider than the glass", async () => {
    await phone.evaluate(axe.source);
    const found: unknown = await phone.evaluate("axe.run().then(({ violations }) => violations)");
    expect(violations.parse(found)).toEqual([]);
    expect(await phone.evaluate("document.documentElement.scrollWidth")).toBe(390);
  });

  it("is the wallet and nothing else: what others in the network might try is refused", async () => {
    const origin = new URL(phoneUrl).origin;
    const json = { "content-type": "application/json" };
    const octets = { "content-type": "application/octet-stream" };
    const status = async (path: string, options?: Parameters<APIRequestContext["post"]>[1]): Promise<number> =>
      (await request.post(new URL(path, phoneUrl).href, options)).status();
    // Without the secret, with a wrong one, and under another name (DNS rebinding).
    for (const path of ["/", "/view", "/do", "/panel.png", `/${"A".repeat(22)}/view`])
      expect((await request.get(`${origin}${path}`)).status(), path).toBe(404);
    const rebound = { headers: { host: "kvitt.example" } };
    expect((await request.get(`${phoneUrl}view`, rebound)).status()).toBe(404);
    // The machine, its switches and its code are not here.
    for (const path of ["check", "panel.png", "own-phone.svg"])
      expect((await request.get(`${phoneUrl}${path}`)).status(), path).toBe(404);
    for (const data of [{ action: "reset" }, { action: "press", id: "A1" }, { action: "approve", more: 1 }])
      expect(await status("do", { headers: json, data }), data.action).toBe(400);
    // What a form of another site could send, and what is too large.
    expect(await status("do", { headers: { "content-type": "text/plain" }, data: '{"action":"home"}' })).toBe(415);
    expect(await status("do", { headers: json, data: { action: "type", text: "x".repeat(2_000) } })).toBe(400);
    expect(await status("scan?width=9000&height=9000", { headers: octets, data: Buffer.alloc(10) })).toBe(400);
    expect(await status("scan?width=30&height=30", { headers: octets, data: Buffer.alloc(10) })).toBe(400);
    expect(await status("scan?width=1100&height=1100", { headers: octets, data: Buffer.alloc(1_210_000) })).toBe(400);
  });
});
