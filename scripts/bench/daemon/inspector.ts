/** What V8 says of another process: its heap after a forced collection (Chrome DevTools Protocol, HeapProfiler and Runtime). */
import * as z from "zod";
import { type Device, until } from "./device.ts";

const answer = z.object({ id: z.number(), result: z.object({ usedSize: z.number().optional() }) });

/** Starts Node so that `openInspector` finds it. */
export const inspectorOptions = ["--inspect=127.0.0.1:0"] as const;

export interface Inspector {
  /** Bytes in use after a full collection. */
  heapBytes(): Promise<number>;
  close(): void;
}

export async function openInspector(device: Device): Promise<Inspector> {
  const find = (): string | undefined => /Debugger listening on (ws:\S+)/.exec(device.said())?.[1];
  await until("the inspector", device, () => find() !== undefined);
  const socket = new WebSocket(find() ?? "");
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("the inspector cannot be reached")), { once: true });
  });
  let nextId = 0;
  const ask = (method: string): Promise<number | undefined> =>
    new Promise((resolve) => {
      nextId += 1;
      const id = nextId;
      const hear = ({ data }: MessageEvent): void => {
        const parsed = answer.safeParse(JSON.parse(String(data)));
        if (!parsed.success || parsed.data.id !== id) return;
        socket.removeEventListener("message", hear);
        resolve(parsed.data.result.usedSize);
      };
      socket.addEventListener("message", hear);
      socket.send(JSON.stringify({ id, method }));
    });
  return {
    async heapBytes() {
      // Twice: what the first one finalises is collected by the second.
      await ask("HeapProfiler.collectGarbage");
      await ask("HeapProfiler.collectGarbage");
      return (await ask("Runtime.getHeapUsage")) ?? Number.NaN;
    },
    close: () => socket.close(),
  };
}
