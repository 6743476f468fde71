/** Goal: the back office cannot set what the file could not say. Method: a whole kiosk, the signed order as it comes, and what is sold after it. */
import { describe, expect, it } from "vitest";
import type { Catalogue, Product } from "../../../src/sale/catalogue.ts";
import { money } from "../../../src/sale/money.ts";
import { catalogue } from "../sale/support.ts";
import { KioskRig } from "./rig.ts";

const water: Product = { id: "water", name: "Vann", price: money(2_700, "NOK"), vatRate: 1_500, line: "A1" };
const set = (products: readonly Product[], currency: Catalogue["currency"] = "NOK"): Catalogue => ({
  currency,
  version: "2",
  products,
});

function rig(): Promise<KioskRig> {
  return new KioskRig({
    settings: {
      lineFault: (line, price) => {
        if (!/^A[1-4]$/.test(line)) return { key: "line", message: "there is no such line" };
        return price > 5_000 ? { key: "price", message: "more pulses than are sent" } : undefined;
      },
    },
  }).start();
}

describe("set-catalogue", () => {
  it("takes what the file would take, and sells it from then on", async () => {
    const kiosk = await rig();
    expect(await kiosk.command({ kind: "set-catalogue", catalogue: set([water]) })).toMatchObject({ outcome: "done" });
    expect(JSON.stringify(kiosk.kiosk.scene())).toContain("2700");
  });

  it.each<[string, Catalogue, RegExp]>([
    ["another currency", set([{ ...water, price: money(2_700, "DKK") }], "DKK"), /sells in NOK/],
    ["50 øre", set([{ ...water, price: money(50, "NOK") }]), /products\[0\]\.price = 50: .*under 100/],
    ["a price of nothing", set([{ ...water, price: money(0, "NOK") }]), /price = 0/],
    ["more than any wallet has", set([{ ...water, price: money(1e15, "NOK") }]), /at most 65000000/],
    ["a name that no scene can draw", set([{ ...water, name: "Va\u0000nn" }]), /U\+0000/],
    ["a line that there is not", set([{ ...water, line: "Z9" }]), /no such line/],
    ["a price that the line cannot deliver", set([{ ...water, price: money(6_000, "NOK") }]), /more pulses/],
  ])("with %s is refused with the reason, and nothing is changed", async (_name, wrong, reason) => {
    const kiosk = await rig();
    const before = kiosk.kiosk.scene();
    const reply = await kiosk.command({ kind: "set-catalogue", catalogue: wrong });
    expect(reply).toMatchObject({ outcome: "refused" });
    expect(reply?.outcome === "refused" ? reply.reason : "").toMatch(reason);
    expect(kiosk.kiosk.scene()).toEqual(before);
    const later = await new KioskRig({ journal: kiosk.journal }).start();
    expect(later.kiosk.scene()).toEqual(before);
    expect(catalogue.products.length).toBeGreaterThan(1);
  });
});
