/** Who holds which line of the header, asked of the character device: needs neither root nor sysfs, takes no line, and disturbs nobody. */
import { type LineInfo, packLineInfo, readLineInfo, requests } from "./cdev-abi.ts";
import { type CdevCalls, loadCdevCalls, openHeader } from "./cdev-lines.ts";

/** By BCM number. @throws GpioError where there is no character device, no koffi, or no right to open it */
export async function lineInfosOf(
  bcms: readonly number[],
  given?: Pick<CdevCalls, "chips" | "open" | "close" | "ioctl">,
): Promise<ReadonlyMap<number, LineInfo>> {
  const calls = given ?? (await loadCdevCalls());
  const chip = openHeader(calls);
  try {
    return new Map(
      bcms.map((bcm) => {
        const bytes = packLineInfo(bcm);
        calls.ioctl(chip, requests.getLineInfo, bytes);
        return [bcm, readLineInfo(bytes)];
      }),
    );
  } finally {
    calls.close(chip);
  }
}
