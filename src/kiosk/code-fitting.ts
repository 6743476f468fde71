/** Whether a code can be shown on this panel so that a phone reads it. */
import type { Panel } from "../panel/port.ts";
import type { Log } from "../service/port.ts";
import type { QrPicture } from "../vipps/port.ts";

export interface CodeFitting {
  /** Why a code cannot be shown; undefined when it can. */
  whyNot(qr: QrPicture): string | undefined;
  /** For a code that stays the same for years: planned once, and said once in the log when it does not fit. */
  fitsForGood(qr: QrPicture): boolean;
}

type Fault = { readonly reason: string; readonly advice: string | undefined } | undefined;

/** @param name what the lasting code is called in the log */
export function createCodeFitting(
  panel: Pick<Panel, "fit" | "pictureFault">,
  log: Log,
  name = "the callback code",
): CodeFitting {
  let last: { readonly qr: QrPicture; readonly fits: boolean } | undefined;
  function faultOf(qr: QrPicture): Fault {
    if (qr.kind === "content") {
      const fit = panel.fit(qr.text);
      return fit.fits ? undefined : { reason: fit.reason, advice: fit.advice };
    }
    const reason = panel.pictureFault(qr.png);
    return reason === undefined ? undefined : { reason, advice: 'set qr_rendering = "own", or take a larger panel' };
  }
  return {
    whyNot: (qr) => faultOf(qr)?.reason,
    fitsForGood(qr) {
      if (last !== undefined && isSame(last.qr, qr)) return last.fits;
      const fault = faultOf(qr);
      if (fault !== undefined)
        log.error({ reason: fault.reason, advice: fault.advice }, `${name} does not fit this panel, and is not shown`);
      last = { qr, fits: fault === undefined };
      return last.fits;
    },
  };
}

function isSame(one: QrPicture, other: QrPicture): boolean {
  if (one === other) return true;
  if (one.kind === "content") return other.kind === "content" && one.text === other.text;
  return other.kind === "png" && Buffer.from(one.png).equals(other.png);
}
