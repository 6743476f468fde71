/** Loaded into the daemon before its program: counts fsync(2) and fdatasync(2) of files and folders, and says the count on SIGUSR2. */
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";

let count = 0;
const handle = await open(tmpdir(), "r");
const prototype: unknown = Object.getPrototypeOf(handle);
await handle.close();
if (typeof prototype !== "object" || prototype === null) throw new Error("a file has no methods");
for (const name of ["sync", "datasync"]) {
  const real: unknown = Reflect.get(prototype, name);
  if (typeof real !== "function") throw new Error(`a file has no ${name}`);
  Reflect.set(prototype, name, function counted(this: unknown): unknown {
    count += 1;
    const done: unknown = Reflect.apply(real, this, []);
    return done;
  });
}
process.on("SIGUSR2", () => process.stderr.write(`syncs ${count}\n`));
