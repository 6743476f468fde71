/** Judges of what hangs on the computer: panel, lines, input devices, MDB adapter; and of the daemon's own word. Pure. */
import type { Access, AdapterFacts, DaemonFacts, InputsFacts, LinesFacts, PanelFacts } from "./facts.ts";
import { bad, good, type Judgement, look, unknown } from "./finding.ts";

/** The groups of Raspberry Pi OS (its udev rules); kvitt's unit is in all of them. */
function accessFault(device: string, access: Access, group: string, missing: string): Judgement | undefined {
  if (access === "missing") return bad(`there is no ${device}`, missing);
  if (access === "forbidden")
    return bad(`${device} may not be used by this user`, `sudo usermod -aG ${group} kvitt, or run this as root`);
  return undefined;
}

/** What BUSY reads while the panel sleeps: SSD16xx are busy at a high level, UC81xx at a low one (hardware/panels/controllers). */
function restingLevel(controller: string): 0 | 1 {
  return controller.startsWith("ssd") ? 0 : 1;
}

export function judgePanel(facts: PanelFacts): readonly Judgement[] {
  switch (facts.kind) {
    case "image":
      return facts.access === "ok"
        ? [good(`pictures go to ${facts.file}; no glass is driven`)]
        : [bad(`${facts.file} cannot be written`, "make its folder, or name another image_file")];
    case "epaper":
      return judgeEpaper(facts);
    case "framebuffer":
      return judgeFramebuffer(facts);
  }
}

function judgeEpaper(facts: Extract<PanelFacts, { kind: "epaper" }>): readonly Judgement[] {
  const { model, device, access, canSetSpeed, busyLevel, controller } = facts;
  const fault = accessFault(device, access, "spi", "write dtparam=spi=on into /boot/firmware/config.txt and restart");
  if (fault !== undefined) return [fault];
  if (!canSetSpeed)
    return [
      bad(
        `${device} is there, but its speed cannot be set: the panel stays as it is`,
        "apt install spi-tools, or install kvitt's package, which brings koffi",
      ),
    ];
  const found = `${model} on ${device}`;
  if (busyLevel === undefined) return [good(`${found}; BUSY cannot be read by this user, kvitt panel test tries it`)];
  if (busyLevel !== restingLevel(controller))
    return [
      look(
        `${found} says that it is busy although nothing is drawn, or it has no power`,
        `kvitt panel test --panel ${model} with the service stopped; the sticker on the glass tells the revision, then look at BUSY, RST and PWR`,
      ),
    ];
  return [good(`${found}, BUSY is at rest`)];
}

function judgeFramebuffer({
  wanted,
  found,
  access,
}: Extract<PanelFacts, { kind: "framebuffer" }>): readonly Judgement[] {
  if (found.kind === "absent")
    return [
      bad(found.reason, "switch the display on and plug it in; docs/framebuffer.md says how to have one without it"),
    ];
  if (found.kind === "unusable") return [bad(found.reason, "take a usual mode in cmdline.txt: docs/framebuffer.md")];
  const fault = accessFault(`/dev/${found.device}`, access, "video", "restart with the display on");
  if (fault !== undefined) return [fault];
  const has = `${found.widthPx} × ${found.heightPx}`;
  if (found.widthPx !== wanted.widthPx || found.heightPx !== wanted.heightPx)
    return [
      bad(
        `the display shows ${has}, and the configuration's panel has ${wanted.widthPx} × ${wanted.heightPx}`,
        `name the panel that it is (kvitt panel list), or set the mode: video=HDMI-A-1:${wanted.widthPx}x${wanted.heightPx}@60D in cmdline.txt`,
      ),
    ];
  return [good(`${found.device} shows ${has}`)];
}

/** Holders that are ours: onoff's exports, and the consumer name of the character device. */
const ours = /^(sysfs|kvitt.*)$/;

