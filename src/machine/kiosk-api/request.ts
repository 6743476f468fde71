/** From an HTTP request to what is asked for: paths, queries and bodies of docs/kiosk-api.openapi.json, checked. Pure. */
import * as z from "zod";
import { defined } from "../../kit/defined.ts";
import {
  type Currency,
  isCurrency,
  isMinor,
  isPayableAmount,
  type Minor,
  minor,
  paymentFloorsText,
  paymentMinorMax,
  walletCurrenciesText,
} from "../../sale/money.ts";
import type { OrderSelection } from "../../sale/order.ts";
import type { DeliveryOutcome } from "../port.ts";
import type { DeliveryKey } from "./deliveries.ts";
import type { HandIn } from "./port.ts";
import { problem, type Problem } from "./problem.ts";

export interface ApiRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** Parsed JSON; undefined when there is no body. */
  readonly body: unknown;
}

export interface Wait {
  readonly waitMs: number;
  /** The version that the caller has; undefined: whatever is true now. */
  readonly after: string | undefined;
}

export type ApiCall =
  | { readonly kind: "pay"; readonly order: Omit<OrderSelection, "orderId">; readonly id: string | undefined }
  | { readonly kind: "hand-in"; readonly order: HandIn }
  | { readonly kind: "look"; readonly key: DeliveryKey; readonly wait: Wait }
  | { readonly kind: "cancel"; readonly id: string }
  | { readonly kind: "begin"; readonly key: DeliveryKey }
  | { readonly kind: "end"; readonly key: DeliveryKey; readonly outcome: DeliveryOutcome }
  | { readonly kind: "machine"; readonly wait: Wait }
  | { readonly kind: "events" }
  | { readonly kind: "document" };

type Parsed = { readonly ok: true; readonly call: ApiCall } | { readonly ok: false; readonly problem: Problem };

const waitMsMax = 60_000;

/** Names go onto receipts and into records: no control characters. */
const words = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters");
const idPattern = /^[A-Za-z0-9._-]{1,64}$/;
const id = z.string().regex(idPattern, "1 to 64 letters, digits, dots, - or _");
const age = z.int().min(1).max(99);

const receiptLine = z.strictObject({
  id: words(64),
  name: words(100),
  quantity: z.int().min(1).max(10_000),
  total: z
    .int()
    .min(0)
    .max(paymentMinorMax)
    .transform((value) => minor(value)),
  vatRate: z.int().min(0).max(10_000),
});

const payment = z
  .strictObject({
    id: id.optional(),
    amount: z.int().min(1).max(paymentMinorMax),
    currency: z.string().refine(isCurrency, walletCurrenciesText),
    title: words(60),
    lines: z.array(receiptLine).max(50).default([]),
    minimumAge: age.optional(),
  })
  .refine(({ lines, amount }) => lines.length === 0 || lines.reduce((sum, { total }) => sum + total, 0) === amount, {
    path: ["lines"],
    message: "their totals do not add up to amount",
  })
  // A refinement runs although a field's own check has failed; that check says what is wrong then.
  .refine(({ amount, currency }) => !isMinor(amount) || !isCurrency(currency) || isPayable(amount, currency), {
    path: ["amount"],
    message: `under the provider's smallest payment (${paymentFloorsText})`,
  });

function isPayable(amount: Minor, currency: Currency): boolean {
  return isPayableAmount({ minor: amount, currency });
}

const handIn = z
  .strictObject({
    orderId: id,
    line: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,20}$/)
      .optional(),
    title: words(60).optional(),
  })
  .refine(({ line, title }) => (line === undefined) !== (title === undefined), {
    path: ["line"],
    message: "either line, of a product on this machine, or title, of something that only the front end knows",
  });

const delivered = z.strictObject({ detail: words(200).optional() });
const notDelivered = z.strictObject({ reason: words(200) });
const nothing = z.strictObject({});

function fault(error: z.ZodError): Problem {
  const issue = error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "the body" : issue.path.join(".");
  return problem("invalid", `${where}: ${issue?.message ?? "not as documented"}`);
}

function parse<T>(schema: z.ZodType<T>, body: unknown, toCall: (value: T) => ApiCall): Parsed {
  const parsed = schema.safeParse(body ?? {});
  return parsed.success ? { ok: true, call: toCall(parsed.data) } : { ok: false, problem: fault(parsed.error) };
}

function payOf(value: z.infer<typeof payment>): ApiCall {
  const { amount, currency, title, lines, minimumAge } = value;
  // The schema has looked already.
  if (!isCurrency(currency)) throw new RangeError(`${String(currency)} is no currency of the wallet`);
  const order = {
    kind: "order" as const,
    amount: { minor: minor(amount), currency },
    title,
    lines,
    ...defined({ minimumAge }),
  };
  return { kind: "pay", order, id: value.id };
}

