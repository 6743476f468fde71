/** What the daemon on this computer says of itself, over its service socket. */
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { parse } from "smol-toml";
import * as z from "zod";
import { parseJson } from "../kit/json.ts";
import type { GateView } from "./gate.ts";

const answersWithinMs = 5_000;
const answerBytesMax = 2 * 1024 * 1024;

const stateAnswer = z.object({
  state: z.enum(["init", "ready", "selling", "out-of-service", "lost"]),
  reason: z.string().nullish(),
  missing: z.array(z.string()).default([]),
});

/** Never throws: who does not answer in order is silent. */
export async function viewDaemon(socketPath: string): Promise<GateView> {
  const parsed = stateAnswer.safeParse(parseJson(await ask(socketPath)));
  if (!parsed.success) return { kind: "silent" };
  const { state, reason, missing } = parsed.data;
  switch (state) {
    case "ready":
    case "selling":
      return { kind: "serving", state };
    case "out-of-service":
      return { kind: "out-of-service", reason: reason ?? "no reason is given", missing };
    case "init":
    case "lost":
      return { kind: "starting" };
  }
}

function ask(socketPath: string): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const nothing = (): void => resolve(new Uint8Array());
    const outgoing = request(
      { socketPath, path: "/state", signal: AbortSignal.timeout(answersWithinMs) },
      (response) => {
        response.on("data", (part: Buffer) => {
          bytes += part.length;
          if (bytes > answerBytesMax) response.destroy();
          else parts.push(part);
        });
        response.on("end", () => resolve(Buffer.concat(parts)));
        response.on("close", nothing);
        response.on("error", nothing);
      },
    );
    outgoing.on("error", nothing);
    outgoing.end();
  });
}

/** The few keys that updates need; whatever else is in the file, right or wrong, is the daemon's. */
const updateKeys = z.object({
  update: z.object({ url: z.string().optional() }).optional(),
  machine: z.object({ service_socket: z.string().optional() }).optional(),
});

export interface UpdateSettings {
  /** The folder that releases are fetched from. */
  readonly url: string | undefined;
  readonly serviceSocket: string;
}

/**
 * A configuration that cannot be read stops no update: it may be what the update mends.
 * @param runtimeFolder where the service socket is, unless the configuration names another place
 */
export async function readUpdateSettings(configPath: string, runtimeFolder: string): Promise<UpdateSettings> {
  const parsed = updateKeys.safeParse(tomlOf(await readFile(configPath, "utf8").catch(() => "")));
  const serviceSocket = join(runtimeFolder, "service.sock");
  if (!parsed.success) return { url: undefined, serviceSocket };
  return {
    url: parsed.data.update?.url,
    serviceSocket: parsed.data.machine?.service_socket ?? serviceSocket,
  };
}

function tomlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return {};
  }
}
