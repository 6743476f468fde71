/** What the demo's machines sell, and how it stands in a configuration. */
import { money, plainText } from "../../sale/money.ts";
import type { Control } from "./port.ts";

export interface DemoProduct {
  readonly id: string;
  readonly name: string;
  readonly price: number;
  readonly vatRate: number;
  readonly line: string;
}

export const products: readonly DemoProduct[] = [
  { id: "water", name: "Water", price: 2_500, vatRate: 1_500, line: "A1" },
  { id: "cola", name: "Cola", price: 3_200, vatRate: 1_500, line: "A2" },
  { id: "juice", name: "Apple juice", price: 2_900, vatRate: 1_500, line: "A3" },
  { id: "nuts", name: "Salted nuts", price: 3_500, vatRate: 1_500, line: "B1" },
  { id: "chocolate", name: "Chocolate", price: 2_800, vatRate: 1_500, line: "B2" },
];

export function productTables(all: readonly DemoProduct[]): string {
  return all
    .map(
      (one) => `
[[product]]
id = "${one.id}"
name = "${one.name}"
price = ${one.price}
vat_rate = ${one.vatRate}
line = "${one.line}"
`,
    )
    .join("");
}

export function crowns(minor: number): string {
  return plainText(money(minor, "NOK"));
}

export function productControls(all: readonly DemoProduct[]): readonly Control[] {
  return all.map(({ line, name, price }) => ({
    id: line,
    key: line,
    label: name,
    detail: crowns(price),
    look: "product",
  }));
}

export const cancelControl: Control = { id: "cancel", word: "cancel", key: "", label: "", detail: "", look: "action" };
