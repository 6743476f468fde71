/** Webhook registrations (Webhooks API v1). They cannot be updated, and the secret is revealed once. */
import * as z from "zod";
import * as answers from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { TimedOptions } from "./deadline.ts";
import * as rules from "./rules.ts";

export interface Webhooks {
  /** `POST /webhooks/v1/webhooks`, 201. Only one registration of `user.checked-in.v1` is allowed per sales unit. */
  register(url: string, events: readonly string[], options?: TimedOptions): Promise<answers.WebhookRegistered>;
  /** `GET /webhooks/v1/webhooks` */
  list(options?: TimedOptions): Promise<readonly answers.Webhook[]>;
  /** `DELETE /webhooks/v1/webhooks/{id}`, 204. */
  delete(id: string, options?: TimedOptions): Promise<void>;
}

const root = "/webhooks/v1/webhooks";
const schema = z.strictObject({ url: rules.webhookUrl, events: rules.webhookEvents });

export function createWebhooks(caller: Caller): Webhooks {
  return {
    async register(url, events, options) {
      const operation = "register webhook";
      const body = rules.checkRequest(operation, schema, { url, events });
      // Not repeated: a copy would be a second registration whose secret nobody knows.
      const call = { operation, method: "POST", path: root, body, isSafeToRepeat: false } as const;
      return answers.readAnswer(operation, answers.webhookRegistered, await caller.call(call, options));
    },
    async list(options) {
      const operation = "list webhooks";
      const answer = await caller.call({ operation, method: "GET", path: root, isSafeToRepeat: true }, options);
      return answers.readAnswer(operation, answers.webhookList, answer).webhooks;
    },
    async delete(id, options) {
      const operation = "delete webhook";
      const path = `${root}/${encodeURIComponent(rules.checkField(operation, "id", rules.knownQrId, id))}`;
      const call = { operation, method: "DELETE", path, isSafeToRepeat: true, isDoneWhenMissing: true } as const;
      await caller.call(call, options);
    },
  };
}
