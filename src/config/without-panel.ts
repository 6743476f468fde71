/** Checks of the rest of the file where `[panel] output = "none"`. */
import type { Fault } from "./fields.ts";
import type { Config } from "./schema.ts";

type WithoutPanel = Pick<Config, "panel" | "sale" | "delivery" | "tariff" | "shop">;

/** What a machine without a panel cannot do: whatever is paid by a code that it would have to show, or chosen by what it says. */
export function withoutPanelFaults({ panel, sale, delivery, tariff, shop }: WithoutPanel): readonly Fault[] {
  if (panel.output !== "none") return [];
  const faults: Fault[] = [];
  if (delivery.driver !== "gpio" && delivery.driver !== "simulated")
    faults.push({
      path: ["panel", "output"],
      message: `with driver = "${delivery.driver}" customers pay by a code on the panel: name a panel (kvitt panel list)`,
    });
  if (sale.check_in_style === "off")
    faults.push({
      path: ["sale", "check_in_style"],
      message: "without a panel, customers scan a sticker: this would do nothing then",
      instead: 'check_in_style = "choose-then-pay"',
    });
  if (sale.show_code)
    faults.push({
      path: ["sale", "show_code"],
      message: "a code is held to the scanner by who has chosen and sees the price, and there is no panel",
      instead: "show_code = false",
    });
  if (tariff !== undefined)
    faults.push({ path: ["tariff"], message: "plate and time are typed on a panel, and there is none" });
  if (shop !== undefined)
    faults.push({ path: ["shop"], message: "the web shop's code is shown on a panel, and there is none" });
  return faults;
}
