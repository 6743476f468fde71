/** The control API of the simulator: POST a JSON order to /simulator/NAME (docs/simulator.md). A wrong order is answered with what is wrong. */
import * as z from "zod";
import { errorText } from "../kit/error-text.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import { bodyOf, json, type SimulatedRequest } from "./message.ts";
import { type Fault, faultSchema } from "./faults.ts";
import type { Provider } from "./provider.ts";
import type { SkippingClock } from "./skipping-clock.ts";
import { type DeliveryFault, deliveryFaultSchema } from "./webhook-deliveries.ts";

export interface QueuedFault {
  readonly operation: string | undefined;
  readonly fault: Fault;
  times: number;
}

const faultOrder = z.strictObject({
  /** "create payment", "get payment", "capture payment", … ; without it any. */
  operation: z.string().optional(),
  fault: faultSchema,
  times: z.int().min(1).max(1_000_000).default(1),
});
const deliveryOrder = z.strictObject({
  fault: deliveryFaultSchema,
  times: z.int().min(1).max(1_000).default(1),
});
const unitOrder = z.strictObject({
  msn: z.string(),
  pushApproved: z.boolean().optional(),
  partialCapture: z.boolean().optional(),
  longLivingApproved: z.boolean().optional(),
  callbackAllowed: z.boolean().optional(),
  epaymentAllowed: z.boolean().optional(),
});
const approvals = [
  "pushApproved",
  "partialCapture",
  "longLivingApproved",
  "callbackAllowed",
  "epaymentAllowed",
] as const;
const userOrder = z.strictObject({
  id: z.string(),
  age: z.int().optional(),
  phoneNumber: z.string().optional(),
  hasApproved: z.boolean().optional(),
});
const phoneOrder = z.strictObject({
  user: z.string(),
  action: z.enum(["scan", "approve", "decline", "home", "expire", "view"]),
  text: z.string().optional(),
});
const switchOrder = z.strictObject({
  forgetIdempotencyKeys: z.boolean().optional(),
  approveDuringCancel: z.enum(["6060", "6250", "423"]).nullable().optional(),
  createdVisibleAfterMs: z.number().min(0).optional(),
  retryCheckIns: z.boolean().optional(),
  appWaitsMs: z.number().min(0).nullable().optional(),
});

/** Takes the next fault queued for this operation. */
export function takeFault(faults: QueuedFault[], operation: string): Fault | undefined {
  const index = faults.findIndex((one) => one.operation === undefined || one.operation === operation);
  const found = faults[index];
  if (found === undefined) return undefined;
  found.times -= 1;
  if (found.times <= 0) faults.splice(index, 1);
  return found.fault;
}

/** Answers an order by its name, the part of the path behind /simulator/. */
export function createControl(
  provider: Provider,
  clock: SkippingClock,
  { faults, deliveryFaults }: { readonly faults: QueuedFault[]; readonly deliveryFaults: DeliveryFault[] },
) {
  type Order = (body: unknown) => unknown;
  const orders: Readonly<Record<string, Order>> = {
    ledger: () => provider.ledger(),
    faults: (body) => {
      const order = faultOrder.parse(body);
      faults.push({ operation: order.operation, fault: order.fault, times: order.times });
      return { waiting: faults.length };
    },
    deliveries: (body) => {
      const { fault, times } = deliveryOrder.parse(body);
      deliveryFaults.push(...Array.from({ length: times }, () => fault));
      return { waiting: deliveryFaults.length };
    },
    "faults/clear": () => {
      faults.splice(0);
      deliveryFaults.splice(0);
      return { waiting: 0 };
    },
    "clock/skip": (body) => {
      clock.skip(z.strictObject({ ms: z.number().min(0) }).parse(body).ms);
      return { wallMs: clock.wallMs() };
    },
    /** Whether a text is a code that could be paid with now: a registered callback QR, or a payment that is open. */
    code: (body) => {
      const { text } = z.strictObject({ text: z.string() }).parse(body);
      provider.ledger();
      const isCallback = [...provider.state.callbackQrs.values()].some((qr) => qr.content === text);
      const payment = [...provider.state.payments.values()].find((one) => one.qrContent === text);
      return { payable: isCallback || payment?.state === "CREATED", kind: isCallback ? "callback" : "one-time" };
    },
    "tokens/revoke": () => {
      provider.revokeTokens();
      return {};
    },
    unit: (body) => {
      const order = unitOrder.parse(body);
      const unit = provider.state.units.get(order.msn) ?? provider.addUnit({ msn: order.msn });
      for (const name of approvals) unit[name] = order[name] ?? unit[name];
      const { msn, pushApproved, partialCapture, longLivingApproved, callbackAllowed, epaymentAllowed } = unit;
      return { msn, pushApproved, partialCapture, longLivingApproved, callbackAllowed, epaymentAllowed };
    },
    user: (body) => {
      const { id, age, phoneNumber, hasApproved } = userOrder.parse(body);
      const user = provider.addUser({
        id,
        ...(age === undefined ? {} : { age }),
        ...(phoneNumber === undefined ? {} : { phoneNumber }),
        ...(hasApproved === undefined ? {} : { hasApproved }),
      });
      return { id: user.id, age: user.age, phoneNumber: user.phoneNumber, personalQr: user.personalQr };
    },
    phone: (body) => {
      const order = phoneOrder.parse(body);
      const phone = provider.phone(order.user);
      if (order.action === "scan") phone.scan(order.text ?? "");
      else if (order.action !== "view") phone[order.action]();
      return { ...phone.view(), personalQr: phone.personalQr };
    },
    switches: (body) => {
      const order = switchOrder.parse(body);
      const { switches } = provider;
      if (order.forgetIdempotencyKeys !== undefined) switches.forgetIdempotencyKeys = order.forgetIdempotencyKeys;
      if (order.approveDuringCancel !== undefined)
        switches.approveDuringCancel = order.approveDuringCancel ?? undefined;
      if (order.createdVisibleAfterMs !== undefined) switches.createdVisibleAfterMs = order.createdVisibleAfterMs;
      if (order.retryCheckIns !== undefined) switches.retryCheckIns = order.retryCheckIns;
      if (order.appWaitsMs !== undefined) switches.appWaitsMs = order.appWaitsMs ?? undefined;
      return { ...switches };
    },
  };
  return (path: string, request: SimulatedRequest): HttpResponse => {
    const order = Object.hasOwn(orders, path) ? orders[path] : undefined;
    if (order === undefined) return json(404, { error: `no such order; there are: ${Object.keys(orders).join(", ")}` });
    try {
      return json(200, order(bodyOf(request) ?? {}) ?? {});
    } catch (error) {
      if (error instanceof z.ZodError) return json(400, { error: z.prettifyError(error) });
      return json(400, { error: errorText(error) });
    }
  };
}
