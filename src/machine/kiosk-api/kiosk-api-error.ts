/** What keeps the local API from being there. */
import { CodedError } from "../../kit/coded-error.ts";

export type KioskApiErrorCode = "socket-in-use" | "not-a-socket" | "listen" | "no-token";

export class KioskApiError extends CodedError<KioskApiErrorCode> {}
