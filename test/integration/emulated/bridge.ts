/**
 * In the emulated machine: makes ports of the host look like the guest's own, and a Unix socket or a file of the guest reachable from the
 * host. Arguments: in:PORT (127.0.0.1:PORT of the guest is PORT of the host), out:PORT:SOCKET, file:PORT:PATH, and shell:PORT, which runs what is sent
 * up to the sender's end and answers with what it printed.
 */
import { exec } from "node:child_process";
import { createReadStream } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";

/** QEMU's user network: the host, seen from the guest. */
const host = "10.0.2.2";

function join(near: Socket, far: Socket): void {
  near.pipe(far).pipe(near);
  near.on("error", () => far.destroy());
  far.on("error", () => near.destroy());
}

function serverFor(way: string, port: number, path: string): Server {
  switch (way) {
    case "in":
      return createServer((near) => join(near, createConnection({ host, port })));
    case "out":
      return createServer((near) => join(near, createConnection({ path })));
    case "file":
      return createServer((near) => void createReadStream(path).pipe(near.on("error", () => near.destroy())));
    case "shell":
      return createServer({ allowHalfOpen: true }, (near) => {
        const parts: Buffer[] = [];
        near.on("error", () => near.destroy());
        near.on("data", (part: Buffer) => parts.push(part));
        near.on("end", () => {
          const script = Buffer.concat(parts).toString("utf8");
          exec(script, { shell: "/bin/sh" }, (_error, stdout, stderr) => near.end(stdout + stderr));
        });
      });
    default:
      throw new Error(`"${way}" is none of in, out, file and shell`);
  }
}

for (const argument of process.argv.slice(2)) {
  const [way = "", port = "", path = ""] = argument.split(":");
  serverFor(way, Number(port), path).listen(Number(port), way === "in" ? "127.0.0.1" : "0.0.0.0");
}
console.log("bridge is up");
