/** Goal: whoever does not see the glass is told all that stands on it, in plain sentences. Method: every sample scene in every language. */
import { describe, expect, it } from "vitest";
import { languages } from "../../../../src/panel/languages.ts";
import { described, descriptionOf, framePng } from "../../../../src/panel/png.ts";
import type { Scene } from "../../../../src/panel/port.ts";
import { contentOf } from "../../../../src/panel/scene/content.ts";
import { sampleScenes } from "../../../../src/panel/scene/samples.ts";
import { sceneText } from "../../../../src/panel/scene/scene-text.ts";
import { money } from "../../../../src/sale/money.ts";

const settings = { timeZone: "Europe/Oslo", contact: "22 33 44 55" };

describe("a scene in words", () => {
  it("is what a customer would be read aloud", () => {
    const pay: Scene = {
      kind: "pay",
      qr: { kind: "content", text: "https://qr.vipps.no/28/2/05/031/abc" },
      product: "Water",
      price: money(2_550, "NOK"),
      secondsLeft: 42,
      canShowCode: true,
    };
    expect(sceneText(contentOf(pay, "en", settings), "en", true)).toBe(
      "Scan in Vipps or MobilePay. NOK 25.50. Water. Or hold the code from the app to the reader. QR code.",
    );
    const out: Scene = { kind: "out-of-service", reason: "mqtt" };
    expect(sceneText(contentOf(out, "nb", settings), "nb", false)).toBe(
      "Ute av drift. Betaling virker ikke akkurat nå. Hjelp: 22 33 44 55. Feilkode E4.",
    );
  });

  it.each(languages)("has all that is drawn but what changes by the second (%s)", (language) => {
    for (const { name, scene } of sampleScenes()) {
      const content = contentOf(scene, language, settings);
      const text = sceneText(content, language, content.qr !== undefined);
      const wanted = [content.title, content.big, content.footer, ...content.lines.map((line) => line.text)];
      const products = content.offers.flatMap((offer) => [offer.name, offer.price]);
      for (const part of [...wanted, ...products]) expect(text, name).toContain((part ?? "").replaceAll("\u00a0", " "));
      if (content.timeLeft !== undefined) expect(text, name).not.toContain(content.timeLeft);
      expect(/QR/.test(text), name).toBe(content.qr !== undefined);
      expect(text, name).toMatch(/[.!?:…]$/);
    }
  });

  it("travels in the picture and is found again, in every letter", () => {
    const bare = framePng({ widthPx: 2, heightPx: 1, rgba: new Uint8ClampedArray(8) });
    expect(descriptionOf(bare)).toBeUndefined();
    expect(descriptionOf(Uint8Array.of())).toBeUndefined();
    expect(descriptionOf(described(bare, "Välj en vara. 39 €"))).toBe("Välj en vara. 39 €");
  });
});
