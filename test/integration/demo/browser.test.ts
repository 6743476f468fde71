/**
 * Goal: the demo's page works in a real browser, and shows the panel pixel for pixel. Method: headless Chromium presses the page's own
 * buttons; what the decoder reads from the browser's screenshot of the panel has to be what it reads from the glass.
 */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { colourPalette, createDrawing } from "../../../src/panel/draw.ts";
import { framePng } from "../../../src/panel/png.ts";
import { contentOf } from "../../../src/panel/scene/content.ts";
import { layOut } from "../../../src/panel/scene/layout.ts";
import { money } from "../../../src/sale/money.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { readCode } from "../../../src/demo/camera.ts";
import { isPayableCode } from "../../../src/demo/clients.ts";
import { startSimulator } from "../../../src/simulator/server.ts";
import { patienceMs } from "../patience.ts";
import { codeInBrowser, hasBrowser, openBrowser, openContext, startDemo, top } from "./browser-rig.ts";

describe.skipIf(!hasBrowser)("the page in Chromium", () => {
  const world: { demo?: ReturnType<typeof startDemo>; browser?: Browser; page?: Page } = {};

  beforeAll(async () => {
    world.demo = startDemo();
    world.browser = await openBrowser();
    const context = await openContext(world.browser, { viewport: { width: 1_500, height: 1_060 } });
    world.page = await context.newPage();
    await world.page.goto(await world.demo.url);
    await world.page.waitForSelector("#lamp.on", { timeout: patienceMs });
  });

  afterAll(async () => {
    await world.browser?.close();
    world.demo?.child.kill("SIGTERM");
  });

  function page(): Page {
    if (world.page === undefined) throw new Error("no page");
    return world.page;
  }

  const codeSeen = (): Promise<string | undefined> => codeInBrowser(page());

  async function codeOnGlass(): Promise<string | undefined> {
    const response = await page().request.get(new URL("/panel.png", page().url()).href);
    return readCode(new Uint8Array(await response.body()));
  }

  it("select first: press, scan, approve, and something falls", async () => {
    await page().getByRole("button", { name: "A1 Water" }).click();
    await expect.poll(codeSeen, { timeout: patienceMs }).toMatch(/^https:\/\/qr\.vipps\.no\/28\//);
    expect(await codeSeen()).toBe(await codeOnGlass());
    await page().getByRole("button", { name: "Scan the panel" }).click();
    await page().getByRole("button", { name: "Approve" }).waitFor({ timeout: patienceMs });
    const picture = process.env["KVITT_SCREENSHOT"];
    if (picture !== undefined) await page().screenshot({ path: join(top, picture) });
    await page().getByRole("button", { name: "Approve" }).click();
    await page().locator(".thing", { hasText: "Water" }).waitFor({ timeout: patienceMs });
    await page().locator("#ledger .ok").first().waitFor({ timeout: patienceMs });
  });

  it("scan first: the app waits, a button is pressed, and something falls", async () => {
    await page().waitForSelector("#lamp.on", { timeout: patienceMs });
    await expect.poll(codeSeen, { timeout: patienceMs }).toMatch(/^https:\/\/qr\.vipps\.no\/vp\//);
    await page().getByRole("button", { name: "Scan the panel" }).click();
    await page().locator("#phone").getByText("Choose the product on the machine.").waitFor({ timeout: patienceMs });
    await page().getByRole("button", { name: "A2 Cola" }).click();
    await page().getByRole("button", { name: "Approve" }).click({ timeout: patienceMs });
    await page().locator(".thing", { hasText: "Cola" }).waitFor({ timeout: patienceMs });
  });

  it("show code: the personal code is held to the scanner", async () => {
    await page().waitForSelector("#lamp.on", { timeout: patienceMs });
    await page().getByRole("button", { name: "A3 Apple juice" }).click();
    await expect.poll(codeSeen, { timeout: patienceMs }).toMatch(/\/28\//);
    await page().getByRole("button", { name: "Hold my code" }).click();
    await page().getByRole("button", { name: "Approve" }).click({ timeout: patienceMs });
    await page().locator(".thing", { hasText: "Apple juice" }).waitFor({ timeout: patienceMs });
  });

  /** Clicks a switch, and waits until the page shows that it was turned. */
  async function turn(label: string): Promise<void> {
    const one = page().locator(".switch", { hasText: label });
    const before = await one.getAttribute("aria-pressed");
    await one.click();
    await expect.poll(() => one.getAttribute("aria-pressed"), { timeout: patienceMs }).not.toBe(before);
  }

  async function scene(): Promise<string> {
    const text = await codeOnGlass().catch(() => undefined);
    return text === undefined ? "no code" : "code";
  }

  it("the network to the provider breaks: the code goes, and comes back", async () => {
    await page().waitForSelector("#lamp.on", { timeout: patienceMs });
    await turn("Network to the provider");
    await expect.poll(scene, { timeout: patienceMs }).toBe("no code");
    await turn("Network to the provider");
    await expect.poll(scene, { timeout: patienceMs }).toBe("code");
  });

  it("the broker and the relay break: no callback code, and it comes back", async () => {
    for (const label of ["MQTT broker", "Relay, which passes scans on"]) {
      await turn(label);
      await expect.poll(scene, { timeout: patienceMs }).toBe("no code");
      await turn(label);
      await expect.poll(scene, { timeout: patienceMs }).toBe("code");
    }
  });

  it("the coil jams: nothing falls, nothing is kept", async () => {
    const before = await page().locator(".thing").count();
    await turn("Coils");
    await page().getByRole("button", { name: "B1 Salted nuts" }).click();
    await expect.poll(codeSeen, { timeout: patienceMs }).toMatch(/\/28\//);
    await page().getByRole("button", { name: "Scan the panel" }).click();
    await page().getByRole("button", { name: "Approve" }).click({ timeout: patienceMs });
    await expect
      .poll(() => page().locator("#ledger tbody tr").first().innerText(), { timeout: patienceMs })
      .toMatch(/0\.00\s+35\.00\s+0\.00\s+given back/);
    // What the customer reads is what became of the money, and the page says how a jam is mended.
    await page().locator("#phone").getByText("You have not paid anything.").waitFor({ timeout: patienceMs });
    expect(await page().locator(".notice").innerText()).toContain("kvitt machine serviced");
    expect(await page().locator(".thing").count()).toBe(before);
    await page().getByRole("button", { name: "Free them and say so" }).click();
    await page().locator("#log").getByText("B1 is for sale again").waitFor({ timeout: patienceMs });
    expect(await page().locator(".notice").count()).toBe(0);
    expect(await page().locator("#log").innerText()).not.toContain("{");
  });

  it("a wrong clock sells nothing", async () => {
    await page().waitForSelector("#lamp.on", { timeout: patienceMs });
    await turn("Clock");
    await expect.poll(scene, { timeout: patienceMs }).toBe("no code");
    await turn("Clock");
    await expect.poll(scene, { timeout: patienceMs }).toBe("code");
  });

  it("the power is cut while a customer pays: dark, then as if nothing had been", async () => {
    await page().getByRole("button", { name: "A1 Water" }).click();
    await expect.poll(codeSeen, { timeout: patienceMs }).toMatch(/\/28\//);
    await page().getByRole("button", { name: "Scan the panel" }).click();
    await page().getByRole("button", { name: "Approve" }).waitFor({ timeout: patienceMs });
    await turn("Power");
    expect(await codeSeen()).toBeUndefined();
    await page().getByRole("button", { name: "Approve" }).click();
    await turn("Power");
    await page().waitForSelector("#lamp.on", { timeout: patienceMs });
  });

  it("another machine stands there when it is chosen, with its own buttons, and sells", async () => {
    await page().getByRole("button", { name: "Vending on MDB" }).click();
    await page().getByRole("button", { name: "The machine's own display" }).waitFor({ timeout: patienceMs });
    await page().waitForSelector("#lamp.on", { timeout: patienceMs });
    await page().locator('[id="press-2"]').click();
    await expect.poll(codeSeen, { timeout: patienceMs }).toMatch(/\/28\//);
    await page().getByRole("button", { name: "Scan the panel" }).click();
    await page().getByRole("button", { name: "Approve" }).click({ timeout: patienceMs });
    await page().locator(".thing", { hasText: "Cola" }).waitFor({ timeout: patienceMs });
  });

  it("at the end ledger, journal and glass are right", async () => {
    const check = async (): Promise<unknown> => (await page().request.get(new URL("/check", page().url()).href)).json();
    await expect.poll(check, { timeout: patienceMs }).toEqual({ failures: [] });
  });
});

it("a planted frame with a wrong code is read, and is no code that can be paid", async () => {
  const drawing = createDrawing(new URL("../../../src/panel/font/", import.meta.url));
  const geometry = {
    id: "t",
    name: "t",
    widthPx: 600,
    heightPx: 360,
    widthMm: 115,
    heightMm: 69,
    colours: "colour",
    isLive: true,
    readingDistanceMm: 500,
  } as const;
  const wrong = "https://qr.vipps.no/28/2/05/031/notOurs99";
  const scene = {
    kind: "pay",
    qr: { kind: "content", text: wrong },
    product: "Water",
    price: money(2_500, "NOK"),
    secondsLeft: 60,
    canShowCode: false,
  } as const;
  const list = layOut(contentOf(scene, "en", { timeZone: "Europe/Oslo" }), geometry, drawing.measure);
  const text = await readCode(framePng(await drawing.draw(list, colourPalette)));
  expect(text).toBe(wrong);
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(1), msn: "123456" });
  expect(await isPayableCode(simulator.url, text ?? "")).toBe(false);
  await simulator.close();
});
