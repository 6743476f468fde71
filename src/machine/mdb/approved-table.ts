/**
 * What is heard after VEND APPROVED was ordered, and what it decides about the money. Only the machine's own strong word decides while one
 * can still come: VEND SUCCESS, VEND FAILURE, or RESET once the approval was fetched. Pure; docs/mdb.md shows this table.
 *
 * Sources: "MDB 4.2" is the Multi-Drop Bus / Internal Communication Protocol, version 4.2, section 7 (cashless devices); "vendor" is the
 * adapter's API pages ("Vending Sessions Examples", "Accept a Vend Request from VMC in Always Idle").
 */

/**
 * How the approval stands: `crossing` from the order until the machine is known to have fetched it; `withdrawn` when the machine took its
 * request back, or the adapter refused the order, so that it may never have seen it.
 */
export type Approval = "crossing" | "fetched" | "withdrawn";

export type ApprovedHeard =
  | "success"
  | "failure"
  | "reset"
  | "cancel"
  | "refusal"
  | "left"
  | "disabled"
  | "same-request"
  | "new-request"
  | "polled"
  | "version"
  | "adapter-off"
  | "other"
  | "line-gone"
  | "silence"
  | "given-up";

export type Decision =
  /** The delivery has ended so. */
  | "delivered"
  | "not delivered"
  | "unknown"
  /** So, unless a strong word follows within a moment: lines about one event come in either order. */
  | "soon delivered"
  | "soon not delivered"
  | "soon unknown"
  /** Nothing is decided, and nothing is ordered. */
  | "wait"
  | "fetched, wait"
  | "withdrawn, wait"
  /** The machine has to be given the denial that it asked for. */
  | "withdrawn, deny, wait"
  /** The adapter is asked whether it is on; that does not reach the machine. */
  | "ask, wait";

export interface ApprovedRow {
  /** For docs/mdb.md. */
  readonly says: string;
  readonly crossing: Decision;
  readonly fetched: Decision;
  readonly withdrawn: Decision;
  /** In the record of the sale. */
  readonly detail: string;
  readonly source: string;
}

function always(decision: Decision): Pick<ApprovedRow, Approval> {
  return { crossing: decision, fetched: decision, withdrawn: decision };
}

export const approvedTable: Readonly<Record<ApprovedHeard, ApprovedRow>> = {
  success: {
    says: "`c,VEND,SUCCESS`",
    ...always("delivered"),
    detail: "VEND SUCCESS",
    source: "MDB 4.2: the machine's word for a product that was dispensed; it is sent for an approved vend alone",
  },
  failure: {
    says: "`c,ERR,VEND 3`",
    ...always("not delivered"),
    detail: "VEND FAILURE",
    source: "MDB 4.2: VEND FAILURE (13h 03h), the money goes back; vendor: a product that failed to dispense",
  },
  reset: {
    says: "`c,STATUS,INACTIVE` (RESET)",
    crossing: "soon unknown",
    fetched: "soon delivered",
    withdrawn: "soon unknown",
    detail: "the machine was reset after VEND APPROVED",
    source:
      "MDB 4.2: RESET between VEND APPROVED and VEND SUCCESS is to be taken as VEND SUCCESS; what was not fetched was not approved",
  },
  cancel: {
    says: "`c,ERR,VEND 1` (VEND CANCEL)",
    crossing: "withdrawn, deny, wait",
    fetched: "wait",
    withdrawn: "withdrawn, deny, wait",
    detail: "the machine took the selection back",
    source:
      "MDB 4.2: VEND CANCEL comes before the approval, and is answered with VEND DENIED; one that comes later than the lines can cross is no cancel",
  },
  refusal: {
    says: '`c,ERR,"VEND …"` (other than 1 and 3)',
    crossing: "withdrawn, wait",
    fetched: "wait",
    withdrawn: "withdrawn, wait",
    detail: "the adapter refused the approval",
    source: "assumed, because the adapter answers an order that it cannot carry out with its name and a reason",
  },
  left: {
    says: "`c,STATUS,IDLE`, `c,STATUS,ENABLED`",
    crossing: "wait",
    fetched: "wait",
    withdrawn: "soon not delivered",
    detail: "the machine left the vend without an approval",
    source:
      "assumed, because READER ENABLE may be repeated in a vend and the adapter may say so; with a request that was taken back it is the end of it",
  },
  disabled: {
    says: "`c,STATUS,DISABLED`",
    ...always("wait"),
    detail: "the machine disabled the reader",
    source: "MDB 4.2: READER DISABLE leaves a transaction in progress alone, it goes on to its normal end",
  },
  "same-request": {
    says: "`c,STATUS,VEND,…` while it has not left the vend",
    ...always("wait"),
    detail: "the request was said again",
    source: "assumed, because the machine cannot ask for another vend before this one has ended (MDB 4.2)",
  },
  "new-request": {
    says: "`c,STATUS,VEND,…` after it has left the vend",
    ...always("unknown"),
    detail: "the machine asked for another vend without saying how this one ended",
    source: "MDB 4.2: a VEND REQUEST ends the one before it, so that no strong word can come any more",
  },
  polled: {
    says: "`r,ACK`",
    crossing: "fetched, wait",
    fetched: "wait",
    withdrawn: "wait",
    detail: "the machine fetched the approval",
    source:
      "vendor: the machine sent a query, and got what waited for it (unless a RESET follows at once); a second of polls without it counts as much",
  },
  version: {
    says: "`v,…` without being asked",
    ...always("ask, wait"),
    detail: "the adapter said its version",
    source: "assumed, because it may be the banner of an adapter that has started again, or a late answer",
  },
  "adapter-off": {
    says: '`c,0`, `c,STATUS,OFF`, `c,ERR,"cashless is off"`, `c,SET,OK`',
    ...always("unknown"),
    detail: "the adapter started again before the machine said how it ended",
    source: "vendor: the cashless device is off, so that nothing of the vend can be heard any more",
  },
  other: {
    says: "anything else",
    ...always("wait"),
    detail: "no word about the vend",
    source: "assumed, because what is not known proves nothing; it is in the log",
  },
  "line-gone": {
    says: "the line to the adapter breaks",
    ...always("wait"),
    detail: "the line to the adapter broke",
    source:
      "assumed, because an adapter that the bus feeds goes on by itself; when the line is back it is asked whether it is on",
  },
  silence: {
    says: "nothing for `vend_s`",
    ...always("unknown"),
    detail: "the machine did not say in time how it ended",
    source: "assumed, because no strong word came in the time that the slowest drink takes",
  },
  "given-up": {
    says: "kvitt is stopped",
    ...always("unknown"),
    detail: "kvitt was stopped before the machine said how it ended",
    source: "assumed, because nobody is left who listens",
  },
};

export function approvedRows(): readonly ApprovedRow[] {
  return Object.values(approvedTable);
}

/** The table of docs/mdb.md, without its head. */
export function docsTable(): string {
  return approvedRows()
    .map(({ says, crossing, fetched, withdrawn, source }) =>
      crossing === fetched && fetched === withdrawn
        ? `| ${says} | ${fetched} | ${fetched} | ${fetched} | ${source} |`
        : `| ${says} | ${crossing} | ${fetched} | ${withdrawn} | ${source} |`,
    )
    .join("\n");
}
