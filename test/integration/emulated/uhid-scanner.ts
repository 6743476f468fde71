/**
 * In the emulated machine: a bar code scanner in HID POS mode, as the kernel sees one that is plugged in (Documentation/hid/uhid.rst). What comes to the TCP port
 * of the first argument is scanned.
 */
import { openSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { posReports } from "../../../src/machine/hid/simulated-hid.ts";

const create2 = 11;
const input2 = 12;
const usbBus = 0x03;
const descriptorMax = 4_096;

/** USB HID POS Usage Tables 1.02: usage page 0x8C, a bar code scanner; one report, number 2, of 63 bytes of decoded data (usage 0xFE). */
const descriptor = Buffer.from([
  0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x85, 0x02, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x3f, 0x09, 0xfe,
  0x81, 0x02, 0xc0,
]);

/** struct uhid_create2_req of linux/uhid.h, behind the event's number; all packed. */
function createEvent(): Buffer {
  const event = Buffer.alloc(4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + descriptorMax);
  event.writeUInt32LE(create2, 0);
  event.write("Test scanner", 4);
  event.write("serial-1", 4 + 128 + 64);
  let at = 4 + 128 + 64 + 64;
  at = event.writeUInt16LE(descriptor.length, at);
  at = event.writeUInt16LE(usbBus, at);
  for (const number of [0x0c2e, 0x0b01, 1, 0]) at = event.writeUInt32LE(number, at);
  descriptor.copy(event, at);
  return event;
}

/** struct uhid_input2_req. */
function inputEvent(report: Uint8Array): Buffer {
  const event = Buffer.alloc(4 + 2 + descriptorMax);
  event.writeUInt32LE(input2, 0);
  event.writeUInt16LE(report.length, 4);
  event.set(report, 6);
  return event;
}

const device = openSync("/dev/uhid", "r+");
writeSync(device, createEvent());
createServer((socket) => {
  socket.setEncoding("utf8").on("data", (text: string) => {
    for (const report of posReports(text)) writeSync(device, inputEvent(report));
    socket.end();
  });
}).listen(Number(process.argv[2]));
console.log("the scanner is plugged in");
