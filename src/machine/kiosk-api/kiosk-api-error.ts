/** What keeps the local API from being there. */
import { CodedError } from "../../kit/coded-error.ts";

export type KioskApiErrorCode = "no-token";

export class KioskApiError extends CodedError<KioskApiErrorCode> {}
