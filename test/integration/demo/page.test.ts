/**
 * Goal: everybody can use the demo's page: on a phone, by keyboard alone, with a screen reader, in five languages, in any number of tabs, also when the
 * demo ends and comes back; and the worst minute ends with nothing lost. Method: headless Chromium and axe-core on the real demo.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { languages } from "../../../src/panel/languages.ts";
import { pageTexts } from "../../../src/demo/page/texts/all.ts";
import { kvittArgs } from "../kvitt.ts";
import { patienceMs } from "../patience.ts";
import {
  codeInBrowser,
  endDemo,
  hasBrowser,
  openBrowser,
  openContext,
  type RunningDemo,
  startDemo,
  top,
} from "./browser-rig.ts";

const phone = { width: 390, height: 844 };
const desk = { width: 1_500, height: 1_060 };
const violations = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }));

describe.skipIf(!hasBrowser)("the demo's page", () => {
  const world: { demo?: RunningDemo; browser?: Browser; context?: BrowserContext; page?: Page; url: string } = {
    url: "",
  };

  beforeAll(async () => {
    world.demo = startDemo();
    world.browser = await openBrowser();
    world.context = await openContext(world.browser, { viewport: desk, locale: "en-GB", reducedMotion: "reduce" });
    world.page = await world.context.newPage();
    world.url = await world.demo.url;
    await world.page.goto(world.url);
    await ready();
  });

  afterAll(async () => {
    await world.browser?.close();
    if (world.demo !== undefined) await endDemo(world.demo);
  });

  function page(): Page {
    if (world.page === undefined) throw new Error("no page");
    return world.page;
  }

  async function ready(one = page()): Promise<void> {
    await one.waitForSelector("#lamp.on", { timeout: patienceMs });
  }

  async function faults(): Promise<readonly string[]> {
    if (!(await page().evaluate("'axe' in globalThis"))) await page().addScriptTag({ content: axe.source });
    const found: unknown = await page().evaluate("axe.run().then(({ violations }) => violations)");
    return violations.parse(found).map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }

  /** Presses Tab until the element has the focus: how often. */
  async function tabTo(selector: string): Promise<number> {
    for (let presses = 0; presses < 60; presses += 1) {
      if (await page().locator(`${selector}:focus-visible`).count()) return presses;
      await page().keyboard.press("Tab");
    }
    throw new Error(`Tab never came to ${selector}`);
  }

  const isHeld = (selector: string): Promise<boolean> =>
    page()
      .locator(`${selector}:focus`)
      .count()
      .then((count) => count === 1);

  async function widthOfPage(): Promise<number> {
    return z.number().parse(await page().evaluate("document.documentElement.scrollWidth"));
  }

  it("a whole purchase and a mishap by keyboard alone: the focus is seen, and never lost", async () => {
    await tabTo("#press-A1");
    const outline = z
      .object({ style: z.string(), width: z.string() })
      .parse(
        await page().evaluate(
          "(({ outlineStyle, outlineWidth }) => ({ style: outlineStyle, width: outlineWidth }))(getComputedStyle(document.activeElement))",
        ),
      );
    expect(outline).toEqual({ style: "solid", width: "3px" });
    await page().keyboard.press("ArrowRight");
    expect(await isHeld("#press-A2")).toBe(true);
    await page().keyboard.press("Enter");
    await expect
      .poll(() => page().locator("#panel").getAttribute("alt"), { timeout: patienceMs })
      .toContain("NOK 32. Cola.");
    expect(await isHeld("#press-A2")).toBe(true);
    await expect.poll(() => codeInBrowser(page()), { timeout: patienceMs }).toContain("/28/");
    await tabTo("#scan");
    await page().keyboard.press("Enter");
    await page().getByRole("button", { name: "Approve" }).waitFor({ timeout: patienceMs });
    expect(await isHeld("#scan")).toBe(true);
    expect(await faults()).toEqual([]);
    await page().keyboard.press("Shift+Tab");
    await page().keyboard.press("Shift+Tab");
    await page().keyboard.press("Enter");
    await page().locator(".thing", { hasText: "Cola" }).waitFor({ timeout: patienceMs });
    // The button that was pressed is gone: the focus is where the phone goes on.
    expect(await isHeld(".hand button")).toBe(true);
    await page().getByText("You paid 32.00 NOK.", { exact: true }).waitFor({ timeout: patienceMs });
    await ready();
    await tabTo('[data-key="network"]');
    await page().keyboard.press("Enter");
    await page().locator(".notice").waitFor({ timeout: patienceMs });
    expect(await isHeld('[data-key="network"]')).toBe(true);
    await expect
      .poll(() => page().locator("#panel").getAttribute("alt"), { timeout: patienceMs })
      .toContain("Out of service.");
    expect(await faults()).toEqual([]);
    await page().keyboard.press("Enter");
    await ready();
  });

  it("a keyboard's user has few stops, whatever stands there", async () => {
    await page().locator("#language").focus();
    expect(await tabTo("#log")).toBeLessThan(16);
  });

  it.each(["light", "dark"] as const)(
    "has no fault that axe-core finds (%s), wide and on a phone",
    async (colorScheme) => {
      await page().emulateMedia({ colorScheme });
      for (const size of [desk, phone]) {
        await page().setViewportSize(size);
        expect(await faults()).toEqual([]);
      }
      await page().setViewportSize(desk);
      await page().emulateMedia({ colorScheme: "light" });
    },
  );

  it("on a phone nothing is wider than the glass, in any language, and panel and phone are seen together", async () => {
    await page().setViewportSize(phone);
    for (const language of languages) {
      await page().selectOption("#language", language);
      const words = pageTexts[language].page;
      await page().getByRole("button", { name: words.reset }).waitFor({ timeout: patienceMs });
      expect(await page().locator("html").getAttribute("lang")).toBe(language);
      await page().getByText(pageTexts[language].kinds.vending.hint).waitFor({ timeout: patienceMs });
      expect(await widthOfPage(), language).toBe(phone.width);
      expect(await page().locator("#log").innerText()).toContain(pageTexts[language].ready);
    }
    await page().locator("#bezel").scrollIntoViewIfNeeded();
    await page().evaluate("document.querySelector('#bezel').scrollIntoView()");
    const [panel, scan] = await Promise.all([
      page().locator("#panel").boundingBox(),
      page().locator("#scan").boundingBox(),
    ]);
    expect(panel?.y).toBeGreaterThanOrEqual(0);
    expect((panel?.y ?? 0) + (panel?.height ?? 0)).toBeLessThan(scan?.y ?? 0);
    expect((scan?.y ?? 0) + (scan?.height ?? 0)).toBeLessThanOrEqual(phone.height);
    // The language stays when the page is loaded again.
    await page().selectOption("#language", "fi");
    await page().reload();
    await page().getByRole("button", { name: pageTexts.fi.page.reset }).waitFor({ timeout: patienceMs });
    await page().selectOption("#language", "en");
    await page().setViewportSize(desk);
  });

  it("the worst minute ends with nothing lost, and says what it counted", async () => {
    await ready();
    await page().getByRole("button", { name: "Show me the worst minute" }).click();
    await expect.poll(() => isHeld("#story"), { timeout: patienceMs }).toBe(true);
    await page()
      .locator("#story .figures")
      .waitFor({ timeout: 2 * patienceMs });
    const told = await page().locator("#story").innerText();
    expect(told).toMatch(/32\.00 NOK\s+sold|sold\s+32\.00 NOK/);
    expect(told).toMatch(/60\.00 NOK\s+given back|given back\s+60\.00 NOK/);
    expect(told).toMatch(/(?<!\d)0\.00 NOK\s+lost|lost\s+0\.00 NOK/);
    expect(told).toContain("4 payments of the story; all have ended");
    expect(told).toContain("journal has 4 of them, and 32.00 NOK kept");
    expect(told).toContain("What fell: Cola.");
    expect(await page().locator("#story .wrong").count()).toBe(0);
    expect(await faults()).toEqual([]);
    await page().getByRole("button", { name: "Start over" }).click();
    await page().locator("#story").waitFor({ state: "hidden", timeout: patienceMs });
    await page().getByText("No payment yet.").waitFor({ timeout: patienceMs });
    expect(await page().locator(".thing").count()).toBe(0);
  });

  it("more tabs than a browser allows connections to one server (six) see the same", async () => {
    const { context } = world;
    if (context === undefined) throw new Error("no context");
    await ready();
    const tabs: Page[] = [];
    for (let count = 0; count < 8; count += 1) {
      const tab = await context.newPage();
      tabs.push(tab);
      await tab.goto(world.url, { timeout: patienceMs });
    }
    await Promise.all(tabs.map((tab) => ready(tab)));
    const sees = async (alt: string): Promise<void> => {
      await Promise.all(
        tabs.map((tab) => tab.locator(`#panel[alt*="${alt}"]`).waitFor({ state: "attached", timeout: patienceMs })),
      );
    };
    await tabs[0]?.locator('[data-key="network"]').click();
    await sees("Out of service.");
    await tabs[7]?.getByRole("button", { name: "Connect it" }).click();
    await sees("Pay with");
    await Promise.all(tabs.map((tab) => tab.close()));
    await ready();
  });

  it("a port that is taken is said in one sentence", async () => {
    const { port } = new URL(world.url);
    const said = await promisify(execFile)(process.execPath, kvittArgs("demo", "--port", port), { cwd: top }).then(
      () => "it started",
      (error: unknown) => (error instanceof Error && "stderr" in error ? String(error.stderr) : String(error)),
    );
    expect(said).toContain(`port ${port} on 127.0.0.1 is in use`);
  });

  it("an order that another site could send is not taken", async () => {
    const answer = await fetch(new URL("/do", world.url), { method: "POST", body: '{"action":"reset"}' });
    expect(answer.status).toBe(415);
  });

  it("says that the demo is gone, and goes on by itself when it is back", async () => {
    if (world.demo === undefined) throw new Error("no demo");
    await endDemo(world.demo);
    await page().getByText("The demo does not answer.").waitFor({ timeout: patienceMs });
    world.demo = startDemo(new URL(world.url).port);
    await world.demo.url;
    await page().locator("#banner").waitFor({ state: "hidden", timeout: patienceMs });
    await ready();
    await page().getByRole("button", { name: "A1 Water" }).click();
    await page().locator("#log").getByText("You press Water.").waitFor({ timeout: patienceMs });
  });
});
