/** Merchant callback QRs (QR API): a scan becomes a `user.checked-in.v1` webhook. */
import * as z from "zod";
import * as answers from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { TimedOptions } from "./deadline.ts";
import { imageQuery, type QrWanted } from "./qr-image.ts";
import * as rules from "./rules.ts";

export interface CallbackRequest {
  /** 1 … 36 characters, shown in the app after the scan. */
  readonly locationDescription: string;
  /** IN_STORE (the provider's default), VENDING, or a newer word. */
  readonly category?: string;
}

export interface CallbackQrs {
  /** `PUT /qr/v1/merchant-callback/{merchantQrId}`: create or update; the answer is 200 without a body. */
  put(merchantQrId: string, request: CallbackRequest, options?: TimedOptions): Promise<void>;
  /** `GET /qr/v1/merchant-callback/{merchantQrId}` */
  get(merchantQrId: string, wanted?: QrWanted, options?: TimedOptions): Promise<answers.CallbackQrAnswer>;
  /** `GET /qr/v1/merchant-callback`: all of the sales unit. */
  list(wanted?: QrWanted, options?: TimedOptions): Promise<readonly answers.CallbackQrAnswer[]>;
  /** `DELETE /qr/v1/merchant-callback/{merchantQrId}`: for machines that have been removed. */
  delete(merchantQrId: string, options?: TimedOptions): Promise<void>;
  /** `PUT /qr/v1/merchant-callback/mobilepay/{beaconId}`: takes over a printed MobilePay sticker. 409 when it is mapped already. */
  putMobilePay(beaconId: string, request: CallbackRequest, options?: TimedOptions): Promise<void>;
}

const root = "/qr/v1/merchant-callback";
const schema = z.strictObject({
  locationDescription: rules.locationDescription,
  category: rules.category.exactOptional(),
});

function pathOf(operation: string, rule: z.ZodType<string>, id: string): string {
  return `${root}/${encodeURIComponent(rules.checkField(operation, "merchantQrId", rule, id))}`;
}

export function createCallbackQrs(caller: Caller): CallbackQrs {
  async function list(wanted?: QrWanted, options?: TimedOptions): Promise<readonly answers.CallbackQrAnswer[]> {
    const operation = "list merchant callback QRs";
    const path = root + imageQuery(operation, wanted);
    const answer = await caller.call({ operation, method: "GET", path, isSafeToRepeat: true }, options);
    return answers.readAnswer(operation, z.array(answers.callbackQr), answer);
  }

  return {
    async put(id, request, options) {
      const operation = "put merchant callback QR";
      const path = pathOf(operation, rules.merchantQrId, id);
      const body = rules.checkRequest(operation, schema, request);
      await caller.call({ operation, method: "PUT", path, body, isSafeToRepeat: true }, options);
    },
    async get(id, wanted, options) {
      const operation = "get merchant callback QR";
      const path = pathOf(operation, rules.knownQrId, id) + imageQuery(operation, wanted);
      const answer = await caller.call({ operation, method: "GET", path, isSafeToRepeat: true }, options);
      return answers.readAnswer(operation, answers.callbackQr, answer);
    },
    list,
    async delete(id, options) {
      const operation = "delete merchant callback QR";
      const path = pathOf(operation, rules.knownQrId, id);
      const call = { operation, method: "DELETE", path, isSafeToRepeat: true, isDoneWhenMissing: true } as const;
      await caller.call(call, options);
    },
    async putMobilePay(beaconId, request, options) {
      const operation = "map MobilePay beacon";
      const checked = rules.checkField(operation, "beaconId", rules.knownQrId, beaconId);
      const body = rules.checkRequest(operation, schema, request);
      const path = `${root}/mobilepay/${encodeURIComponent(checked)}`;
      // Mapped by a try whose answer got lost, it is among our own codes, and as it was asked for.
      const isMadeAlready = async (): Promise<boolean> =>
        (await list(undefined, options)).some(
          (one) => one.merchantQrId === checked && one.locationDescription === request.locationDescription,
        );
      await caller.call({ operation, method: "PUT", path, body, isSafeToRepeat: true, isMadeAlready }, options);
    },
  };
}
