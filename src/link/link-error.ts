/** What the link throws: a stable code, and never a password, a token or a payload. */
import { CodedError } from "../kit/coded-error.ts";

export type LinkErrorCode =
  /** There is no connection to the broker now. */
  | "link-not-connected"
  /** The broker did not acknowledge in time; it may have the message all the same. */
  | "link-timed-out"
  /** The broker answered with an error reason code, or the connection broke before it acknowledged. */
  | "link-refused"
  /** The message is larger than what may be sent. */
  | "link-too-large"
  /** Too many messages are waiting for the broker already. */
  | "link-busy"
  /** The settings cannot work: a file that cannot be read, a name that breaks a topic. */
  | "link-config";

export class LinkError extends CodedError<LinkErrorCode> {}
