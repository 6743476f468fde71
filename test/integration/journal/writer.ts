/** A process that sells as fast as it can, and says on standard output what the journal has promised: killed by the test. */
import { openJournal } from "../../../src/journal/journal.ts";
import { openNodeDisk } from "../../../src/journal/node-disk.ts";

const [folder = ""] = process.argv.slice(2);
const journal = await openJournal({
  disk: await openNodeDisk(folder),
  wallMs: () => Date.UTC(2026, 10, 23),
  retentionMs: 1e12,
});
const before = journal.get("fact", "count");
for (let count = typeof before === "number" ? before + 1 : 1; ; count += 1) {
  const key = `kiosk-7-${count}`;
  await journal.commit([
    { kind: "put", table: "settlement", key, value: { count, text: "x".repeat(500) } },
    { kind: "put-secret", key, value: { token: `secret-token-${count}` } },
  ]);
  await journal.commit([
    { kind: "delete", table: "settlement", key },
    { kind: "drop-secret", key },
    { kind: "put", table: "sale", key, value: { count } },
    { kind: "put", table: "fact", key: "count", value: count },
  ]);
  process.stdout.write(`${count}\n`);
}
