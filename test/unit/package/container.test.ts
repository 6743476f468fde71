/**
 * Goal: Containerfile, compose file and the configurations beside them fit each other, the package and docs/fleet.md. Method: they are read, and every name,
 * path and port in one is looked for in the others. What a container engine makes of them was tried by hand (docs/fleet.md).
 */
import { readFileSync } from "node:fs";
import { parse as parseToml } from "smol-toml";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import * as z from "zod";
import { relayFileSchema } from "../../../src/config/relay.ts";

const read = (name: string): string =>
  readFileSync(new URL(`../../../scripts/package/container/${name}`, import.meta.url), "utf8");
const containerfile = read("Containerfile");
const page = readFileSync(new URL("../../../docs/fleet.md", import.meta.url), "utf8");
const [, inContainers = ""] = /^\*\*In containers\.\*\*([^]*?)^\*\*Machines\.\*\*/m.exec(page) ?? [];
const relayFile = relayFileSchema.parse(parseToml(/```toml\n([^]*?)```/.exec(inContainers)?.[1] ?? ""));

const service = z.object({
  image: z.string(),
  build: z.object({ dockerfile: z.literal("Containerfile"), target: z.string() }),
  user: z.literal("10001:10001"),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal("ALL")]),
  security_opt: z.tuple([z.literal("no-new-privileges:true")]),
  volumes: z.array(z.string()),
  ports: z.array(z.string()).default([]),
});
const { services, volumes } = z
  .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.object({})) })
  .parse(parseYaml(read("compose.yaml"), { merge: true }));
const [broker, proxy] = [services["broker"], services["proxy"]];
const relays = Object.keys(services).filter((name) => services[name]?.build.target === "relay");

/** The stage of the Containerfile. */
const stage = (name: string): string =>
  new RegExp(`^FROM \\S+ AS ${name}\\n([^]*?)(?=^FROM |$(?![^]))`, "m").exec(containerfile)?.[1] ?? "";
const mountOf = (volume: string): string => volume.split(":")[1] ?? "";

describe("the container files", () => {
  it("every service is a stage that ends as the user of the compose file, and its ports are exposed", () => {
    for (const { build, ports } of Object.values(services)) {
      expect(stage(build.target)).toContain("\nUSER 10001:10001\n");
      for (const port of ports) expect(stage(build.target)).toContain(`EXPOSE ${port.split(":")[1]}`);
    }
  });

  it("volumes are named, or folders that docs/fleet.md tells of", () => {
    for (const volume of Object.values(services).flatMap((one) => one.volumes)) {
      const [from = ""] = volume.split(":");
      if (from.startsWith("./")) expect(inContainers).toContain(`\`${from.slice(2)}\``);
      else expect(Object.keys(volumes)).toContain(from);
    }
  });

  it("what the relay's file names is mounted, and nothing else of it is written", () => {
    const mounts = services["relay-1"]?.volumes ?? [];
    const writable = mounts.filter((volume) => !volume.endsWith(":ro")).map(mountOf);
    expect(mounts.map(mountOf)).toContain("/etc/kvitt-relay");
    expect(relayFile.mqtt.ca_file).toMatch(/^\/etc\/kvitt-relay\//);
    for (const path of [`${relayFile.relay.registration_dir}/`, relayFile.gateway?.identities_file ?? ""])
      expect(writable.some((mount) => path.startsWith(`${mount}/`))).toBe(true);
    expect(stage("relay")).toContain('CMD ["relay", "--config", "/etc/kvitt-relay/relay.toml"]');
    expect(inContainers).toContain("--out /enrolled/");
    expect(writable).toContain("/enrolled");
  });

  it("the relay listens for the proxy, and the proxy knows every relay, by the names of the page", () => {
    const nginx = read("nginx.conf");
    expect(relayFile.relay.listen_host).toBe("0.0.0.0");
    expect(relayFile.gateway?.listen_host).toBe("0.0.0.0");
    expect(relays).toEqual(["relay-1", "relay-2"]);
    for (const relay of relays) {
      expect(nginx).toContain(`server ${relay}:${relayFile.relay.listen_port};`);
      expect(nginx).toContain(`proxy_pass http://${relay}:${relayFile.gateway?.listen_port};`);
    }
    for (const url of [relayFile.relay.public_url, ...(relayFile.gateway?.public_urls ?? [])])
      expect(nginx).toContain(`server_name ${new URL(url).hostname};`);
    for (const [, path = ""] of nginx.matchAll(/ssl_certificate\S* (.*);/g))
      expect(path.startsWith(`${mountOf(proxy?.volumes[0] ?? "")}/`)).toBe(true);
    expect(nginx).toContain(`listen ${proxy?.ports[0]?.split(":")[1]} ssl;`);
    expect(stage("proxy")).toContain(`"${mountOf(proxy?.volumes[0] ?? "")}/nginx.conf"`);
  });

  it("the broker listens where relays and machines look for it, with the files of its folder", () => {
    const mosquitto = read("mosquitto.conf");
    const [folder = "", store = ""] = (broker?.volumes ?? []).map(mountOf);
    expect(relayFile.mqtt.url).toBe("mqtts://broker:8883");
    expect(mosquitto).toContain("\nlistener 8883\n");
    for (const [, path = ""] of mosquitto.matchAll(/^(?:\w+file|password_file|acl_file) (.*)$/gm))
      expect(path.startsWith(`${folder}/`)).toBe(true);
    expect(mosquitto).toContain(`persistence_location ${store}/`);
    expect(stage("broker")).toContain(`"${folder}/mosquitto.conf"`);
  });

  it("the relay's image has what the package has, where it has it", () => {
    for (const path of ["/usr/lib/kvitt-relay", "/usr/bin/kvitt-relay"])
      expect(stage("relay")).toContain(`COPY --from=package /package${path} ${path}\n`);
    expect(read("../relay-files/kvitt-relay")).toContain("exec /usr/lib/kvitt-relay/bin/node ");
  });
});
