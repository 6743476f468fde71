/** The names under which the kiosk keeps things in the journal, all in one place: a key that changes is data that a restart cannot find. */

// Table "fact".
export const bootKey = "boot";
export const catalogueKey = "catalogue";
/** Digest of the configuration's catalogue at the moment when the back office set another. */
export const catalogueBasisKey = "catalogue-basis";
export const commandCounterKey = "command-counter";
export const journalProbeKey = "journal-probe";
export const lineStatesKey = "line-states";
export const outOfServiceKey = "operator-out-of-service";
export const partialRefusedKey = "partial-capture-refused";
export const timedOutputPrefix = "timed-output.";
export const orderPrefix = "order.";
export const handInPrefix = "shop-order.";
export const hostOrderPrefix = "host-order.";
export const replyPrefix = "reply.";

export const timedOutputKey = (deliveryId: string): string => timedOutputPrefix + deliveryId;
export const orderKey = (orderId: string): string => orderPrefix + orderId;
export const hostOrderKey = (commandId: string): string => hostOrderPrefix + commandId;
export const replyKey = (commandId: string): string => replyPrefix + commandId;
export const handInKey = (orderId: string): string => handInPrefix + orderId;

// Table "seen".
export const seenCheckInKey = (eventId: string): string => `check-in.${eventId}`;
export const seenCommandKey = (commandId: string): string => `command.${commandId}`;

// Table "unsent".
/** The upstream id of a record: the same for every copy of the same news. */
export const unsentKey = (saleId: string, revision: number): string => `${saleId}.${revision}`;
