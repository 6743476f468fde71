/** The SPI port on a file that stands in for the device: every byte in order, in transfers of the kernel's size. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSpi } from "../../../src/panel/epaper/spi.ts";
import type { Log } from "../../../src/service/port.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "kvitt-spi-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

it("sends every byte, sets the speed first and lets it go at the end", async () => {
  const path = await folder();
  await writeFile(join(path, "spidev0.0"), "");
  await writeFile(join(path, "bufsiz"), "1000\n");
  const held: string[] = [];
  const spi = await openSpi({
    path: join(path, "spidev0.0"),
    speedHz: 4_000_000,
    clock: new SimulatedClock(),
    log: quiet,
    bufsizPath: join(path, "bufsiz"),
    setSpeed: (_handle, _path, speedHz) => {
      held.push(`set ${speedHz}`);
      return Promise.resolve({ by: "ioctl", release: () => held.push("released") });
    },
  });
  const bytes = Uint8Array.from({ length: 4_321 }, (_, at) => at & 0xff);
  await spi.write(bytes);
  await spi.close();
  expect(new Uint8Array(await readFile(join(path, "spidev0.0")))).toEqual(bytes);
  expect(held).toEqual(["set 4000000", "released"]);
});

it("says how to switch SPI on when the device is absent", async () => {
  const path = join(await folder(), "spidev0.0");
  await expect(openSpi({ path, speedHz: 4_000_000, clock: new SimulatedClock(), log: quiet })).rejects.toMatchObject({
    code: "spi-absent",
    message: /dtparam=spi=on/,
  });
});

it("refuses to send at a speed that it could not set, and names both ways", async () => {
  const path = join(await folder(), "not-spi");
  await writeFile(path, "");
  const clock = new SimulatedClock();
  const opening = openSpi({ path, speedHz: 4_000_000, clock, log: quiet });
  await expect(opening).rejects.toMatchObject({ code: "spi-speed", message: /koffi.*spi-tools/ });
});
