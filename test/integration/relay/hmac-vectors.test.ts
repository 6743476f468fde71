/** The stored vectors as bytes on a socket: what the provider signed is let in, what is wrong anywhere is not. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as z from "zod";
import { openRegistrationFile } from "../../../src/relay/registration-file.ts";
import vectorFile from "../../fixtures/vipps-webhooks/hmac-vectors.json" with { type: "json" };
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { FakeRegistry, msn, post, startRelay } from "./relay-parts.ts";

const vectors = z
  .array(
    z.object({
      name: z.string(),
      secret: z.string(),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      valid: z.boolean().optional(),
      validIfVerifierUses: z.object({ registeredUrl: z.boolean() }).optional(),
    }),
  )
  .parse(vectorFile);

it("has vectors of both kinds", () => {
  expect(vectors.length).toBeGreaterThanOrEqual(9);
  expect(vectors.filter((one) => one.valid === false).length).toBeGreaterThanOrEqual(3);
});

it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", async (_name, vector) => {
  const registry = new FakeRegistry();
  registry.isDown = true;
  const registrationFile = join(mkdtempSync(join(tmpdir(), "kvitt-vector-")), "registrations.json");
  openRegistrationFile(registrationFile).replace([
    { id: "vector", msn, url: vector.url, events: ["user.checked-in.v1"], secret: vector.secret },
  ]);
  const { relay, port } = await startRelay("mqtt://127.0.0.1:1", registry, recordingLog(), { registrationFile });
  try {
    const { pathname, search } = new URL(vector.url);
    const answer = await post(port, `${pathname}${search}`, { ...vector.headers, "webhook-id": "vector" }, vector.body);
    const isValid = vector.valid ?? vector.validIfVerifierUses?.registeredUrl ?? false;
    // All of them are old or not for this sales unit: once let in, they are answered with 200 and dropped.
    expect(answer.status).toBe(isValid ? 200 : 401);
  } finally {
    await relay.stop();
  }
});
