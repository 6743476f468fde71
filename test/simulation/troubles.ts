/** What breaks while customers come and go, and what people do from afar. Each is set off on the virtual clock by dice. */
import type { FrailGlass } from "./frail-panel.ts";
import type { Gateways } from "./gateways.ts";
import type { Outlets } from "./outlets.ts";
import { readerFaults, type Readers } from "./machines/readers.ts";
import { holdUp, refundInPortal } from "./people.ts";
import type { Rival } from "./rival.ts";
import type { World } from "./world.ts";

export const dayMs = 15 * 60_000;

interface Plan {
  readonly at: (run: () => void) => void;
  /** Ends what `at` began. */
  readonly off: (run: () => void, withinMs: number) => void;
}

export function planTroubles(world: World): void {
  const plan: Plan = {
    at: (run) => void world.clock.startTimer("trouble", world.entropy.fraction() * dayMs, run),
    off: (run, withinMs) => void world.clock.startTimer("heal", world.entropy.fraction() * withinMs, run),
  };
  world.faultiness = world.pick([0, 0, 0.03, 0.12, 0.3]);
  planNetwork(world, plan);
  planMachine(world, plan);
  planDisk(world, plan);
  planPeople(world, plan);
  planPower(world, plan);
  planMore(world);
}

function planNetwork(world: World, { at, off }: Plan): void {
  if (world.chance(0.3))
    at(() => {
      world.tell("network to the provider is cut");
      world.count("network to the provider cut");
      world.isPartitioned = true;
      off(() => {
        world.isPartitioned = false;
      }, 300_000);
    });
  if (world.chance(0.25))
    at(() => {
      world.tell("the broker is gone");
      world.count("broker gone");
      world.interruptions += 1;
      world.setBrokerUp(false);
      off(() => world.setBrokerUp(true), 120_000);
    });
  if (world.chance(0.1))
    at(() => {
      world.tell("the broker forgets every session");
      world.count("broker forgot its sessions");
      world.forgetSessions();
    });
  if (world.chance(0.25))
    at(() => {
      const isAll = world.chance(0.5);
      world.tell(isAll ? "every relay dies" : "a relay dies");
      world.count(isAll ? "all relays dead" : "relay dead");
      for (const index of isAll ? [0, 1] : [Math.floor(world.entropy.fraction() * 2)]) world.killRelay(index);
      off(
        () => {
          world.count("relay started again");
          world.startRelays();
        },
        world.pick([3_000, 30_000, 400_000]),
      );
    });
  if (world.chance(0.3))
    at(() => {
      // Somebody makes up an event, or an old one comes again.
      const payments = world.provider.ledger().map(({ reference }) => reference);
      if (payments.length === 0 || !world.isBrokerUp) return;
      world.count("event made up");
      world.hint(world.pick(payments), `made up at ${world.clock.monotonicMs()}`);
    });
}

function planMachine(world: World, { at, off }: Plan): void {
  const { rig } = world;
  const faults = rig.faults.length > 0 && world.chance(0.75) ? world.pick([1, 2, 2]) : 0;
  for (let index = 0; index < faults; index += 1)
    at(() => {
      const fault = world.pick(rig.faults);
      world.tell(`machine: ${fault}`);
      world.count(`${rig.kind}: ${fault}`);
      rig.setFault(fault);
      off(() => rig.setFault(undefined), 600_000);
    });
  if (world.chance(0.2))
    at(() => {
      world.tell("machine: inhibited");
      world.count("machine inhibited");
      rig.setInhibited(true);
      off(() => rig.setInhibited(false), 60_000);
    });
  if (world.chance(0.15))
    at(() => {
      if (!rig.setDoorOpen(true)) return;
      world.tell("somebody opens the door");
      world.count("door opened");
      off(() => rig.setDoorOpen(false), 60_000);
    });
}

function planDisk(world: World, { at, off }: Plan): void {
  if (!world.chance(0.2)) return;
  at(() => {
    const fault = world.pick(["full", "io", "read-only"] as const);
    const isInSale = world.daemon.state === "selling";
    world.tell(`disk: ${fault}`);
    world.count(`disk ${fault}, ${isInSale ? "in mid-sale" : "idle"}`);
    world.disk.fault = fault;
    off(
      () => {
        world.tell("disk: mended");
        world.disk.fault = undefined;
      },
      world.pick([2_000, 60_000, 300_000]),
    );
  });
}

function planPeople(world: World, { at }: Plan): void {
  const orders = world.pick([0, 0, 1, 3, 6]);
  for (let index = 0; index < orders; index += 1) at(() => world.office.orderSomething());
  world.portalActs = world.chance(0.2);
  if (world.chance(0.15)) at(() => refundInPortal(world));
  if (world.chance(0.3))
    at(() => {
      world.count("approved in the middle of a cancel");
      world.provider.switches.approveDuringCancel = world.pick(["6060", "6250", "423"] as const);
    });
}

function planPower(world: World, { at, off }: Plan): void {
  if (world.chance(0.2))
    at(() => {
      world.count("clock jumped");
      world.deviceClock.jump((world.entropy.fraction() - 0.5) * 600_000);
    });
  if (world.chance(0.3))
    at(() => {
      world.count("clock drifts");
      world.deviceClock.drift(world.pick([-3_000, -50, 50, 3_000]));
    });
  const cuts = world.pick([0, 0, 1, 1, 2, 4]);
  for (let cut = 0; cut < cuts; cut += 1)
    at(() => {
      if (world.chance(0.6) && world.daemon.isOn)
        world.daemon.cutAtWrite(1 + Math.floor(world.entropy.fraction() * 12));
      else world.daemon.cutPower();
      if (world.chance(0.08)) world.changeConfiguration();
      off(() => void world.daemon.powerOn(), 30_000);
    });
  if (world.chance(0.1)) at(() => void world.daemon.restart("a person"));
  if (world.chance(0.03)) at(() => void world.replace());
}

