/** The demo's front end over a socket: a press is never lost, and what is heard late of an older order takes nothing away. */
import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { kioskFrontEnd } from "../../../src/demo/machines/kiosk.ts";

const orderBody = z.object({ id: z.string(), title: z.string() });

/** A machine that takes every order, and does with the answers as told. */
async function machineThat(treat: (call: string, answer: () => void, lose: () => void) => void) {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-front-end-"));
  const calls: string[] = [];
  const orders = new Map<string, string>();
  const server = createServer((incoming, response) => {
    let text = "";
    incoming.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    incoming.on("end", () => {
      const { method = "", url = "" } = incoming;
      const posted = url === "/v1/payments" ? orderBody.parse(JSON.parse(text)) : undefined;
      if (posted !== undefined) orders.set(posted.id, posted.title);
      const id = posted?.id ?? url.split("/")[3] ?? "";
      const call = `${method} ${posted === undefined ? url.slice("/v1/payments/".length) : posted.id}`;
      calls.push(call);
      const state = "paid";
      const body = { id, reference: `r-${id}`, state, amount: 100, title: orders.get(id), settled: false };
      treat(
        call,
        () => void response.end(JSON.stringify(body)),
        () => void response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(join(folder, "kiosk.sock"), resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  return { calls, frontEnd: kioskFrontEnd({ folder, port: 0 }) };
}

it("orders while the order before is still being settled", async () => {
  const { calls, frontEnd } = await machineThat((_, answer) => answer());
  await frontEnd.use("lunch");
  await frontEnd.use("coffee");
  expect(calls.filter((call) => call.startsWith("POST"))).toHaveLength(2);
});

it("says an order again whose answer was lost, under the same id", async () => {
  let lost = 0;
  const { calls, frontEnd } = await machineThat((_, answer, lose) => ((lost += 1) <= 2 ? lose() : answer()));
  await frontEnd.use("coffee");
  expect(calls).toHaveLength(3);
  expect(new Set(calls).size).toBe(1);
  await frontEnd.use("hand-out");
  expect((await frontEnd.drops()).map(({ what }) => what)).toEqual(["Coffee"]);
});

it("keeps the new order when an answer about the old one comes late", async () => {
  const late: (() => void)[] = [];
  const { frontEnd } = await machineThat((call, answer) => (call.startsWith("GET") ? late.push(answer) : answer()));
  await frontEnd.use("lunch");
  const looking = frontEnd.drops();
  await expect.poll(() => late.length).toBe(1);
  await frontEnd.use("coffee");
  for (const answer of late) answer();
  await looking;
  await frontEnd.use("hand-out");
  const looked = frontEnd.drops();
  await expect.poll(() => late.length).toBe(2);
  for (const answer of late) answer();
  expect((await looked).map(({ what }) => what)).toEqual(["Coffee"]);
});
