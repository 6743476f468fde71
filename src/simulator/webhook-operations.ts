/** Webhooks API (Webhooks API): register, list, delete. */
import * as z from "zod";
import { type Handler, randomUuid } from "./context.ts";
import { bodyOf, empty, json, webhookProblem } from "./message.ts";
import type { Registration } from "./state.ts";

const eventName =
  /^(epayments\.payment\.(created|aborted|expired|cancelled|captured|refunded|authorized|terminated)|user\.checked-in)\.v1$/;
const registerBody = z.strictObject({ url: z.string().min(1), events: z.array(z.string().regex(eventName)).min(1) });
const checkedIn = "user.checked-in.v1";
const registrationsMax = 25;

/** "Common ports only": those that the documentation names. */
const ports = ["", "80", "443", "8080"];

function isLocal(url: URL): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
}

/** The real provider cannot reach local addresses; the demo and tests need them, on any free port. */
function isAllowed(url: URL, allowLocal: boolean): boolean {
  if (isLocal(url)) return allowLocal && (url.protocol === "https:" || url.protocol === "http:");
  return url.protocol === "https:" && ports.includes(url.port);
}

export const registerWebhook: Handler = ({ context, unit, request }) => {
  const parsed = registerBody.safeParse(bodyOf(request));
  if (!parsed.success)
    return webhookProblem(
      "The request is not valid",
      parsed.error.issues.map((issue) => ({ name: issue.path.join("."), reason: issue.message })),
    );
  const { url: text, events } = parsed.data;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isAllowed(url, context.settings.allowLocalWebhooks))
    return webhookProblem("The url must be https, reachable, and on port 80, 443 or 8080", [
      { name: "url", reason: "not allowed" },
    ]);
  for (const event of events) {
    const count = [...context.state.registrations.values()].filter(
      (one) => one.msn === unit.msn && one.events.includes(event),
    ).length;
    const countMax = event === checkedIn ? 1 : registrationsMax;
    if (count >= countMax)
      return webhookProblem(`Only ${countMax} registration(s) of ${event} are allowed`, [
        { name: "events", reason: event },
      ]);
  }
  const registration: Registration = {
    id: randomUuid(context.entropy),
    msn: unit.msn,
    url: text,
    events,
    // Real secrets are 88 characters: base64 of 64 bytes.
    secret: Buffer.from(context.entropy.bytes(64)).toString("base64"),
  };
  context.state.registrations.set(registration.id, registration);
  return json(201, { id: registration.id, secret: registration.secret });
};

export const listWebhooks: Handler = ({ context, unit }) => {
  const own = [...context.state.registrations.values()].filter(({ msn }) => msn === unit.msn);
  return json(200, { webhooks: own.map(({ id, url, events }) => ({ id, url, events })) });
};

export const deleteWebhook: Handler = ({ context, unit, parts }) => {
  const id = parts[0] ?? "";
  const known = context.state.registrations.get(id);
  if (known === undefined || known.msn !== unit.msn) return webhookProblem("There is no such webhook");
  context.state.registrations.delete(id);
  return empty(204);
};
