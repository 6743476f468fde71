/** `POST /qr/v1` (QR API): a payment's landing page becomes a one-time QR. The older way; ePayment makes its own with `userFlow: QR`. */
import * as z from "zod";
import * as answers from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { TimedOptions } from "./deadline.ts";
import { imageHeaders, type QrWanted } from "./qr-image.ts";
import * as rules from "./rules.ts";

const schema = z.strictObject({ url: rules.landingUrl });

export type CreateOneTimeQr = (url: string, wanted: QrWanted, options?: TimedOptions) => Promise<answers.OneTimeQr>;

export function createOneTimeQrs(caller: Caller): CreateOneTimeQr {
  return async (url, wanted, options) => {
    const operation = "create one-time payment QR";
    const body = rules.checkRequest(operation, schema, { url });
    const headers = imageHeaders(operation, wanted);
    // It only makes a picture of an existing address, so a copy does no harm.
    const call = { operation, method: "POST", path: "/qr/v1", headers, body, isSafeToRepeat: true } as const;
    return answers.readAnswer(operation, answers.oneTimeQr, await caller.call(call, options));
  };
}
