/** Goal: an adapter behind a serial server is one like any other, and its loss is told. Method: real sockets on loopback. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isTcpAddress, tcpPort } from "../../../src/machine/mdb/tcp-port.ts";

describe("an adapter over TCP", () => {
  let server: Server;
  let address = "";
  let accepted: Promise<Socket>;

  beforeEach(async () => {
    server = createServer();
    accepted = new Promise((resolve) => server.once("connection", resolve));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    address = `tcp://127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
  });
  afterEach(() => server.close());

  async function plugged() {
    const heard: string[] = [];
    const lost: string[] = [];
    const line = await tcpPort(address)({ text: (chunk) => heard.push(chunk), closed: (reason) => lost.push(reason) });
    return { line, heard, lost, bridge: await accepted };
  }

  it("carries text both ways, byte by byte", async () => {
    const { line, heard, bridge } = await plugged();
    const orders = once(bridge, "data");
    line.write("C,1\n");
    expect(String((await orders)[0])).toBe("C,1\n");
    bridge.write(Buffer.from([0x63, 0x2c, 0xff, 0x0a]));
    await expect.poll(() => heard.join("")).toBe("c,\u00ff\n");
    line.close();
  });

  it("tells once that the bridge is gone, and nothing when it was closed here", async () => {
    const first = await plugged();
    first.bridge.destroy();
    await expect.poll(() => first.lost).toHaveLength(1);
    first.line.write("C,1\n");
    expect(first.lost[0]).toContain(address);
    accepted = new Promise((resolve) => server.once("connection", resolve));
    const second = await plugged();
    second.line.close();
    await once(second.bridge, "close");
    expect(second.lost).toEqual([]);
  });

  it("says where it looked when nobody is there", async () => {
    server.close();
    await once(server, "close");
    await expect(tcpPort(address)({ text: () => {}, closed: () => {} })).rejects.toThrow(/is not there: .*bridge/);
  });
});

it.each([
  ["tcp://192.168.4.2:4001", true],
  ["tcp://bridge.local:23", true],
  ["tcp://bridge.local", false],
  ["/dev/ttyACM0", false],
])("%s is an address: %s", (device, is) => expect(isTcpAddress(device)).toBe(is));
