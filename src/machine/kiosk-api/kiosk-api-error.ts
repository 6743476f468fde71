/** What keeps the local API from being there. */

export type KioskApiErrorCode = "socket-in-use" | "not-a-socket" | "listen" | "no-token";

export class KioskApiError extends Error {
  readonly code: KioskApiErrorCode;

  constructor(code: KioskApiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KioskApiError";
    this.code = code;
  }
}
