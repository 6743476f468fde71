/** The panel of a machine that has none: its code hangs on the wall, and the customer's app says the rest. */
import type { Panel } from "./port.ts";

const reason = "this machine has no panel";

export function createNoPanel(): Panel {
  return {
    // The smallest picture that the provider makes (QR API, Size): it is looked at by nobody.
    facts: { id: "none", widthPx: 0, heightPx: 0, liveCountdown: false, providerQrSizePx: 100, hasGlass: false },
    start: () => Promise.resolve(),
    // What nobody can see nobody can pay; all else is said by the app and by the outlet itself.
    show: (scene) => Promise.resolve(scene.kind === "pay" ? { kind: "failed", reason } : { kind: "shown" }),
    fit: () => ({ fits: false, reason, advice: "print the code: kvitt stickers" }),
    pictureFault: () => reason,
    isPresent: () => true,
    absence: () => undefined,
    rehearse: () => {},
    screenshot: () => Promise.reject(new Error(reason)),
    stop: () => Promise.resolve(),
  };
}
