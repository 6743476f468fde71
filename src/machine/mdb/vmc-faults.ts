/** What can go wrong in the simulated vending machine. */

/** What goes wrong with vends, until it is set to something else. */
export const vmcFaults = [
  "none",
  /** The coil turns and nothing falls: VEND FAILURE. */
  "vend-fails",
  /** READER DISABLE and READER ENABLE in the middle of the vend, and nothing falls: VEND FAILURE after all that. */
  "disables-and-fails",
  /** The same, and it falls: VEND SUCCESS. */
  "disables",
  /** It takes as long as a drink from a machine that has to warm up: 75 s more. */
  "slow",
  /** It falls, and the controller resets before it says so. */
  "reset-after-drop",
  /** The controller resets before it has fetched the approval: nothing turns. */
  "reset-before-fetch",
  /** The customer takes the selection back in the moment of the approval: the lines cross. */
  "cancel-crosses",
  /** The adapter refuses the approval, and the controller gives the selection up. */
  "refuses",
  /** The controller goes back to its session without a word about the vend. */
  "no-word",
  /** The adapter says first that the vend is over and a second later how it ended. */
  "late-word",
  /** The controller hangs after VEND APPROVED. */
  "hangs",
  /** The controller asks for a krone more than the coil's price. */
  "other-price",
  /** The controller does not say which item it is. */
  "unknown-item",
  /** The controller does not know the price (FFFFh). */
  "unknown-price",
  /** The adapter writes prices with a comma. */
  "comma-price",
] as const;
export type VmcFault = (typeof vmcFaults)[number];
