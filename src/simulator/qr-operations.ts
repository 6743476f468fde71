/** The 13 operations of the QR API, with its rules for fields and its two ways to ask for an image. Unknown fields are ignored. */
import * as z from "zod";
import type { HttpResponse } from "../vipps/transport.ts";
import { remember } from "./bounded.ts";
import { type Context, type Handler, type Operation, randomText } from "./context.ts";
import { bodyOf, type Detail, empty, exchangeProblem, json, qrProblem } from "./message.ts";
import type { CallbackQr, RedirectQr, SimulatedImage, SimulatedPayment } from "./state.ts";

const redirectId = /^[-_+%æøåÆØÅ\w\s]{1,128}$/;
const redirectUrl = /^https:\/\/[\w.]+([\w#!:.?+=&%@\-/]+)?$/;

const redirectBody = z.object({
  id: z.string().regex(redirectId),
  redirectUrl: z.string().regex(redirectUrl),
  ttl: z.int().min(300).max(2_147_483_647).nullish(),
});
const redirectUpdate = z.object({ redirectUrl: z.string().regex(redirectUrl) });
const callbackBody = z.object({
  locationDescription: z.string().min(1).max(36),
  category: z.enum(["IN_STORE", "VENDING", "AGE_CHECK"]).default("IN_STORE"),
});

function detailsOf(error: z.ZodError): readonly Detail[] {
  return error.issues.map((issue) => ({ name: issue.path.join(".") || "body", reason: issue.message }));
}

function invalid(error: z.ZodError): HttpResponse {
  return qrProblem(400, "Bad Request", "One or more parameters are invalid", detailsOf(error));
}

const notFound = qrProblem(404, "Not Found", "There is no such QR");
const defaultPngSizePx = 1_024;

type Wanted = { readonly format: "text" } | { readonly format: "svg" | "png"; readonly sizePx: number };

/** `Accept` and `Size` of operations 1 to 6. 415 for an unknown format. The size is checked for every format. */
function wantedByHeaders(operation: Operation): Wanted | HttpResponse {
  const accept = (operation.request.headers["accept"] ?? "").trim().toLowerCase();
  const size = sizeOf("Size", operation.request.headers["size"]);
  if (typeof size === "object") return size;
  if (accept === "text/targeturl") return { format: "text" };
  if (accept === "image/*" || accept === "image/svg+xml") return { format: "svg", sizePx: 0 };
  if (accept === "image/png") return { format: "png", sizePx: size };
  return qrProblem(415, "Unsupported Media Type", "Accept must be image/*, image/svg+xml, image/png or text/targetUrl");
}

/** An integer in decimal digits, 100 to 2000 (QR OpenAPI, `Size` and `QrImageSize`); not `1e3`, `0x64` or `100.0`. */
function sizeOf(name: string, text: string | undefined): number | HttpResponse {
  if (text === undefined) return defaultPngSizePx;
  const sizePx = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (sizePx >= 100 && sizePx <= 2_000) return sizePx;
  return qrProblem(400, "Bad Request", `${name} is 100 to 2000`, [{ name, reason: "must be between 100 and 2000" }]);
}

/** `QrImageFormat` and `QrImageSize` of operations 7 and 8, in whatever case. */
function wantedByQuery(operation: Operation): Wanted | HttpResponse {
  const query = new Map([...operation.query].map(([name, value]) => [name.toLowerCase(), value]));
  const format = (query.get("qrimageformat") ?? "SVG").toUpperCase();
  const size = sizeOf("QrImageSize", query.get("qrimagesize"));
  if (typeof size === "object") return size;
  if (format === "SVG") return { format: "svg", sizePx: 0 };
  if (format === "PNG") return { format: "png", sizePx: size };
  return qrProblem(400, "Bad Request", "QrImageFormat is PNG or SVG", [{ name: "QrImageFormat", reason: format }]);
}

function isAnswer(value: Wanted | HttpResponse): value is HttpResponse {
  return "status" in value;
}

/** A link whose token is different every time and expires. Answers are never images, always JSON with such a link. */
export function imageLink(context: Context, image: Omit<SimulatedImage, "endsMs">, lifeMs?: number): string {
  const token = randomText(context.entropy, 48);
  const endsMs = context.clock.monotonicMs() + (lifeMs ?? context.settings.imageLinkLifeMs);
  remember(context.state.images, token, { ...image, endsMs });
  return `${context.settings.publicUrl}/generate/qr.${image.format}?token=${token}`;
}

function linkFor(context: Context, content: string, wanted: Wanted): string {
  if (wanted.format === "text") return content;
  return imageLink(context, { content, format: wanted.format, sizePx: wanted.sizePx, payment: undefined });
}

// ── merchant redirect ────────────────────────────────────────────────────────────────────────────────────────────────

function redirectAnswer(context: Context, qr: RedirectQr, wanted: Wanted) {
  const leftMs = qr.endsMs - context.clock.monotonicMs();
  return {
    id: qr.id,
    url: linkFor(context, qr.content, wanted),
    redirectUrl: qr.redirectUrl,
    expiresIn: Number.isFinite(leftMs) ? Math.max(0, Math.ceil(leftMs / 1_000)) : -1,
  };
}

function findRedirect(operation: Operation): RedirectQr | undefined {
  const { context, unit, parts } = operation;
  const key = `${unit.msn}/${parts[0] ?? ""}`;
  const qr = context.state.redirectQrs.get(key);
  if (qr === undefined || qr.endsMs > context.clock.monotonicMs()) return qr;
  // Deleted for good when its time is over (QR API guide, ttl).
  context.state.redirectQrs.delete(key);
  return undefined;
}

export const createRedirect: Handler = (operation) => {
  const { context, unit } = operation;
  const wanted = wantedByHeaders(operation);
  if (isAnswer(wanted)) return wanted;
  const body = redirectBody.safeParse(bodyOf(operation.request));
  if (!body.success) return invalid(body.error);
  const { id, ttl } = body.data;
  const key = `${unit.msn}/${id}`;
  if (findRedirect({ ...operation, parts: [id] }) !== undefined) return json(409, { id });
  const qr: RedirectQr = {
    msn: unit.msn,
    id,
    content: `https://qr.vipps.no/28/2/05/031/${randomText(context.entropy, 9)}`,
    redirectUrl: body.data.redirectUrl,
    endsMs: ttl === undefined || ttl === null ? Number.POSITIVE_INFINITY : context.clock.monotonicMs() + ttl * 1_000,
  };
  context.state.redirectQrs.set(key, qr);
  return json(200, redirectAnswer(context, qr, wanted));
};

export const listRedirects: Handler = (operation) => {
  const wanted = wantedByHeaders(operation);
  if (isAnswer(wanted)) return wanted;
  const { context, unit } = operation;
  const own = [...context.state.redirectQrs.values()].filter(
    (qr) => qr.msn === unit.msn && qr.endsMs > context.clock.monotonicMs(),
  );
  return json(
    200,
    own.map((qr) => redirectAnswer(context, qr, wanted)),
  );
};

export const getRedirect: Handler = (operation) => {
  const wanted = wantedByHeaders(operation);
  if (isAnswer(wanted)) return wanted;
  const qr = findRedirect(operation);
  return qr === undefined ? notFound : json(200, redirectAnswer(operation.context, qr, wanted));
};

export const updateRedirect: Handler = (operation) => {
  const wanted = wantedByHeaders(operation);
  if (isAnswer(wanted)) return wanted;
  const body = redirectUpdate.safeParse(bodyOf(operation.request));
  if (!body.success) return invalid(body.error);
  const qr = findRedirect(operation);
  if (qr === undefined) return notFound;
  qr.redirectUrl = body.data.redirectUrl;
  return json(200, redirectAnswer(operation.context, qr, wanted));
};

export const deleteRedirect: Handler = (operation) => {
  const { context, unit, parts } = operation;
  if (findRedirect(operation) === undefined) return notFound;
  context.state.redirectQrs.delete(`${unit.msn}/${parts[0] ?? ""}`);
  return empty(200);
};

// ── one-time payment ─────────────────────────────────────────────────────────────────────────────────────────────────

/** The landing page of a payment, by the token in its address. */
function paymentOfLanding(operation: Operation, text: string): SimulatedPayment | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const token = url?.searchParams.get("token");
  return [...operation.context.state.payments.values()].find((payment) => payment.token === token);
}

export const createOneTime: Handler = (operation) => {
  const wanted = wantedByHeaders(operation);
  if (isAnswer(wanted)) return wanted;
  const body = z.object({ url: z.string().regex(/^https?:\/\//) }).safeParse(bodyOf(operation.request));
  if (!body.success) return invalid(body.error);
  const { context } = operation;
  const payment = paymentOfLanding(operation, body.data.url);
  if (payment === undefined)
    return qrProblem(400, "Bad Request", "Not the address of a landing page", [
      { name: "url", reason: "unknown token" },
    ]);
  const leftMs = payment.expiresMs - context.clock.monotonicMs();
  if (payment.state !== "CREATED" || leftMs <= 0) return qrProblem(400, "Bad Request", "Order timeout");
  const url =
    wanted.format === "text"
      ? payment.qrContent
      : imageLink(
          context,
          { content: payment.qrContent, format: wanted.format, sizePx: wanted.sizePx, payment },
          leftMs,
        );
  return json(200, { url, expiresIn: Math.ceil(leftMs / 1_000) });
};

// ── merchant callback ────────────────────────────────────────────────────────────────────────────────────────────────

function callbackAnswer(context: Context, qr: CallbackQr, wanted: Wanted) {
  return {
    merchantSerialNumber: qr.msn,
    merchantQrId: qr.merchantQrId,
    locationDescription: qr.locationDescription,
    qrImageUrl: linkFor(context, qr.content, wanted),
    qrContent: qr.content,
  };
}

export const putCallback: Handler = (operation) => {
  const { context, unit, parts } = operation;
  const body = callbackBody.safeParse(bodyOf(operation.request));
  if (!body.success) return invalid(body.error);
  const merchantQrId = parts[0] ?? "";
  const key = `${unit.msn}/${merchantQrId}`;
  const known = context.state.callbackQrs.get(key);
  const { locationDescription, category } = body.data;
  if (known !== undefined) {
    known.locationDescription = locationDescription;
    known.category = category;
    return empty(200);
  }
  const content = `https://qr.vipps.no/vp/${randomText(context.entropy, 9)}`;
  context.state.callbackQrs.set(key, { msn: unit.msn, merchantQrId, content, locationDescription, category });
  return empty(200);
};

export const getCallback: Handler = (operation) => {
  const { context, unit, parts } = operation;
  const wanted = wantedByQuery(operation);
  if (isAnswer(wanted)) return wanted;
  const qr = context.state.callbackQrs.get(`${unit.msn}/${parts[0] ?? ""}`);
  return qr === undefined ? empty(404) : json(200, callbackAnswer(context, qr, wanted));
};

export const listCallbacks: Handler = (operation) => {
  const { context, unit } = operation;
  const wanted = wantedByQuery(operation);
  if (isAnswer(wanted)) return wanted;
  const own = [...context.state.callbackQrs.values()].filter((qr) => qr.msn === unit.msn);
  return json(
    200,
    own.map((qr) => callbackAnswer(context, qr, wanted)),
  );
};

export const deleteCallback: Handler = (operation) => {
  const { context, unit, parts } = operation;
  return context.state.callbackQrs.delete(`${unit.msn}/${parts[0] ?? ""}`) ? empty(200) : notFound;
};

/** Maps a printed sticker; the code itself is the sticker's own and no QR is made. */
export const putMobilePay: Handler = (operation) => {
  const { context, unit, parts } = operation;
  const body = callbackBody.safeParse(bodyOf(operation.request));
  if (!body.success) return invalid(body.error);
  const id = parts[0] ?? "";
  const isTaken = [...context.state.callbackQrs.values()].some((qr) => qr.merchantQrId === id);
  if (isTaken) return json(409, { id });
  const { locationDescription, category } = body.data;
  const content = `https://mobilepay.dk/erhverv/betalingslink/${encodeURIComponent(id)}`;
  context.state.callbackQrs.set(`${unit.msn}/${id}`, {
    msn: unit.msn,
    merchantQrId: id,
    content,
    locationDescription,
    category,
  });
  return empty(200);
};

// ── exchange ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const requested = z.array(z.literal("MSISDN"));

export const exchangePersonal: Handler = (operation) => {
  const { context, request } = operation;
  const body = z.object({ qrCode: z.string().min(1), requestedData: requested.optional() }).safeParse(bodyOf(request));
  if (!body.success) return exchangeProblem(400, "The request is not valid", detailsOf(body.error));
  const { qrCode } = body.data;
  // Unix seconds (QR OpenAPI, ExchangeResponse).
  const timestamp = Math.floor(context.clock.wallMs() / 1_000);
  const clear = /^https:\/\/qr\.vipps\.no\/28\/2\/01\/031\/(\d{9,15})\?v=1$/.exec(qrCode);
  if (clear !== null) return json(200, { msisdn: clear[1], version: "1.0" });
  const user = [...context.state.users.values()].find(({ personalQr }) => personalQr === qrCode);
  if (user === undefined)
    return exchangeProblem(400, "The QR is not a valid personal QR", [{ name: "qrCode", reason: "unknown" }]);
  return json(200, { msisdn: user.phoneNumber, timestamp, version: "2.0" });
};

export const exchangeCustomer: Handler = (operation) => {
  const { context, request, unit } = operation;
  const schema = z.object({ customer: z.object({ customerToken: z.string().min(1) }), requestedData: requested });
  const body = schema.safeParse(bodyOf(request));
  if (!body.success) return exchangeProblem(400, "The request is not valid", detailsOf(body.error));
  const token = context.state.customerTokens.get(body.data.customer.customerToken);
  const user = token === undefined ? undefined : context.state.users.get(token.userId);
  if (
    token === undefined ||
    user === undefined ||
    token.msn !== unit.msn ||
    token.endsMs <= context.clock.monotonicMs()
  )
    return exchangeProblem(400, "The customer token is not valid", [
      { name: "customerToken", reason: "invalid or expired" },
    ]);
  return json(200, { msisdn: user.phoneNumber, timestamp: Math.floor(context.clock.wallMs() / 1_000) });
};
