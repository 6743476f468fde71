/** The Webhooks API, as far as the keeper needs it. */
import type { VippsClient } from "../vipps/client.ts";
import { outcomeOf } from "../vipps/payments.ts";
import type { WebhookRegistry } from "./registration-keeper.ts";

const deadline = { deadlineMs: 30_000 };

export function vippsRegistry(webhooks: VippsClient["webhooks"]): WebhookRegistry {
  return {
    list: () => outcomeOf(() => webhooks.list(deadline)),
    register: (url, events) => outcomeOf(() => webhooks.register(url, events, deadline)),
    remove: (id) => outcomeOf(() => webhooks.delete(id, deadline)),
  };
}
