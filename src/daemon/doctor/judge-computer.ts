/** Judges of the computer: clock, network, disk, power, temperature, watchdog, versions. Pure. */
import type {
  ClockFacts,
  JournalFacts,
  NetworkFacts,
  PowerFacts,
  TemperatureFacts,
  VersionsFacts,
  WatchdogFacts,
} from "./facts.ts";
import { bad, good, type Judgement, look } from "./finding.ts";

/** As the clock guard doubts it (service/system-clock.ts): TLS and the webhooks' signatures stand two minutes. */
const skewMsMax = 120_000;

export function judgeClock(facts: ClockFacts): readonly Judgement[] {
  const { wallMs, floorMs, keeper, isSynchronized, hasRtc, aheadOfServerMs } = facts;
  const now = new Date(wallMs).toISOString();
  const ntp =
    "sudo timedatectl set-ntp true, and see that port 123 is open, or name your own servers in /etc/systemd/timesyncd.conf";
  if (wallMs < floorMs) return [bad(`${now} is before this version was made: the clock is wrong`, ntp)];
  if (aheadOfServerMs !== undefined && Math.abs(aheadOfServerMs) > skewMsMax)
    return [
      bad(
        `${now} is ${Math.round(Math.abs(aheadOfServerMs) / 1_000)} s ${aheadOfServerMs > 0 ? "ahead of" : "behind"} the provider's clock`,
        ntp,
      ),
    ];
  const unsaid = keeper === undefined ? "no time service runs here" : `${keeper} has not synchronised it`;
  const agrees = aheadOfServerMs === undefined ? "" : `, ${(aheadOfServerMs / 1_000).toFixed(1)} s from the provider's`;
  if (!isSynchronized && aheadOfServerMs === undefined) return [bad(`${now}, which nothing confirms: ${unsaid}`, ntp)];
  if (!isSynchronized) return [look(`${now}${agrees}; ${unsaid}`, ntp)];
  return [
    good(
      `${now}, synchronised by ${keeper ?? "a time service"}${agrees}${hasRtc ? "" : "; no clock of its own: after a power cut nothing is sold until the network is back"}`,
    ),
  ];
}

export function judgeNetwork({ addresses, hasDefaultRoute, names }: NetworkFacts): readonly Judgement[] {
  if (addresses.length === 0)
    return [
      bad(
        "no interface has an address",
        "plug the cable in, or give the network: nmcli device wifi connect NAME password SECRET",
      ),
    ];
  const has = addresses.join(", ");
  const route = hasDefaultRoute
    ? []
    : [bad(`${has}, but no way out: there is no default route`, "look at the router, and at nmcli connection show")];
  const unresolved = names.filter(({ fault }) => fault !== undefined);
  const dns = unresolved.map(({ host, fault }) =>
    bad(
      `the name ${host} is not found: ${fault ?? ""}`,
      "look at DNS: resolvectl status; is the name right in the configuration?",
    ),
  );
  if (route.length + dns.length > 0) return [...route, ...dns];
  return [good(`${has}; found by name: ${names.map(({ host }) => host).join(", ") || "nothing to find"}`)];
}

/** A sale writes some kilobytes; below this the next log file or package fills the rest. */
const freeBytesMin = 64 * 1_048_576;
const freeBytesLook = 512 * 1_048_576;
/** A good card syncs in 5 to 50 ms; a customer waits for about eight of them in a sale. */
const syncMsLook = 500;
const forgetful = new Set(["tmpfs", "ramfs", "overlayfs"]);

