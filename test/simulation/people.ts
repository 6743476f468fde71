/** What people do with their hands and their phones, and the operator in the provider's portal. */
import { codeOf } from "./twins.ts";
import type { World } from "./world.ts";

export function press(world: World, line: string): void {
  world.tell(`customer chooses ${line}`);
  world.rig.choose(line);
}

/** A code is held to the scanner. */
export function holdUp(world: World, text: string): void {
  world.tell("somebody holds a code to the scanner");
  world.heldUp.add(text);
  world.rig.scan(text);
}

/** A front end hands in what was paid in the web shop. */
export function handIn(world: World, orderId: string): void {
  world.tell(`customer collects ${orderId}`);
  world.rig.handIn?.(orderId);
}

/** This user approves the request on the phone. */
export function approve(world: World, user: string): void {
  const answer = world.provider.phone(user).approve();
  world.tell(`${user}: ${answer}`);
  if (answer.includes("too young")) world.count("age refused");
  const approved = world.provider.state.users.get(user)?.app;
  // A back office that does not wait until the sale has ended.
  if (approved?.kind === "approved" && answer === "approved" && world.chance(0.1))
    world.office.hurry(approved.reference);
  if (!world.portalActs || answer !== "approved" || !world.chance(0.4)) return;
  const { app } = world.provider.state.users.get(user) ?? {};
  const row =
    app?.kind === "approved"
      ? [...world.provider.state.payments.values()].find(({ reference }) => reference === app.reference)
      : undefined;
  if (row?.state !== "AUTHORIZED" || row.captured > 0) return;
  world.portal.add(row.reference);
  if (world.chance(0.6)) {
    world.tell("the operator cancels it in the portal");
    world.count("portal: cancelled");
    row.cancelled = row.authorized;
    world.portalCancelled.add(row.reference);
  } else {
    world.tell("the operator captures a part of it in the portal");
    world.count("portal: captured in part");
    row.captured = Math.floor(row.authorized / 2);
  }
}

/** The operator gives something back in the portal, of something that was captured. */
export function refundInPortal(world: World): void {
  const row = [...world.provider.state.payments.values()].find(({ captured, refunded }) => captured > refunded);
  if (row === undefined) return;
  world.tell("the operator refunds in the portal");
  world.count("portal: refunded");
  world.portal.add(row.reference);
  row.refunded += Math.ceil((row.captured - row.refunded) / 2);
}

/** The camera of this user's phone reads what is on the glass. */
export function scan(world: World, user: string): boolean {
  const code = world.daemon.isOn ? codeOf(world.scene) : undefined;
  // The codes of outlets are printed on them.
  if (code === undefined && world.outlets !== undefined && world.dice.chance(0.7)) {
    scanSticker(world, user);
    return true;
  }
  world.tell(`${user} scans: ${code === undefined ? "nothing there" : "a code"}`);
  if (code === undefined) return false;
  world.provider.phone(user).scan(code);
  return true;
}

/** A picture of the callback code, taken earlier: it can be scanned whatever the panel shows. */
export function scanSticker(world: World, user: string): void {
  const all = [...world.provider.state.callbackQrs.values()];
  const sticker = world.outlets?.sticker();
  const qr = sticker === undefined ? all[0] : all.find(({ merchantQrId }) => merchantQrId === sticker);
  if (qr === undefined) return;
  world.tell(`${user} scans the sticker`);
  world.provider.phone(user).scan(qr.content);
}
