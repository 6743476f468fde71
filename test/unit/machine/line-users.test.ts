/** Goal: whoever wires a machine sees who holds a line and what it is. Method: texts as the kernel prints them, and files as sysfs has them. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { requests, sizes } from "../../../src/machine/gpio/cdev-abi.ts";
import { lineInfosOf } from "../../../src/machine/gpio/line-info.ts";
import { lineUseOf, parseDebugList } from "../../../src/machine/gpio/line-users.ts";

const debugList = `gpiochip0: GPIOs 512-565, parent: platform/fe200000.gpio, pinctrl-bcm2711:
 gpio-517 (GPIO5               |button A1           ) in  hi IRQ ACTIVE LOW
 gpio-529 (GPIO17              |sysfs               ) out lo
 gpio-530 (GPIO18              )
`;

describe("the lines that somebody holds", () => {
  it("are read from debugfs: level, direction and holder", () => {
    expect([...parseDebugList(debugList)]).toEqual([
      [517, { level: 1, direction: "in", holder: "button A1" }],
      [529, { level: 0, direction: "out", holder: "sysfs" }],
    ]);
  });

  async function folders() {
    const root = await mkdtemp(join(tmpdir(), "kvitt-lines-"));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    return { root, places: { sysfs: join(root, "sys"), debugfs: join(root, "debug") } };
  }

  it("are read from sysfs where debugfs is closed", async () => {
    const { root, places } = await folders();
    await mkdir(join(root, "sys/gpio529"), { recursive: true });
    await writeFile(join(root, "sys/gpio529/value"), "1\n");
    await writeFile(join(root, "sys/gpio529/direction"), "out\n");
    expect(await lineUseOf(529, places)).toEqual({ level: 1, direction: "out", holder: "sysfs" });
    expect(await lineUseOf(530, places)).toBeUndefined();
  });

  it("are read from debugfs first", async () => {
    const { root, places } = await folders();
    await mkdir(join(root, "debug"));
    await writeFile(join(root, "debug/gpio"), debugList);
    expect(await lineUseOf(517, places)).toEqual({ level: 1, direction: "in", holder: "button A1" });
  });
});

/** A kernel with two chips that knows who has which line of the header. */
function kernelWith(
  held: Readonly<Record<number, { readonly consumer: string; readonly flags: bigint }>>,
  labels = ["gpio-brcmstb@1", "pinctrl-rp1"],
) {
  const opened = new Set<number>();
  return {
    opened,
    chips: () => labels.map((_, index) => `/dev/gpiochip${index}`),
    open: (path: string) => {
      const fd = Number(path.slice("/dev/gpiochip".length)) + 3;
      opened.add(fd);
      return fd;
    },
    close: (fd: number) => void opened.delete(fd),
    ioctl: (fd: number, request: number, bytes: Buffer) => {
      if (request === requests.getChipInfo) {
        bytes.write(labels[fd - 3] ?? "", 32);
        return;
      }
      expect([request, fd, bytes.length]).toEqual([requests.getLineInfo, 4, sizes.lineInfo]);
      const line = held[bytes.readUInt32LE(64)];
      if (line === undefined) return;
      bytes.write(line.consumer, 32);
      bytes.writeBigUInt64LE(line.flags, 72);
    },
  };
}

describe("the holders that the character device names", () => {
  it("are those of the header's chip; the chip is closed again", async () => {
    const kernel = kernelWith({
      5: { consumer: "kvitt", flags: 0b101n },
      16: { consumer: "spi0 CS0", flags: 0b1001n },
      17: { consumer: "", flags: 0b1001n },
      18: { consumer: "left over", flags: 0b100n },
    });
    expect([...(await lineInfosOf([5, 16, 17, 18, 19], kernel))]).toEqual([
      [5, { holder: "kvitt", direction: "in" }],
      [16, { holder: "spi0 CS0", direction: "out" }],
      [17, { holder: "the kernel", direction: "out" }],
      [18, { holder: undefined, direction: "in" }],
      [19, { holder: undefined, direction: "in" }],
    ]);
    expect(kernel.opened.size).toBe(0);
  });

  it("are nobody's where no chip is the header", async () => {
    await expect(lineInfosOf([5], kernelWith({}, ["expander"]))).rejects.toThrow(/no GPIO header/);
  });
});
