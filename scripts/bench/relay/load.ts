/** Requests over kept connections, as fast as they are answered or at a steady rate, and how long each took. */
import { Agent, request } from "node:http";

export interface Prepared {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Loaded {
  readonly wallMs: number;
  readonly latenciesMs: readonly number[];
  /** How many were answered with each status; 0: no answer. */
  readonly statuses: ReadonlyMap<number, number>;
}

const giveUpMs = 30_000;

/** @param perSecond when they start, whatever is still open; undefined: each connection's next one as soon as it is free */
export async function load(
  port: number,
  requests: readonly Prepared[],
  { connections, perSecond }: { readonly connections: number; readonly perSecond?: number },
): Promise<Loaded> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latenciesMs: number[] = [];
  const statuses = new Map<number, number>();
  const one = async ({ method, path, headers, body }: Prepared, dueMs: number): Promise<void> => {
    const status = await new Promise<number>((resolve) => {
      const all = { ...headers, "content-length": Buffer.byteLength(body) };
      const sent = request(
        { host: "127.0.0.1", port, agent, method, path, headers: all, timeout: giveUpMs },
        (answer) => {
          answer.resume().once("end", () => resolve(answer.statusCode ?? 0));
        },
      );
      sent.once("error", () => resolve(0));
      sent.once("timeout", () => sent.destroy());
      sent.end(body);
    });
    latenciesMs.push(performance.now() - dueMs);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  const startedMs = performance.now();
  if (perSecond === undefined) {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let mine = requests[next++]; mine !== undefined; mine = requests[next++]) await one(mine, performance.now());
    };
    await Promise.all(Array.from({ length: connections }, worker));
  } else {
    await Promise.all(
      requests.map(async (mine, index) => {
        const dueMs = startedMs + (index * 1_000) / perSecond;
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
        // From when it was due: a generator that is late must not make the server look quick.
        await one(mine, dueMs);
      }),
    );
  }
  const wallMs = performance.now() - startedMs;
  agent.destroy();
  return { wallMs, latenciesMs, statuses };
}
