/** What customers do, each as a small story on the virtual clock. They know only the panel, the buttons and their phones. */
import type { MachineKind } from "./machines/port.ts";
import { approve, handIn, holdUp, press, scan, scanSticker } from "./people.ts";
import type { World } from "./world.ts";

type Behaviour = (world: World, user: string) => Promise<void>;

async function until(world: World, isTrue: () => boolean, withinMs: number): Promise<boolean> {
  const end = world.clock.monotonicMs() + withinMs;
  while (!isTrue()) {
    if (world.clock.monotonicMs() > end) return false;
    await world.clock.sleep(500);
  }
  return true;
}

function hasRequest(world: World, user: string): boolean {
  return world.provider.phone(user).view().screen === "request";
}

/** Nobody talks to the machine. */
function isFree({ scene }: World): boolean {
  return scene.kind === "idle" || scene.kind === "board";
}

const patience = (world: World): number => 500 + world.entropy.fraction() * 15_000;

const selectAndPay: Behaviour = async (world, user) => {
  press(world, world.pick(world.rig.lines));
  await until(world, () => world.scene.kind === "pay", 20_000);
  scan(world, user);
  await world.clock.sleep(patience(world));
  approve(world, user);
};

const selectAndLeave: Behaviour = async (world) => {
  press(world, world.pick(world.rig.lines));
};

/** Long after the panel gave up. */
const approveLate: Behaviour = async (world, user) => {
  press(world, world.pick(world.rig.lines));
  await until(world, () => world.scene.kind === "pay", 20_000);
  if (!scan(world, user)) return;
  await world.clock.sleep(85_000 + world.entropy.fraction() * 20_000);
  approve(world, user);
};

const decline: Behaviour = async (world, user) => {
  press(world, world.pick(world.rig.lines));
  await until(world, () => world.scene.kind === "pay", 20_000);
  scan(world, user);
  await world.clock.sleep(patience(world));
  world.tell(`${user}: ${world.provider.phone(user).decline()}`);
  world.count("declined");
};

const changeMind: Behaviour = async (world, user) => {
  press(world, world.pick(world.rig.lines));
  await world.clock.sleep(patience(world));
  scan(world, user);
  press(world, world.pick(world.rig.lines));
  await world.clock.sleep(patience(world));
  approve(world, user);
  if (world.chance(0.5)) world.rig.takeBack();
};

const checkIn: Behaviour = async (world, user) => {
  if (!(await until(world, () => isFree(world), 60_000))) return;
  scan(world, user);
  if (world.chance(0.3)) scan(world, user);
  if (world.chance(0.5)) await until(world, () => hasRequest(world, user), 8_000);
  if (hasRequest(world, user)) approve(world, user);
  await until(world, () => world.scene.kind === "choose", 20_000);
  press(world, world.pick(world.rig.lines));
  if (!(await until(world, () => hasRequest(world, user), 20_000))) return;
  await world.clock.sleep(patience(world));
  approve(world, user);
};

/** Scans and walks away: somebody else presses the button. */
const checkInAndLeave: Behaviour = async (world, user) => {
  if (await until(world, () => isFree(world), 60_000)) scan(world, user);
};

/** Has a picture of the code, and scans it whether or not the machine is free. */
const useSticker: Behaviour = async (world, user) => {
  if (world.chance(0.7)) press(world, world.pick(world.rig.lines));
  await world.clock.sleep(world.entropy.fraction() * 5_000);
  scanSticker(world, user);
  if (await until(world, () => hasRequest(world, user), 150_000)) approve(world, user);
  if (world.scene.kind === "choose") press(world, world.pick(world.rig.lines));
};

const showCode: Behaviour = async (world, user) => {
  press(world, world.pick(world.rig.lines));
  await until(world, () => world.scene.kind === "pay", 20_000);
  holdUp(world, world.provider.phone(user).personalQr);
  await until(world, () => hasRequest(world, user), 20_000);
  await world.clock.sleep(patience(world));
  approve(world, user);
};

/** Presses whatever there is. */
const fiddle: Behaviour = async (world, user) => {
  for (let presses = 0; presses < 6; presses += 1) {
    press(world, world.pick([...world.rig.lines, "Z9"]));
    if (world.chance(0.3)) world.rig.takeBack();
    if (world.chance(0.3)) scan(world, user);
    if (world.chance(0.3)) approve(world, user);
    await world.clock.sleep(world.entropy.fraction() * 4_000);
  }
};

/** At a meter: a plate, some time, ok; then as everybody. */
const buyTime: Behaviour = async (world, user) => {
  if (world.chance(0.3) && (await until(world, () => isFree(world), 30_000))) scan(world, user);
  const keys = ["A", "B", "1", "2", "plus", "plus", "minus", "ok"] as const;
  for (const key of world.policy.plateWanted ? keys : keys.slice(4)) {
    if (key === "plus" && world.chance(0.4)) continue;
    world.rig.key(key);
    await world.clock.sleep(300 + world.entropy.fraction() * 3_000);
  }
  world.tell(`${user} has typed`);
  if (await until(world, () => world.scene.kind === "pay", 20_000)) scan(world, user);
  await until(world, () => hasRequest(world, user), 15_000);
  await world.clock.sleep(world.pick([500, 10_000, 60_000]));
  approve(world, user);
};

const typeAndLeave: Behaviour = async (world) => {
  for (const key of ["C", "3", "plus"] as const) world.rig.key(key);
  if (world.chance(0.3)) world.rig.takeBack();
};

/** Something that was paid in the web shop, twice if need be. */
const collect: Behaviour = async (world) => {
  const orderId = `shop-${world.pick([1, 2, 3])}`;
  handIn(world, orderId);
  if (world.chance(0.4)) handIn(world, orderId);
};

const everywhere: readonly Behaviour[] = [
  selectAndPay,
  selectAndPay,
  selectAndLeave,
  approveLate,
  decline,
  changeMind,
  checkIn,
  checkIn,
  checkInAndLeave,
  useSticker,
  showCode,
  fiddle,
];

export function behavioursOf(kind: MachineKind): readonly Behaviour[] {
  switch (kind) {
    case "vending":
    case "gpio":
    case "mdb":
      return everywhere;
    case "mdb-session":
      return [checkIn, checkIn, checkIn, checkInAndLeave, useSticker, showCode, fiddle];
    case "kiosk":
      return [...everywhere, selectAndPay, selectAndPay, collect];
    case "parking":
    case "timed":
      return [buyTime, buyTime, buyTime, typeAndLeave, useSticker, checkInAndLeave];
  }
}