export function judgeLines({ backEnd, lines }: LinesFacts): readonly Judgement[] {
  if (backEnd === undefined)
    return [
      bad(
        "this kernel offers no GPIO: neither /sys/class/gpio nor /dev/gpiochip0",
        "run it on the Raspberry Pi that the configuration is for",
      ),
    ];
  const stolen = lines.flatMap(({ name, bcm, holder }) =>
    holder === undefined || holder === "" || ours.test(holder)
      ? []
      : [
          bad(
            `${name}, GPIO${bcm}, belongs to ${holder}`,
            "take the overlay that claims it out of config.txt, or give it another line: kvitt config pins FILE",
          ),
        ],
  );
  if (stolen.length > 0) return stolen;
  const shown = lines.map(({ name, bcm, level, holder }) => {
    const what = [level === undefined ? undefined : level === 1 ? "high" : "low", holder].filter(
      (one) => one !== undefined,
    );
    return `${name} GPIO${bcm}${what.length === 0 ? "" : ` ${what.join(" ")}`}`;
  });
  return [good(`by ${backEnd}: ${shown.join(", ")}`)];
}

export function judgeInputs({ fault, inputs }: InputsFacts): readonly Judgement[] {
  if (fault !== undefined)
    return [bad(fault, "apt install libusb-1.0-0 libudev1, and see that kvitt's udev rules are installed")];
  const gone = inputs.filter(({ isThere }) => !isThere);
  if (gone.length > 0)
    return gone.map(({ name, ids }) =>
      bad(`the ${name} (${ids}) is not plugged in`, "plug it in; kvitt scanner list shows what is, with its ids"),
    );
  return [good(inputs.map(({ name, ids }) => `${name} (${ids})`).join(", "))];
}

export function judgeAdapter({ device, access }: AdapterFacts): readonly Judgement[] {
  if (device.startsWith("tcp://"))
    return [unknown(`the adapter is behind ${device}`, "the daemon's own word says whether it answers")];
  const fault = accessFault(
    device,
    access,
    "dialout",
    "plug the adapter in; on the header enable_uart=1 in config.txt (hardware/wiring/mdb.md)",
  );
  return fault === undefined ? [good(`${device} is there`)] : [fault];
}

/** The kiosk's reasons, and where to look for each. A reason that is not here still stands in the finding. */
const whereToLook: Readonly<Record<string, string>> = {
  clock: "see clock below",
  provider: "see provider and network below",
  mqtt: "see broker below",
  relay: "see broker below, and the relay's own log",
  panel: "see panel below",
  machine: "see lines, adapter and inputs below",
  journal: "see journal below, and docs/reliability.md",
  operator: "the back office took it out of service: send it in-service",
  "quiet-hours": "these are the configured quiet hours",
  "nothing-for-sale": "refill it, then: kvitt machine serviced",
  identity: "two machines have the same id at the broker: give one its own",
};

export function judgeDaemon(facts: DaemonFacts): readonly Judgement[] {
  if (!facts.isRunning)
    return [
      look(
        "the daemon does not run: everything below was looked at without it",
        "sudo systemctl start kvitt; journalctl -u kvitt says why it ended",
      ),
    ];
  const { state = "?", reason, missing, machine, panel, lines, openSettlements, unsent } = facts;
  const found: Judgement[] = [];
  const closed = reason !== undefined && reason !== "quiet-hours";
  for (const one of new Set([...(reason === undefined ? [] : [reason]), ...missing])) {
    const todo = whereToLook[one] ?? "journalctl -u kvitt says more";
    const detail = one === "machine" ? machine : one === "panel" ? panel : undefined;
    const said = detail === undefined ? `${one} is missing` : `${one}: ${detail}`;
    found.push(closed ? bad(`${state}: ${said}`, todo) : look(`${state}: ${said}`, todo));
  }
  for (const { line, state: how, action } of lines) found.push(look(`line ${line} is ${how}`, action));
  if (found.length > 0) return found;
  return [good(`${state}; ${openSettlements} payments are being settled, ${unsent} sales wait for the broker`)];
}
