/**
 * The GPIO character device's structures and requests, version 2 (include/uapi/linux/gpio.h; Documentation/userspace-api/gpio), as bytes.
 * Pure. Little endian, as every Raspberry Pi is.
 */

/** ioctl numbers, printed from the kernel's headers. */
export const requests = {
  getChipInfo: 0x8044_b401,
  getLineInfo: 0xc100_b405,
  getLine: 0xc250_b407,
  setValues: 0xc010_b40f,
  getValues: 0xc010_b40e,
} as const;

export const sizes = { chipInfo: 68, lineInfo: 256, lineRequest: 592, lineValues: 16, lineEvent: 48 } as const;

const flag = {
  used: 1n << 0n,
  activeLow: 1n << 1n,
  input: 1n << 2n,
  output: 1n << 3n,
  edgeRising: 1n << 4n,
  edgeFalling: 1n << 5n,
  biasPullUp: 1n << 8n,
  biasPullDown: 1n << 9n,
  biasDisabled: 1n << 10n,
} as const;

/** Where the fields of `struct gpio_v2_line_request` begin. */
export const requestOffsets = {
  offsets: 0,
  consumer: 256,
  flags: 288,
  attributeCount: 296,
  attributes: 320,
  lineCount: 560,
  eventBufferSize: 564,
  fd: 588,
} as const;

const attributeOutputValues = 2;
const consumerBytes = 32;
/** How many edges the kernel keeps for us while we are busy. */
const eventBuffer = 64;

export interface LineRequest {
  readonly offset: number;
  readonly consumer: string;
  readonly activeLow: boolean;
  /** `level`: an input without edges. */
  readonly kind: "input" | "level" | "output";
  readonly bias?: "pull-up" | "pull-down" | "none" | undefined;
}

function flagsOf({ kind, activeLow, bias }: LineRequest): bigint {
  let flags = kind === "output" ? flag.output : flag.input;
  if (kind === "input") flags |= flag.edgeRising | flag.edgeFalling;
  if (activeLow) flags |= flag.activeLow;
  if (bias === "pull-up") flags |= flag.biasPullUp;
  if (bias === "pull-down") flags |= flag.biasPullDown;
  if (bias === "none") flags |= flag.biasDisabled;
  return flags;
}

/** `struct gpio_v2_line_request` for one line. An output is requested inactive, so that it never flickers. */
export function packLineRequest(request: LineRequest): Buffer {
  const bytes = Buffer.alloc(sizes.lineRequest);
  bytes.writeUInt32LE(request.offset, requestOffsets.offsets);
  bytes.write(request.consumer.slice(0, consumerBytes - 1), requestOffsets.consumer, "latin1");
  bytes.writeBigUInt64LE(flagsOf(request), requestOffsets.flags);
  if (request.kind === "output") {
    // One attribute: OUTPUT_VALUES = 0 for the line of bit 0.
    bytes.writeUInt32LE(1, requestOffsets.attributeCount);
    bytes.writeUInt32LE(attributeOutputValues, requestOffsets.attributes);
    bytes.writeBigUInt64LE(0n, requestOffsets.attributes + 8);
    bytes.writeBigUInt64LE(1n, requestOffsets.attributes + 16);
  } else if (request.kind === "input") bytes.writeUInt32LE(eventBuffer, requestOffsets.eventBufferSize);
  bytes.writeUInt32LE(1, requestOffsets.lineCount);
  return bytes;
}

/** The file descriptor that the kernel wrote into the request. */
export function lineFd(request: Buffer): number {
  return request.readInt32LE(requestOffsets.fd);
}

/** `struct gpio_v2_line_values` for the line of bit 0. */
export function packValues(active: boolean): Buffer {
  const bytes = Buffer.alloc(sizes.lineValues);
  bytes.writeBigUInt64LE(active ? 1n : 0n, 0);
  bytes.writeBigUInt64LE(1n, 8);
  return bytes;
}

export function readValues(bytes: Buffer): boolean {
  return (bytes.readBigUInt64LE(0) & 1n) === 1n;
}

/** `struct gpiochip_info`. */
export function readChipInfo(bytes: Buffer): { readonly name: string; readonly label: string; readonly lines: number } {
  const text = (from: number): string => bytes.toString("latin1", from, from + 32).replace(/\0.*$/s, "");
  return { name: text(0), label: text(32), lines: bytes.readUInt32LE(64) };
}

/** Where the fields of `struct gpio_v2_line_info` begin. */
export const infoOffsets = { consumer: 32, offset: 64, flags: 72 } as const;

/** `struct gpio_v2_line_info`, as a question about one line. */
export function packLineInfo(offset: number): Buffer {
  const bytes = Buffer.alloc(sizes.lineInfo);
  bytes.writeUInt32LE(offset, infoOffsets.offset);
  return bytes;
}

export interface LineInfo {
  /** The kernel's word for who has the line; undefined: nobody has. */
  readonly holder: string | undefined;
  readonly direction: "in" | "out";
}

/** The kernel's answer. A line that the kernel itself uses may have no name for it. */
export function readLineInfo(bytes: Buffer): LineInfo {
  const flags = bytes.readBigUInt64LE(infoOffsets.flags);
  const end = infoOffsets.consumer + consumerBytes;
  const consumer = bytes.toString("latin1", infoOffsets.consumer, end).replace(/\0.*$/s, "");
  const isUsed = (flags & flag.used) !== 0n;
  return {
    holder: isUsed ? (consumer === "" ? "the kernel" : consumer) : undefined,
    direction: (flags & flag.output) === 0n ? "in" : "out",
  };
}

export interface LineEvent {
  /** CLOCK_MONOTONIC. */
  readonly timestampNs: bigint;
  readonly active: boolean;
}

/** Whole `struct gpio_v2_line_event` records; with ACTIVE_LOW the kernel has turned the edges round already. */
export function readEvents(bytes: Buffer): readonly LineEvent[] {
  const events: LineEvent[] = [];
  for (let at = 0; at + sizes.lineEvent <= bytes.length; at += sizes.lineEvent)
    events.push({ timestampNs: bytes.readBigUInt64LE(at), active: bytes.readUInt32LE(at + 8) === 1 });
  return events;
}
