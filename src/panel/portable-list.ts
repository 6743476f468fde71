/** A display list that can be sent to another thread. Functions cannot, so a symbol is sent as its modules. */
import type { QrPlan } from "./qr/planner.ts";
import type { QrSymbol } from "./qr/symbol.ts";
import type { DisplayItem, DisplayList } from "./scene/display-list.ts";

type PortableSymbol = Omit<QrSymbol, "isDark"> & { readonly dark: Uint8Array };
type QrItem = Extract<DisplayItem, { kind: "qr" }>;
type PortableItem =
  | Exclude<DisplayItem, QrItem>
  | (Omit<QrItem, "plan"> & { readonly plan: Omit<QrPlan, "symbol"> & { readonly symbol: PortableSymbol } });

export interface PortableList extends Omit<DisplayList, "items"> {
  readonly items: readonly PortableItem[];
}

export function toPortable(list: DisplayList): PortableList {
  return {
    ...list,
    items: list.items.map((item) => {
      if (item.kind !== "qr") return item;
      const { isDark, ...about } = item.plan.symbol;
      const dark = Uint8Array.from({ length: about.size * about.size }, (_, index) =>
        isDark(Math.floor(index / about.size), index % about.size) ? 1 : 0,
      );
      return { ...item, plan: { ...item.plan, symbol: { ...about, dark } } };
    }),
  };
}

export function fromPortable(list: PortableList): DisplayList {
  return {
    ...list,
    items: list.items.map((item) => {
      if (item.kind !== "qr") return item;
      const { dark, ...about } = item.plan.symbol;
      const symbol: QrSymbol = { ...about, isDark: (row, column) => dark[row * about.size + column] === 1 };
      return { ...item, plan: { ...item.plan, symbol } };
    }),
  };
}