function handInOf({ orderId, line, title }: z.infer<typeof handIn>): ApiCall {
  return { kind: "hand-in", order: line === undefined ? { orderId, title: title ?? "" } : { orderId, line } };
}

function endOf(key: DeliveryKey, outcome: DeliveryOutcome): ApiCall {
  return { kind: "end", key, outcome };
}

function waitOf(query: URLSearchParams): Wait | Problem {
  const text = query.get("wait");
  const after = query.get("after") ?? undefined;
  if (text === null) return { waitMs: 0, after };
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds * 1_000 <= waitMsMax)) return problem("invalid", `wait: whole seconds, 0 to ${waitMsMax / 1_000}`);
  return { waitMs: seconds * 1_000, after };
}

function looking(query: URLSearchParams, toCall: (wait: Wait) => ApiCall): Parsed {
  const wait = waitOf(query);
  return "status" in wait ? { ok: false, problem: wait } : { ok: true, call: toCall(wait) };
}

type Handler = (request: { readonly body: unknown; readonly query: URLSearchParams; readonly id: string }) => Parsed;

interface Route {
  /** `{id}` stands for an id. */
  readonly path: string;
  readonly methods: Readonly<Record<string, Handler>>;
}

const just =
  (call: ApiCall): Handler =>
  () => ({ ok: true, call });

function deliveryRoutes(path: string, kind: DeliveryKey["kind"]): readonly Route[] {
  return [
    {
      path: `${path}/{id}/delivering`,
      methods: { POST: ({ body, id: of }) => parse(nothing, body, () => ({ kind: "begin", key: { kind, id: of } })) },
    },
    {
      path: `${path}/{id}/delivered`,
      methods: {
        POST: ({ body, id: of }) =>
          parse(delivered, body, ({ detail = "the front end confirmed" }) =>
            endOf({ kind, id: of }, { kind: "delivered", detail }),
          ),
      },
    },
    {
      path: `${path}/{id}/not-delivered`,
      methods: {
        POST: ({ body, id: of }) =>
          parse(notDelivered, body, ({ reason }) => endOf({ kind, id: of }, { kind: "not-delivered", reason })),
      },
    },
  ];
}

const look =
  (kind: DeliveryKey["kind"]): Handler =>
  ({ query, id: of }) =>
    looking(query, (wait) => ({ kind: "look", key: { kind, id: of }, wait }));

const routes: readonly Route[] = [
  { path: "/v1/payments", methods: { POST: ({ body }) => parse(payment, body, payOf) } },
  {
    path: "/v1/payments/{id}",
    methods: {
      GET: look("payment"),
      DELETE: ({ body, id: of }) => parse(nothing, body, () => ({ kind: "cancel", id: of })),
    },
  },
  ...deliveryRoutes("/v1/payments", "payment"),
  { path: "/v1/orders", methods: { POST: ({ body }) => parse(handIn, body, handInOf) } },
  { path: "/v1/orders/{id}", methods: { GET: look("hand-in") } },
  ...deliveryRoutes("/v1/orders", "hand-in"),
  { path: "/v1/machine", methods: { GET: ({ query }) => looking(query, (wait) => ({ kind: "machine", wait })) } },
  { path: "/v1/events", methods: { GET: just({ kind: "events" }) } },
  { path: "/v1/openapi.json", methods: { GET: just({ kind: "document" }) } },
];

/** Paths and methods, to be compared with the document. */
export const operations: readonly string[] = routes.flatMap(({ path, methods }) =>
  Object.keys(methods).map((method) => `${method} ${path}`),
);

/** The id in `path`, "" for a route without one, undefined when it is another path. */
function match(route: Route, path: string): string | undefined {
  const [before = "", behind] = route.path.split("{id}");
  if (behind === undefined) return path === before ? "" : undefined;
  if (!path.startsWith(before) || !path.endsWith(behind)) return undefined;
  const found = path.slice(before.length, path.length - behind.length);
  return idPattern.test(found) ? found : undefined;
}

export function parseRequest({ method, target, body }: ApiRequest): Parsed {
  const [path = "", search = ""] = target.split("?", 2);
  for (const route of routes) {
    const found = match(route, path);
    if (found === undefined) continue;
    const handler = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined;
    if (handler === undefined) {
      const allow = Object.keys(route.methods).join(", ");
      return { ok: false, problem: { ...problem("no-such-method", `${path} takes ${allow}`), allow } };
    }
    return handler({ body, query: new URLSearchParams(search), id: found });
  }
  return { ok: false, problem: problem("not-found", "there is no such path: GET /v1/openapi.json lists them") };
}
