/** What the relay throws when it cannot start or keep its secrets: a stable code, and never a secret in the message. */
import { CodedError } from "../kit/coded-error.ts";

export type RelayErrorCode =
  /** The file of registrations is unreadable, damaged, or readable by others. */
  | "relay-registration-file"
  | "relay-config"
  /** The gateway's file of identities is unreadable, or others can write it. */
  | "gateway-identities";

export class RelayError extends CodedError<RelayErrorCode> {}
