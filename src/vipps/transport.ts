/** How a request leaves: the one seam between the client and the network. The simulator's core takes its place in tests. */
import { CodedError } from "../kit/coded-error.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Rejects when there is no complete answer: no connection, broken off, aborted, too large. Does not follow redirects. */
export type HttpTransport = (request: HttpRequest) => Promise<HttpResponse>;

/** The largest answer that is read; a list of every QR of a sales unit fits many times over. */
export const bodyBytesMax = 4 * 1024 * 1024;

export class TransportError extends CodedError<"body-too-large" | "no-answer"> {}
