/** Who is it? (QR API, exchange): a personal QR, or a check-in's token, for the customer's phone number. */
import * as z from "zod";
import * as answers from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { TimedOptions } from "./deadline.ts";
import * as rules from "./rules.ts";

const requestedData = z.array(z.literal("MSISDN"));
const personalSchema = z.strictObject({ qrCode: rules.personalQr, requestedData });
const customerSchema = z.strictObject({
  customer: z.strictObject({ customerToken: rules.customerToken }),
  requestedData,
});

export interface Exchange {
  /** `POST /qr/v1/exchange`. `qrCode` is the whole scanned text: its form may change without notice. */
  personal(qrCode: string, options?: TimedOptions): Promise<answers.ExchangeAnswer>;
  /** `POST /qr/v1/exchange/customer` */
  customer(customerToken: string, options?: TimedOptions): Promise<answers.ExchangeAnswer>;
}

export function createExchange(caller: Caller): Exchange {
  return {
    async personal(qrCode, options) {
      const operation = "exchange personal QR";
      const body = rules.checkRequest(operation, personalSchema, { qrCode, requestedData: ["MSISDN"] });
      const path = "/qr/v1/exchange";
      const call = { operation, method: "POST", path, body, isSafeToRepeat: true, secrets: [qrCode] } as const;
      return answers.readAnswer(operation, answers.exchanged, await caller.call(call, options));
    },
    async customer(customerToken, options) {
      const operation = "exchange customer token";
      const body = rules.checkRequest(operation, customerSchema, {
        customer: { customerToken },
        requestedData: ["MSISDN"],
      });
      const path = "/qr/v1/exchange/customer";
      const call = { operation, method: "POST", path, body, isSafeToRepeat: true, secrets: [customerToken] } as const;
      return answers.readAnswer(operation, answers.exchanged, await caller.call(call, options));
    },
  };
}
