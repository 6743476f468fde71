/** Three nodes of nats-server with JetStream, processes of their own on this computer, with whatever account is written into `account.conf`. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import * as z from "zod";

/** Of https://docs.nats.io/running-a-nats-service/nats_admin/monitoring, "JetStream Information". */
const streamsSchema = z.object({
  account_details: z.array(
    z.object({
      stream_detail: z.array(z.object({ name: z.string(), consumer_detail: z.array(z.unknown()).optional() })),
    }),
  ),
});

const natsPath = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"].find((path) =>
  existsSync(path),
);

/** Where it must be (CI) and is not, tests fail instead of being skipped. */
export function hasNats(): boolean {
  if (natsPath === undefined && process.env["CI"] === "true")
    throw new Error("nats-server is not installed: apt-get install nats-server");
  if (natsPath === undefined) console.warn("skipped: nats-server is not installed (apt-get install nats-server)");
  return natsPath !== undefined;
}

export interface Node {
  readonly url: string;
  start(): void;
  /** SIGKILL, without a word to anybody. */
  kill(): Promise<void>;
  /** It is there for the network, and does nothing: for its clients and for the other nodes a partition. */
  freeze(): void;
  thaw(): void;
  /** Only while it is dead. */
  loseDisk(): void;
  /** How many queues the cluster keeps for clients, as this node sees it. */
  queues(): Promise<number>;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            if (typeof address === "object" && address !== null) resolve(address.port);
            else reject(new Error("no port"));
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The configuration of docs/decisions/0061-broker-cluster.md, on ports of this test. `account.conf` lies in the folder. */
export async function natsCluster(folder: string): Promise<readonly [Node, Node, Node]> {
  const ports = await freePorts(12);
  const port = (kind: "client" | "route" | "mqtt" | "http", node: number): number =>
    ports[3 * ["client", "route", "mqtt", "http"].indexOf(kind) + node] ?? 0;
  const routes = [0, 1, 2].map((node) => `"nats://127.0.0.1:${port("route", node)}"`).join(", ");
  const nodeOf = (node: number): Node => {
    const [config, store] = [join(folder, `node-${node}.conf`), join(folder, `store-${node}`)];
    const lines = [
      `server_name: "node-${node}"`,
      `listen: "127.0.0.1:${port("client", node)}"`,
      `http: "127.0.0.1:${port("http", node)}"`,
      `jetstream { store_dir: "${store}", max_memory_store: 64M, max_file_store: 256M }`,
      `cluster { name: "kvitt", listen: "127.0.0.1:${port("route", node)}", routes: [${routes}] }`,
      `mqtt { listen: "127.0.0.1:${port("mqtt", node)}", stream_replicas: 3 }`,
      `include "account.conf"`,
    ];
    writeFileSync(config, `${lines.join("\n")}\n`);
    let child: ChildProcess | undefined;
    return {
      url: `mqtt://127.0.0.1:${port("mqtt", node)}`,
      start() {
        child = spawn(natsPath ?? "", ["-c", config, "-l", join(folder, `node-${node}.log`)], { stdio: "ignore" });
      },
      async kill() {
        const old = child;
        child = undefined;
        if (old === undefined || old.exitCode !== null) return;
        const gone = new Promise((resolve) => old.once("exit", resolve));
        old.kill("SIGKILL");
        await gone;
      },
      freeze: () => void child?.kill("SIGSTOP"),
      thaw: () => void child?.kill("SIGCONT"),
      loseDisk: () => rmSync(store, { recursive: true, force: true }),
      async queues() {
        const response = await fetch(
          `http://127.0.0.1:${port("http", node)}/jsz?accounts=true&streams=true&consumers=true`,
        );
        const streams = streamsSchema
          .parse(await response.json())
          .account_details.flatMap(({ stream_detail }) => stream_detail);
        return streams.find(({ name }) => name === "$MQTT_msgs")?.consumer_detail?.length ?? 0;
      },
    };
  };
  return [nodeOf(0), nodeOf(1), nodeOf(2)];
}
