/** The adapter on a real serial port: USB CDC ACM (/dev/ttyACM0) or the header's UART (/dev/ttyAMA0), raw and without flow control. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isatty, ReadStream, WriteStream } from "node:tty";
import { promisify } from "node:util";
import { CodedError } from "../../kit/coded-error.ts";
import { errorText } from "../../kit/error-text.ts";
import type { AdapterLine, OpenAdapterLine } from "./adapter-line.ts";

const run = promisify(execFile);
const sttyTimeoutMs = 2_000;

class SerialPortError extends CodedError<"not-there" | "not-a-serial-port" | "not-set-up"> {}

function advice(error: unknown, path: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT")
    return `${path} is not there: is the adapter plugged in? ls -l /dev/serial/by-id names those that are`;
  if (code === "EACCES") return `${path} may not be opened: put the service's user into the group dialout`;
  if (code === "EBUSY") return `${path} is in use: is a console (serial-getty) or another program on it?`;
  return `${path} cannot be opened: ${errorText(error)}`;
}

/** O_NOCTTY: the port must not become our terminal. O_NONBLOCK: opening must not wait for a carrier (termios(3), CLOCAL). */
async function openPort(path: string): Promise<FileHandle> {
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
  try {
    const handle = await open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (isatty(handle.fd)) return handle;
    await handle.close();
  } catch (error) {
    throw new SerialPortError("not-there", advice(error, path), { cause: error });
  }
  throw new SerialPortError("not-a-serial-port", `${path} is no serial port: write device = "/dev/serial/by-id/…"`);
}

/** stty(1) is on every system that has serial ports, and spares a native module. */
async function setUp(path: string, baud: number): Promise<void> {
  const device = process.platform === "darwin" ? "-f" : "-F";
  const wanted = ["raw", "-echo", "clocal", "cread", "-crtscts", "-hupcl", "cs8", "-parenb", "-cstopb"];
  try {
    await run("stty", [device, path, String(baud), ...wanted], { timeout: sttyTimeoutMs });
  } catch (error) {
    throw new SerialPortError("not-set-up", `${path} cannot be set to ${baud} baud: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/**
 * @param path of the device
 * @param baud of a UART; USB adapters take any.
 */
export function serialPort(path: string, baud: number): OpenAdapterLine {
  return async (listener): Promise<AdapterLine> => {
    const handle = await openPort(path);
    try {
      await setUp(path, baud);
    } catch (error) {
      await handle.close();
      throw error;
    }
    const input = new ReadStream(handle.fd);
    const output = new WriteStream(handle.fd);
    let isOpen = true;
    const shut = (): void => {
      isOpen = false;
      input.destroy();
      output.destroy();
      // The streams have the descriptor, and may have closed it already.
      handle.close().catch(() => {});
    };
    const lost = (reason: string): void => {
      if (!isOpen) return;
      shut();
      listener.closed(`${path}: ${reason}`);
    };
    input.setEncoding("latin1");
    input.on("data", (chunk: string) => {
      if (isOpen) listener.text(chunk);
    });
    input.on("end", () => lost("it was unplugged"));
    input.on("close", () => lost("it was closed"));
    for (const stream of [input, output]) stream.on("error", (error: Error) => lost(error.message));
    return {
      write: (text) => {
        if (isOpen) output.write(text, "latin1");
      },
      close: () => {
        if (isOpen) shut();
      },
    };
  };
}
