/** What only the device itself can tell of a configuration: whether the glass, the header, the adapter and the input devices in it are there. Pure. */
import type { Fault } from "./fields.ts";
import type { PanelPins } from "./pins.ts";
import type { Config } from "./schema.ts";

export interface DeviceFacts {
  /** Whether a path is there. */
  readonly isThere: (path: string) => boolean;
  /** Names of the framebuffers (/sys/class/graphics/fb*, name). */
  readonly framebuffers: readonly string[];
  /** Ids of the HID devices, "1a2c:2d43" in small letters; or why they could not be listed; undefined where nobody asked for them. */
  readonly hid: { readonly ids: readonly string[] } | { readonly fault: string } | undefined;
}

const gpioSysfs = "/sys/class/gpio/export";
const gpioDevice = "/dev/gpiochip0";

/** Devices that the configuration names and this computer does not have. */
export function deviceFaults(
  config: Config,
  panels: readonly PanelPins[] | undefined,
  facts: DeviceFacts,
): readonly Fault[] {
  return [...panelFaults(config, panels, facts), ...deliveryFaults(config, facts), ...inputFaults(config, facts)];
}

function panelFaults(
  { panel }: Config,
  panels: readonly PanelPins[] | undefined,
  facts: DeviceFacts,
): readonly Fault[] {
  if (panel.output === "image" || panel.output === "none") return [];
  const file = panels?.find(({ id }) => id === panel.model);
  if (file?.driver === "epaper") {
    const device = panel.device ?? file.spiDevice ?? "/dev/spidev0.0";
    if (facts.isThere(device)) return [];
    return [
      {
        path: ["panel", "device"],
        message: `there is no ${device} here: SPI is off, or the panel hangs on another bus. Write dtparam=spi=on into /boot/firmware/config.txt and restart`,
      },
    ];
  }
  const wanted = panel.device ?? file?.framebuffer;
  const isFound = wanted === undefined ? facts.framebuffers.length > 0 : facts.framebuffers.includes(wanted);
  if (isFound) return [];
  const has = facts.framebuffers.length === 0 ? "there is none at all" : `there are ${facts.framebuffers.join(", ")}`;
  return [
    {
      path: ["panel", panel.device === undefined ? "model" : "device"],
      message: `there is no framebuffer${wanted === undefined ? "" : ` "${wanted}"`} here (${has}): is the display on and plugged in? docs/framebuffer.md says how to have one without it`,
    },
  ];
}

function deliveryFaults({ delivery }: Config, { isThere }: DeviceFacts): readonly Fault[] {
  switch (delivery.driver) {
    case "mdb":
      if (delivery.device.startsWith("tcp://") || isThere(delivery.device)) return [];
      return [
        {
          path: ["delivery", "device"],
          message: `there is no ${delivery.device} here: plug the adapter in, then look in /dev/serial/by-id/`,
        },
      ];
    case "gpio":
      return gpioFault(delivery.back_end, isThere);
    case "kiosk":
    case "simulated":
      return [];
  }
}

function gpioFault(
  backEnd: Extract<Config["delivery"], { driver: "gpio" }>["back_end"],
  isThere: DeviceFacts["isThere"],
): readonly Fault[] {
  const [hasSysfs, hasDevice] = [isThere(gpioSysfs), isThere(gpioDevice)];
  const path = ["delivery", "back_end"];
  if (backEnd === "sysfs" && !hasSysfs)
    return [{ path, message: `there is no ${gpioSysfs} in this kernel`, instead: 'back_end = "cdev"' }];
  if (backEnd === "cdev" && !hasDevice)
    return [{ path, message: `there is no ${gpioDevice} here`, instead: 'back_end = "auto"' }];
  if (backEnd === "auto" && !hasSysfs && !hasDevice)
    return [{ path, message: `this computer has no GPIO: neither ${gpioSysfs} nor ${gpioDevice} is there` }];
  return [];
}

function inputFaults({ input }: Config, { hid }: DeviceFacts): readonly Fault[] {
  if (hid === undefined) return [];
  if ("fault" in hid) return input.length === 0 ? [] : [{ path: ["input"], message: hid.fault }];
  return input.flatMap(({ vendor_id: vendor, product_id: product }, index): readonly Fault[] => {
    if (vendor === undefined) return [];
    const wanted = `${vendor}:${product ?? ""}`.toLowerCase();
    if (hid.ids.some((id) => id.startsWith(wanted))) return [];
    return [
      {
        path: ["input", index, "vendor_id"],
        message: `no device ${vendor}${product === undefined ? "" : `:${product}`} is plugged in: kvitt scanner list shows what is`,
      },
    ];
  });
}
