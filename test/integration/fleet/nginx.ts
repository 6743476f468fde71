/** nginx as docs/fleet.md sets it up, on this computer: the page's own text, with other names, ports and certificates. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canConnect } from "../link/brokers.ts";
import { untilTrue } from "../patience.ts";

const nginxPath = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].find((path) => existsSync(path));

/** nginx is there; where it must be (CI) and is not, tests fail instead of being skipped. */
export function hasNginx(): boolean {
  if (nginxPath === undefined && process.env["CI"] === "true")
    throw new Error("nginx is not installed: apt-get install nginx-light");
  if (nginxPath === undefined) console.warn("skipped: nginx is not installed (apt-get install nginx-light)");
  return nginxPath !== undefined;
}

/** One of the page's servers, by the port that it passes requests on to. */
export interface Site {
  readonly pagePort: 8080 | 8081;
  /** Where it listens here. */
  readonly port: number;
  /** Where it passes requests on to here. */
  readonly to: number;
}

/** The page's server for that site. @throws Error when the page has none, or has more in it that would have to be replaced */
function serverOf(recipe: string, { pagePort, port, to }: Site, certificate: { cert: string; key: string }): string {
  const servers = recipe.match(/^server \{[^]*?^\}/gm) ?? [];
  const [server, ...more] = servers.filter((text) => text.includes(`:${pagePort};`));
  if (server === undefined || more.length > 0) throw new Error(`not one server for port ${pagePort}:\n${recipe}`);
  const here = server
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`)
    .replace(/server_name .*;/, "server_name localhost;")
    .replace(/ssl_certificate .*;/, `ssl_certificate ${certificate.cert};`)
    .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${certificate.key};`)
    .replace(`127.0.0.1:${pagePort};`, `127.0.0.1:${to};`);
  if (/example\.com|\/etc\/|443 /.test(here)) throw new Error(`not replaced: ${here}`);
  return here;
}

export async function startNginx(
  recipe: string,
  sites: readonly Site[],
  certificate: { readonly cert: string; readonly key: string },
) {
  if (nginxPath === undefined) throw new Error("nginx is not installed");
  const folder = await mkdtemp(join(tmpdir(), "kvitt-nginx-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (of) => `${of}_temp_path ${folder}/${of};`,
  );
  const text = `daemon off;
worker_processes 1;
pid ${folder}/pid;
${process.getuid?.() === 0 ? "user root;" : ""}
events {}
http {
access_log off;
${temporary.join("\n")}
${sites.map((site) => serverOf(recipe, site, certificate)).join("\n")}
}
`;
  await writeFile(join(folder, "nginx.conf"), text);
  const child: ChildProcess = spawn(nginxPath, ["-e", "stderr", "-p", folder, "-c", join(folder, "nginx.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (words: string) => (said += words));
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const isUp = await untilTrue(async () => {
    if (child.exitCode !== null) throw new Error(said);
    return (await Promise.all(sites.map(({ port }) => canConnect(port)))).every(Boolean);
  });
  if (!isUp) throw new Error(`nginx did not start: ${said}`);
  return {
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
