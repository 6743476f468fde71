/** Whether a code can be shown on this panel so that a phone reads it. */
import type { Panel } from "../panel/port.ts";
import type { Log } from "../service/port.ts";
import type { QrPicture } from "../vipps/port.ts";

export interface CodeFitting {
  /** Why a code cannot be shown; undefined when it can. The provider's own picture was made for this panel. */
  whyNot(qr: QrPicture): string | undefined;
  /** For a code that stays the same for years: planned once, and said once in the log when it does not fit. */
  fitsForGood(qr: QrPicture): boolean;
}

export function createCodeFitting(panel: Pick<Panel, "fit">, log: Log): CodeFitting {
  let last: { readonly text: string; readonly fits: boolean } | undefined;
  return {
    whyNot(qr) {
      const fit = qr.kind === "content" ? panel.fit(qr.text) : undefined;
      return fit?.fits === false ? fit.reason : undefined;
    },
    fitsForGood(qr) {
      if (qr.kind === "png") return true;
      if (last?.text === qr.text) return last.fits;
      const fit = panel.fit(qr.text);
      if (!fit.fits) log.error({ reason: fit.reason, advice: fit.advice }, "the callback code does not fit this panel");
      last = { text: qr.text, fits: fit.fits };
      return fit.fits;
    },
  };
}
