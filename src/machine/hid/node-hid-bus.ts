/** HID devices through node-hid: hidraw, or libusb for exclusive access. */
import type * as NodeHid from "node-hid";
import { CodedError } from "../../kit/coded-error.ts";
import { errorText } from "../../kit/error-text.ts";
import type { Clock } from "../../service/port.ts";
import type { HidBus, HidConnection, HidInfo, HidListener } from "./bus.ts";

class HidError extends CodedError<"no-node-hid" | "not-opened"> {}

const openTimeoutMs = 5_000;

type NodeHidModule = Pick<typeof NodeHid, "HIDAsync" | "devicesAsync" | "setDriverType">;

async function load(): Promise<NodeHidModule> {
  try {
    return (await import("node-hid")).default;
  } catch (cause) {
    throw new HidError(
      "no-node-hid",
      "node-hid could not be loaded: it needs libusb-1.0-0 and libudev1; apt install them, and run npm ci again",
      { cause },
    );
  }
}

/** Opening waits for the device, but not for ever. */
async function within<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const over = new AbortController();
  const late = clock.sleep(openTimeoutMs, over.signal).then(() => {
    throw new Error(`no answer within ${openTimeoutMs / 1_000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** @param isExclusive libusb detaches the device from the kernel, so that nothing it types reaches a console. */
export async function openNodeHidBus(isExclusive: boolean, clock: Clock): Promise<HidBus> {
  const hid = await load();
  if (isExclusive && process.platform === "linux") hid.setDriverType("libusb");
  return {
    list: async () =>
      (await hid.devicesAsync()).flatMap((one): readonly HidInfo[] =>
        one.path === undefined
          ? []
          : [
              {
                path: one.path,
                vendorId: one.vendorId,
                productId: one.productId,
                serialNumber: one.serialNumber,
                product: one.product,
                usagePage: one.usagePage,
                usage: one.usage,
              },
            ],
      ),
    open: async (path, listener) => {
      const opening = hid.HIDAsync.open(path);
      try {
        return listen(await within(opening, clock), listener);
      } catch (cause) {
        // It may still open later, when nobody wants it any more.
        opening.then((device) => device.close()).catch(() => {});
        const reason = errorText(cause);
        throw new HidError(
          "not-opened",
          `${path} cannot be opened (${reason}): may the service's user? systemd/60-kvitt-hid.rules gives the group input the right`,
          { cause },
        );
      }
    },
  };
}

function listen(device: NodeHid.HIDAsync, listener: HidListener): HidConnection {
  let isOpen = true;
  const shut = async (): Promise<void> => {
    isOpen = false;
    device.removeAllListeners("data");
    // An unplugged device is closed already.
    await device.close().catch(() => {});
  };
  device.on("data", (bytes: Buffer) => {
    if (isOpen) listener.report(Uint8Array.from(bytes));
  });
  device.on("error", (error: Error) => {
    if (!isOpen) return;
    void shut();
    listener.closed(error.message);
  });
  return {
    close: async () => {
      if (isOpen) await shut();
    },
  };
}