/** What was added to the world later, with dice of its own. */
function planMore(world: World): void {
  const { dice, clock } = world;
  const plan: Plan = {
    at: (run) => void clock.startTimer("trouble", dice.fraction() * dayMs, run),
    off: (run, withinMs) => void clock.startTimer("heal", dice.fraction() * withinMs, run),
  };
  if (world.traits.isUpdated) planReleases(world, plan);
  if (world.gateways !== undefined) planGateways(world, world.gateways, plan);
  if (world.glass !== undefined) planPanel(world, world.glass, plan);
  if (world.rival !== undefined) planRival(world, world.rival, plan);
  if (world.readers !== undefined) planReaders(world, world.readers, plan);
  if (world.outlets !== undefined) planOutlets(world, world.outlets, plan);
}

/** The configuration loses an outlet, with whatever is open there, and gets it back. */
function planOutlets(world: World, outlets: Outlets, { at }: Plan): void {
  const times = world.dice.pick([0, 1, 2]);
  for (let index = 0; index < times; index += 1)
    at(() => {
      world.daemon.cutPower();
      outlets.change();
      void world.daemon.powerOn();
    });
}

/** An EAN-13 of something from a shop, and what looks like a code of the app and is nobody's. */
const codesOfOthers = ["6957842208856", "https://qr.vipps.no/28/2/01/031/nobody-4711"];

function planReaders(world: World, readers: Readers, { at, off }: Plan): void {
  const { dice } = world;
  const faults = dice.pick([0, 1, 2]);
  for (let index = 0; index < faults; index += 1)
    at(() => {
      const fault = dice.pick(readerFaults);
      world.tell(`readers: ${fault}`);
      world.count(`readers: ${fault}`);
      readers.setFault(fault);
      off(() => readers.setFault(undefined), 120_000);
    });
  const others = dice.pick([0, 1, 4]);
  for (let index = 0; index < others; index += 1) at(() => holdUp(world, dice.pick(codesOfOthers)));
  if (!dice.chance(0.4)) return;
  at(() => {
    world.tell("the scanner's cable goes in the middle of a code");
    world.count("readers: cut off in the middle of a code");
    // Long enough for two reports.
    readers.cutOff(world.provider.phone("customer 1").personalQr.padEnd(100, "x"));
    off(() => readers.setFault(undefined), 10_000);
  });
}

function planPanel(world: World, glass: FrailGlass, { at, off }: Plan): void {
  const { dice, clock } = world;
  glass.failures = dice.pick([0, 0.05, 0.3]);
  const unplug = (): void => {
    world.tell("the panel is unplugged");
    world.count("panel: unplugged");
    glass.isPlugged = false;
    off(() => {
      world.tell("the panel is plugged in");
      glass.isPlugged = true;
    }, 120_000);
  };
  const unplugWhilePaying = (): void => {
    if (world.scene.kind === "pay") unplug();
    else clock.startTimer("trouble", 1_000, unplugWhilePaying);
  };
  const times = dice.pick([0, 1, 2]);
  for (let index = 0; index < times; index += 1) at(dice.chance(0.5) ? unplug : unplugWhilePaying);
}

function planRival(world: World, rival: Rival, { at, off }: Plan): void {
  at(() => {
    world.tell("another computer with this machine's id is switched on");
    world.count("two computers with one id");
    rival.switchOn();
    off(() => {
      world.tell("the other computer is switched off");
      rival.switchOff();
    }, 600_000);
  });
}

function planGateways(world: World, gateways: Gateways, { at, off }: Plan): void {
  const { dice } = world;
  gateways.strikes = dice.pick([0, 0.01, 0.05, 0.15]);
  if (dice.chance(0.3))
    at(() => {
      world.tell("the machine's identity is revoked");
      world.count("gateway: machine revoked");
      gateways.revoke();
      off(() => {
        world.tell("the machine is enrolled again");
        gateways.enrol();
      }, 240_000);
    });
  if (dice.chance(0.2))
    at(() => {
      world.tell("no way to the gateways");
      world.count("gateway: cut off");
      gateways.isCutOff = true;
      off(() => {
        gateways.isCutOff = false;
      }, 180_000);
    });
  if (dice.chance(0.3))
    at(() => {
      world.tell("somebody asks far too much in the machine's name");
      void gateways.flood();
    });
}

function planReleases(world: World, { at, off }: Plan): void {
  const { dice } = world;
  const orders = dice.pick([1, 1, 2, 3]);
  for (let index = 0; index < orders; index += 1)
    at(() => {
      const how = { validMs: dice.pick([60_000, 600_000]), isGenuine: dice.chance(0.95), isLate: false };
      const order = { kind: "update", version: undefined } as const;
      world.office.send({ order, isWrong: false }, { ...how, copies: dice.chance(0.3) ? 2 : 1 });
    });
  if (!dice.chance(0.2)) return;
  at(() => {
    world.tell("somebody puts an older release in");
    world.daemon.cutPower();
    world.releases.downgrade();
    void world.daemon.powerOn();
    off(() => {
      world.tell("somebody puts the newer release back");
      world.releases.upgrade();
      void world.daemon.powerOn();
    }, 300_000);
  });
}
