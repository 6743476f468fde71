/** Outlets of a laundry, as a machine's configuration names them. */

export interface Washer {
  readonly id: string;
  readonly priceMinor: number;
  readonly runsMin?: number;
  /** Of a MobilePay sticker that hung there before. */
  readonly qrId?: string;
}

/** What is sold at the outlet, on a line of its own name, and the outlet. */
export function washerTables({ id, priceMinor, runsMin, qrId }: Washer): string {
  return `
[[product]]
id = "wash-${id}"
name = "Wash"
price = ${priceMinor}
vat_rate = 2500
line = "${id}"

[[station]]
id = "${id}"
name = "Washer ${id}"
lines = ["${id}"]
${runsMin === undefined ? "" : `runs_min = ${runsMin}`}
${qrId === undefined ? "" : `qr_id = "${qrId}"`}
`;
}
