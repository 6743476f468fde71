/** A vending machine on its MDB bus: the simulated controller and its adapter, which the daemon reaches through a serial server on loopback. */
import { createServer, type Socket } from "node:net";
import { createSimulatedVmc, type VmcDrop } from "../../machine/mdb/simulated-vmc.ts";
import { listenOnPort } from "../../service/listen.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import type { Control, DemoMachine, MachinePlaces } from "./port.ts";
import { cancelControl, productControls, products, productTables } from "./products.ts";

/** The machine's own numbers: item 1 is the first coil. */
const items = products.map((product, index) => ({ ...product, line: String(index + 1) }));

export async function mdbMachine({ port }: MachinePlaces): Promise<DemoMachine> {
  const fallen: VmcDrop[] = [];
  const vmc = createSimulatedVmc({
    clock: createSystemClock({ floorWallMs: 0, requireSynchronized: false }),
    coils: items.map(({ price }, index) => ({ item: index + 1, priceMinor: price })),
    drops: fallen,
    deliveryMs: 1_500,
    canAlwaysIdle: true,
  });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy());
    const toVmc = vmc.wire((chunk) => void socket.write(chunk, "latin1"));
    socket.setEncoding("latin1").on("data", (chunk: string) => toVmc(chunk));
  });
  await listenOnPort(server, { host: "127.0.0.1", port });
  const display: Control = { id: "display", word: "display", key: "", label: "", detail: "", look: "action" };
  return {
    kind: "mdb",
    switches: ["network", "mqtt", "relay", "jam", "power"],
    config: {
      tables: `[delivery]
driver = "mdb"
device = "tcp://127.0.0.1:${port}"
always_idle = true
${productTables(items)}`,
    },
    controls: () => [...productControls(items), cancelControl, { ...display, label: vmc.view().display }],
    use: async (id) => {
      if (id === "cancel") vmc.cancel();
      else if (id !== display.id) vmc.press(Number(id));
    },
    turn: async (name, broken) => {
      if (name === "jam") vmc.setFault(broken ? "vend-fails" : "none");
    },
    drops: async () =>
      fallen.map(({ item, approvedMinor }, index) => ({
        deliveryId: `mdb-${index + 1}`,
        what: items.find(({ line }) => line === String(item))?.name ?? `item ${item}`,
        reference: undefined,
        priceMinor: approvedMinor,
      })),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
