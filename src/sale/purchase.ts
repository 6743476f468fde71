/** From a selection to what is bought, and to the request that pays for it. */
import { defined } from "../kit/defined.ts";
import { type Catalogue, isForSale, type Product, productOnLine, productsForSale } from "./catalogue.ts";
import type { Reference } from "./ids.ts";
import { isPayableAmount, type Money } from "./money.ts";
import type { PaymentFlow, PaymentRequest, ReceiptLine } from "./payment.ts";
import type { SalePolicy } from "./policy.ts";
import type { Selection } from "./selection.ts";
import type { Purchase } from "./settlement.ts";

export type Resolved =
  | { readonly kind: "purchase"; readonly purchase: Purchase; readonly minimumAge: number | undefined }
  | { readonly kind: "sold-out" }
  | { readonly kind: "no-such-line" }
  | { readonly kind: "not-payable"; readonly amount: Money };

function purchaseOfProduct(selection: Selection, product: Product, price: Money): Purchase {
  const { id, name, line, vatRate } = product;
  return { selection, productId: id, name, line, vatRate, price };
}

/**
 * What the selection means: names and prices by the session's own snapshot of the catalogue, availability by what is known now.
 */
export function resolveSelection(
  selection: Selection,
  snapshot: Catalogue,
  now: Catalogue,
  policy: SalePolicy,
): Resolved {
  const resolved = lookUp(selection, snapshot, now, policy);
  if (resolved.kind !== "purchase") return resolved;
  const { price } = resolved.purchase;
  return price.currency === policy.currency && isPayableAmount(price)
    ? resolved
    : { kind: "not-payable", amount: price };
}

function lookUp(selection: Selection, snapshot: Catalogue, now: Catalogue, policy: SalePolicy): Resolved {
  switch (selection.kind) {
    case "line": {
      const product = productOnLine(snapshot, selection.line);
      if (product === undefined) return { kind: "no-such-line" };
      const current = productOnLine(now, selection.line);
      if (current === undefined || current.id !== product.id || !isForSale(current)) return { kind: "sold-out" };
      return {
        kind: "purchase",
        purchase: purchaseOfProduct(selection, product, product.price),
        minimumAge: product.minimumAge,
      };
    }
    case "priced": {
      const product = selection.item === undefined ? undefined : productOnLine(snapshot, selection.item);
      const purchase: Purchase =
        product === undefined
          ? {
              selection,
              productId: selection.item ?? "unknown",
              name: selection.item ?? "",
              line: selection.item ?? "",
              vatRate: policy.defaultVatRate,
              price: selection.price,
            }
          : purchaseOfProduct(selection, product, selection.price);
      return { kind: "purchase", purchase, minimumAge: product?.minimumAge };
    }
    case "order":
      return {
        kind: "purchase",
        purchase: {
          selection,
          productId: selection.orderId,
          name: selection.title,
          line: "",
          vatRate: selection.lines[0]?.vatRate ?? policy.defaultVatRate,
          price: selection.amount,
        },
        minimumAge: selection.minimumAge,
      };
    case "time":
      return {
        kind: "purchase",
        purchase: {
          selection,
          productId: "time",
          name: `${selection.minutes} min`,
          line: selection.line ?? "",
          vatRate: policy.defaultVatRate,
          price: selection.price,
        },
        minimumAge: undefined,
      };
  }
}

/** ePayment API: `paymentDescription` has 3..100 characters. */
function descriptionOf(policy: SalePolicy, name: string): string {
  const whole = name === "" ? policy.merchantName : `${policy.merchantName}: ${name}`;
  return whole.slice(0, 100).padEnd(3, ".");
}

function linesOf(purchase: Purchase): readonly ReceiptLine[] {
  const { selection } = purchase;
  if (selection.kind === "order" && selection.lines.length > 0) return selection.lines;
  const name = purchase.name === "" ? purchase.productId : purchase.name;
  return [{ id: purchase.productId, name, quantity: 1, total: purchase.price.minor, vatRate: purchase.vatRate }];
}

function textOrNone(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/**
 * The receipt of a reservation that is made before anything is chosen. ePayment takes a receipt only when the payment is created, so it can
 * say no more than what is reserved and at which rate; what is captured of it stands in the app beside it.
 */
function reservationLines(policy: SalePolicy, amount: Money, catalogue: Catalogue): readonly ReceiptLine[] {
  const dearest = productsForSale(catalogue).find((product) => product.price.minor === amount.minor);
  if (dearest === undefined) return [];
  const name = descriptionOf(policy, "");
  return [{ id: "reservation", name, quantity: 1, total: amount.minor, vatRate: dearest.vatRate }];
}

/** The request that creates the payment for one purchase, or for the dearest price of the catalogue when there is none yet. */
export function requestFor(
  policy: SalePolicy,
  reference: Reference,
  flow: PaymentFlow,
  amount: Money,
  purchase: Purchase | null,
  minimumAge: number | undefined,
  catalogue: Catalogue,
): PaymentRequest {
  const plate = purchase?.selection.kind === "time" ? purchase.selection.plate : undefined;
  return {
    reference,
    amount,
    flow,
    description: descriptionOf(policy, purchase?.name ?? ""),
    lines: purchase === null ? reservationLines(policy, amount, catalogue) : linesOf(purchase),
    metadata: defined({ line: textOrNone(purchase?.line), plate: textOrNone(plate) }),
    ...defined({ minimumAge }),
  };
}
