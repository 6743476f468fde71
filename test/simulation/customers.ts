/** What customers do, each as a small story on the virtual clock. They know only the panel, the buttons and their phones. */
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

const patience = (world: World): number => 500 + world.entropy.fraction() * 15_000;

const selectAndPay: Behaviour = async (world, user) => {
  world.press(world.pick(["A1", "A2", "A3", "A4"]));
  await until(world, () => world.scene.kind === "pay", 20_000);
  world.scan(user);
  await world.clock.sleep(patience(world));
  world.approve(user);
};

const selectAndLeave: Behaviour = async (world) => {
  world.press(world.pick(["A1", "A2", "A3", "A4"]));
};

/** Long after the panel gave up. */
const approveLate: Behaviour = async (world, user) => {
  world.press(world.pick(["A1", "A2", "A3", "A4"]));
  await until(world, () => world.scene.kind === "pay", 20_000);
  if (!world.scan(user)) return;
  await world.clock.sleep(85_000 + world.entropy.fraction() * 20_000);
  world.approve(user);
};

const decline: Behaviour = async (world, user) => {
  world.press("A1");
  await until(world, () => world.scene.kind === "pay", 20_000);
  world.scan(user);
  await world.clock.sleep(patience(world));
  world.tell(`${user}: ${world.provider.phone(user).decline()}`);
};

const changeMind: Behaviour = async (world, user) => {
  world.press("A1");
  await world.clock.sleep(patience(world));
  world.scan(user);
  world.press("A2");
  await world.clock.sleep(patience(world));
  world.approve(user);
  if (world.chance(0.5) && world.isOn) world.machine?.cancel();
};

const checkIn: Behaviour = async (world, user) => {
  if (!(await until(world, () => world.scene.kind === "idle", 60_000))) return;
  world.scan(user);
  if (world.chance(0.3)) world.scan(user);
  if (world.chance(0.5)) await until(world, () => hasRequest(world, user), 8_000);
  if (hasRequest(world, user)) world.approve(user);
  await until(world, () => world.scene.kind === "choose", 20_000);
  world.press(world.pick(["A1", "A2", "A3", "A4"]));
  if (!(await until(world, () => hasRequest(world, user), 20_000))) return;
  await world.clock.sleep(patience(world));
  world.approve(user);
};

/** Scans and walks away: somebody else presses the button. */
const checkInAndLeave: Behaviour = async (world, user) => {
  if (await until(world, () => world.scene.kind === "idle", 60_000)) world.scan(user);
};

/** Has a picture of the code, and scans it whether or not the machine is free. */
const scanSticker: Behaviour = async (world, user) => {
  if (world.chance(0.7)) world.press(world.pick(["A1", "A3"]));
  await world.clock.sleep(world.entropy.fraction() * 5_000);
  world.scanSticker(user);
  if (await until(world, () => hasRequest(world, user), 150_000)) world.approve(user);
  if (world.scene.kind === "choose") world.press("A1");
};

const showCode: Behaviour = async (world, user) => {
  world.press("A2");
  await until(world, () => world.scene.kind === "pay", 20_000);
  if (world.isOn) world.machine?.scan(world.provider.phone(user).personalQr);
  await until(world, () => hasRequest(world, user), 20_000);
  await world.clock.sleep(patience(world));
  world.approve(user);
};

/** Presses whatever there is. */
const fiddle: Behaviour = async (world, user) => {
  for (let presses = 0; presses < 6; presses += 1) {
    world.press(world.pick(["A1", "A2", "A3", "Z9"]));
    if (world.isOn && world.chance(0.3)) world.machine?.cancel();
    if (world.chance(0.3)) world.scan(user);
    if (world.chance(0.3)) world.approve(user);
    await world.clock.sleep(world.entropy.fraction() * 4_000);
  }
};

export const behaviours: readonly Behaviour[] = [
  selectAndPay,
  selectAndPay,
  selectAndLeave,
  approveLate,
  decline,
  changeMind,
  checkIn,
  checkIn,
  checkInAndLeave,
  scanSticker,
  showCode,
  fiddle,
];
