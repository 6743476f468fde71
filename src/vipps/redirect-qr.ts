/** Merchant redirect QRs (QR API): a printed code whose address can change. */
import * as z from "zod";
import * as answers from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { TimedOptions } from "./deadline.ts";
import { VippsError } from "./errors.ts";
import { imageHeaders, type QrWanted } from "./qr-image.ts";
import * as rules from "./rules.ts";

export interface RedirectRequest {
  readonly id: string;
  readonly redirectUrl: string;
  /** Seconds, 300 … 2147483647; without it the QR lives for ever. */
  readonly ttl?: number;
}

export interface RedirectQrs {
  /** `POST /qr/v1/merchant-redirect`. 409 names the id that is taken. */
  create(request: RedirectRequest, wanted: QrWanted, options?: TimedOptions): Promise<answers.RedirectQr>;
  /** `GET /qr/v1/merchant-redirect` */
  list(wanted: QrWanted, options?: TimedOptions): Promise<readonly answers.RedirectQr[]>;
  /** `GET /qr/v1/merchant-redirect/{id}` */
  get(id: string, wanted: QrWanted, options?: TimedOptions): Promise<answers.RedirectQr>;
  /** `PUT /qr/v1/merchant-redirect/{id}`: a new address behind the same printed code. */
  update(id: string, redirectUrl: string, wanted: QrWanted, options?: TimedOptions): Promise<answers.RedirectQr>;
  /** `DELETE /qr/v1/merchant-redirect/{id}` */
  delete(id: string, options?: TimedOptions): Promise<void>;
}

const root = "/qr/v1/merchant-redirect";
const createSchema = z.strictObject({
  id: rules.redirectId,
  redirectUrl: rules.redirectUrl,
  ttl: rules.ttl.exactOptional(),
});
const updateSchema = z.strictObject({ redirectUrl: rules.redirectUrl });

function pathOf(operation: string, id: string): string {
  return `${root}/${encodeURIComponent(rules.checkField(operation, "id", rules.redirectId, id))}`;
}

export function createRedirectQrs(caller: Caller): RedirectQrs {
  async function get(id: string, wanted: QrWanted, options?: TimedOptions): Promise<answers.RedirectQr> {
    const operation = "get merchant redirect QR";
    const path = pathOf(operation, id);
    const headers = imageHeaders(operation, wanted);
    const call = { operation, method: "GET", path, headers, isSafeToRepeat: true } as const;
    return answers.readAnswer(operation, answers.redirectQr, await caller.call(call, options));
  }

  return {
    async create(request, wanted, options) {
      const operation = "create merchant redirect QR";
      const body = rules.checkRequest(operation, createSchema, request);
      const headers = imageHeaders(operation, wanted);
      const call = { operation, method: "POST", path: root, headers, body, isSafeToRepeat: false } as const;
      const timed = caller.together(options);
      try {
        return answers.readAnswer(operation, answers.redirectQr, await caller.call(call, timed));
      } catch (error) {
        // There is no Idempotency-Key here, so it is not sent again; but we can look whether it was created.
        if (!(error instanceof VippsError) || !error.facts.mayHaveWorked) throw error;
        const found = await get(request.id, wanted, timed).catch(() => undefined);
        if (found?.redirectUrl === request.redirectUrl) return found;
        throw error;
      }
    },
    async list(wanted, options) {
      const operation = "list merchant redirect QRs";
      const headers = imageHeaders(operation, wanted);
      const call = { operation, method: "GET", path: root, headers, isSafeToRepeat: true } as const;
      return answers.readAnswer(operation, z.array(answers.redirectQr), await caller.call(call, options));
    },
    get,
    async update(id, redirectUrl, wanted, options) {
      const operation = "update merchant redirect QR";
      const path = pathOf(operation, id);
      const body = rules.checkRequest(operation, updateSchema, { redirectUrl });
      const headers = imageHeaders(operation, wanted);
      const call = { operation, method: "PUT", path, headers, body, isSafeToRepeat: true } as const;
      return answers.readAnswer(operation, answers.redirectQr, await caller.call(call, options));
    },
    async delete(id, options) {
      const operation = "delete merchant redirect QR";
      const path = pathOf(operation, id);
      const call = { operation, method: "DELETE", path, isSafeToRepeat: true, isDoneWhenMissing: true } as const;
      await caller.call(call, options);
    },
  };
}