export function judgeJournal(facts: JournalFacts): readonly Judgement[] {
  const { folder, fault, unreadable, fileSystem, freeBytes, syncMs, reachedDevice, wearTenths } = facts;
  if (fault !== undefined)
    return [
      bad(
        `${folder}: ${fault}`,
        "the daemon's user has to own the folder, on storage that can be written: docs/journal.md",
      ),
    ];
  const found: Judgement[] = [];
  if (unreadable !== undefined)
    found.push(
      bad(
        `the journal in ${folder} cannot be read: ${unreadable}`,
        "nothing is sold and nothing of it is changed until it can: keep a copy of the folder, then docs/journal.md",
      ),
    );
  const free = `${Math.floor(freeBytes / 1_048_576)} MiB free`;
  if (forgetful.has(fileSystem))
    found.push(
      bad(
        `${folder} lies on ${fileSystem}: it is forgotten when the power goes`,
        "put [journal] directory on a partition of its own (ext4)",
      ),
    );
  if (freeBytes < freeBytesMin)
    found.push(bad(`${folder} has ${free}`, "make room: journalctl --vacuum-size=50M, apt-get clean"));
  else if (freeBytes < freeBytesLook)
    found.push(look(`${folder} has ${free}`, "make room before the next update: apt-get clean"));
  if (reachedDevice === false)
    found.push(
      bad(
        `a sync in ${folder} did not reach the device: a power cut would lose sales`,
        "mount it without nobarrier, on a disk that is not virtual or write-back without a battery",
      ),
    );
  if (syncMs !== undefined && syncMs > syncMsLook)
    found.push(
      look(
        `a sync took ${Math.round(syncMs)} ms: customers wait for it`,
        "a slow or worn card: replace it with one made for endurance",
      ),
    );
  if (wearTenths !== undefined && wearTenths >= 9)
    found.push(
      look(
        `the flash says that ${(wearTenths - 1) * 10} to ${wearTenths * 10} % of its life are used`,
        "replace it at the next visit",
      ),
    );
  if (found.length > 0) return found;
  const wear = wearTenths === undefined ? "its wear is not told" : `at most ${wearTenths * 10} % of its life used`;
  const sync =
    syncMs === undefined
      ? ""
      : `, a sync takes ${Math.round(syncMs)} ms${reachedDevice === true ? " and reaches the device" : ""}`;
  return [good(`${folder} on ${fileSystem}, ${free}${sync}; ${wear}`)];
}

export function judgePower({ isLowNow, wasLow }: PowerFacts): readonly Judgement[] {
  const supply = "a supply of 5.1 V that gives 3 A (Pi 5: 5 A), and a short thick cable";
  if (isLowNow) return [bad("the supply's voltage is too low now: cards break and the computer slows down", supply)];
  if (wasLow) return [look("the supply's voltage was too low since the last boot", supply)];
  return [good("the supply's voltage is and was enough")];
}

/** The firmware slows the processor from 80 °C, and stops at 85 °C (Raspberry Pi documentation, "Frequency management and thermal control"). */
const warmC = 75;
const hotC = 80;

export function judgeTemperature({ celsius }: TemperatureFacts): readonly Judgement[] {
  const found = `the processor has ${celsius.toFixed(0)} °C`;
  const measured = (judgement: Judgement): readonly Judgement[] => [{ ...judgement, celsius: Math.round(celsius) }];
  if (celsius >= hotC)
    return measured(
      bad(
        `${found} and is slowed down`,
        "air, a heat sink, shade: cabinets in the sun grow 30 °C warmer than their surroundings",
      ),
    );
  if (celsius >= warmC)
    return measured(look(`${found}; from ${hotC} °C on it is slowed down`, "a heat sink, or holes in the cabinet"));
  return measured(good(found));
}

export function judgeWatchdog({ state, timeoutS }: WatchdogFacts): readonly Judgement[] {
  const how = "RuntimeWatchdogSec=14 in /etc/systemd/system.conf.d/, then restart the computer";
  if (state === undefined)
    return [
      look("this computer has no hardware watchdog: one that hangs stays so", "on a Raspberry Pi: dtparam=watchdog=on"),
    ];
  if (state !== "active")
    return [look("the hardware watchdog is not fed by anybody: a computer that hangs stays so", how)];
  return [good(`the hardware watchdog is on${timeoutS === undefined ? "" : `, ${timeoutS} s`}`)];
}

/** What is built and tested for: Node 24 on 64 bits (package.json, engines). */
const nodeMajorMin = 24;

export function judgeVersions({ kvitt, node, kernel, system, board }: VersionsFacts): readonly Judgement[] {
  const found = `kvitt ${kvitt}, Node ${node}, Linux ${kernel}, ${system}, ${board}`;
  const major = Number(node.split(".")[0]);
  return major < nodeMajorMin
    ? [bad(found, `kvitt needs Node ${nodeMajorMin}: install the package, which brings its own`)]
    : [good(found)];
}
