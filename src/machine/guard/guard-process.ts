/** The guard as a process: orders on standard input, replies on standard output, everything off when its input ends. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { errorText } from "../../kit/error-text.ts";
import type { Clock } from "../../service/port.ts";
import type { GpioLines } from "../gpio/lines.ts";
import { type Guard, openGuard } from "./guard.ts";
import { type Hello, helloSchema, lineBytesMax, orderSchema, type Reply } from "./protocol.ts";

export interface GuardProcessParts {
  readonly input: Readable;
  readonly write: (line: string) => void;
  readonly openLines: (how: Hello["lines"]) => Promise<GpioLines>;
  readonly clock: Clock;
}

/** Resolves to the exit code, with every output off. */
export async function runGuardProcess(parts: GuardProcessParts): Promise<number> {
  const say = (reply: Reply): void => parts.write(JSON.stringify(reply));
  let guard: Guard | undefined;
  let exitCode = 0;
  const lines = createInterface({ input: parts.input, crlfDelay: Number.POSITIVE_INFINITY });
  const fail = (reason: string): void => {
    say({ reply: "failed", reason });
    exitCode = 1;
    lines.close();
  };
  try {
    for await (const text of lines) {
      if (exitCode !== 0) break;
      const message = parse(text);
      if (guard === undefined) {
        const hello = helloSchema.safeParse(message);
        if (!hello.success) {
          fail("the first line has to be a hello that this guard understands");
          break;
        }
        const opened = await openGuard(hello.data, {
          lines: await parts.openLines(hello.data.lines),
          clock: parts.clock,
          say,
          onFailure: (error) => fail(error.message),
        });
        guard = opened;
        say({ reply: "ready" });
        continue;
      }
      const order = orderSchema.safeParse(message);
      if (!order.success) {
        fail("a line was no order: everything is off");
        break;
      }
      guard.take(order.data);
    }
  } catch (error) {
    fail(errorText(error));
  } finally {
    await guard?.end();
  }
  return exitCode;
}

function parse(text: string): unknown {
  if (text.length > lineBytesMax) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
