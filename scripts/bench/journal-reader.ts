/** `journal-reader.ts FOLDER`: what it takes to open that journal and to find one old sale, as JSON. */
import { openJournal } from "../../src/journal/journal.ts";
import { openNodeDisk } from "../../src/journal/node-disk.ts";

const before = process.memoryUsage.rss();
const start = performance.now();
const journal = await openJournal({
  disk: await openNodeDisk(process.argv[2] ?? ""),
  wallMs: () => Date.UTC(2026, 11, 15),
  retentionMs: 1e12,
});
const openMs = performance.now() - start;
const startOfFind = performance.now();
journal.get("sale", "6-17");
const findMs = performance.now() - startOfFind;
const resident = process.memoryUsage.rss();
await journal.close();
console.log(JSON.stringify({ openMs, findMs, residentMb: resident / 1e6, grownMb: (resident - before) / 1e6 }));
