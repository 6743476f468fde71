/** The walk round the stickers: only what is scanned from now on counts, each once, and what is silent is named. */
import { expect, it } from "vitest";
import { type HeardScan, walk } from "../../../src/cli/sticker-walk.ts";

const places = new Map([
  ["w1", "Washer 1"],
  ["w2", "Washer 2"],
]);
const scan = (id: string, number: number): HeardScan => ({ id, number, ageMs: 1_250 });

/** What the daemon says at each look; the last answer stays. */
async function walked(looks: readonly (readonly HeardScan[])[]) {
  const said: string[] = [];
  let look = 0;
  const missing = await walk({
    places,
    scans: async () => looks[Math.min(look, looks.length - 1)] ?? [],
    pause: async () => void (look += 1),
    isOver: () => look >= looks.length,
    begin: () => void said.push("begin"),
    say: (line) => void said.push(line),
  });
  return { missing, said, look };
}

it("ends when all were heard, and says where and after how long", async () => {
  const old = scan("w1", 4);
  expect(await walked([[old], [old, scan("w2", 5)], [old, scan("w2", 5), scan("w1", 6)], []])).toEqual({
    missing: [],
    said: ["begin", "w2: Washer 2, heard 1.3 s after the scan", "w1: Washer 1, heard 1.3 s after the scan"],
    look: 2,
  });
});

it("names what was not heard, an old scan included", async () => {
  expect(await walked([[scan("w1", 1)], [scan("w1", 1)]])).toMatchObject({ missing: ["w1", "w2"], said: ["begin"] });
});

it("says a code that is not on the list, and one that was scanned again", async () => {
  const { missing, said } = await walked([[], [scan("x", 1)], [scan("x", 1), scan("w1", 2), scan("w1", 3)]]);
  expect(missing).toEqual(["w2"]);
  expect(said.map((line) => line.split(",")[0])).toEqual([
    "begin",
    "x: a code that is not on the list",
    "w1: Washer 1",
    "w1: Washer 1",
  ]);
});

it("goes on after the daemon was started anew", async () => {
  expect(await walked([[scan("w1", 9)], [scan("w1", 1)], [scan("w1", 1), scan("w2", 2)]])).toMatchObject({
    missing: [],
  });
});
