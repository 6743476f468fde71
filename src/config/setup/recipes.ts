/** The recipes in hardware/recipes: what `kvitt init` writes for each trade when everything is left as proposed, and its header. Pure. */
import { pinsPage } from "../header-pins.ts";
import type { PanelPins } from "../pins.ts";
import { tradeNames } from "./answers.ts";
import { setUp } from "./plan.ts";
import { trades } from "./trades.ts";

/** Each file of the folder by its name. */
export function recipeFiles(panels: readonly PanelPins[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const trade of tradeNames) {
    const made = setUp(
      {
        trade,
        id: `${trade}-1`,
        location: trades[trade].location.nb,
        msn: "123456",
        broker: "mqtts://broker.example.com:8883",
      },
      panels,
    );
    if (!made.ok) throw new Error(`the recipe ${trade} is not right: ${made.faults.join("; ")}`);
    files.set(`${trade}.toml`, made.text);
    files.set(`${trade}.pins.txt`, `${pinsPage(made.config, panels)}\n`);
  }
  return files;
}
