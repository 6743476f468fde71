/** The stored signature vectors: official, constructed, and made with openssl. */
import { readFileSync } from "node:fs";
import * as z from "zod";

const stored = z.object({
  name: z.string(),
  secret: z.string().optional(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  valid: z.boolean().optional(),
  validIfVerifierUses: z.object({ registeredUrl: z.boolean() }).optional(),
  contentHashOnly: z.boolean().optional(),
});

function read(name: string): readonly z.infer<typeof stored>[] {
  const raw: unknown = JSON.parse(readFileSync(new URL(`../../fixtures/vipps/${name}`, import.meta.url), "utf8"));
  return z.array(stored).parse(raw);
}

const all = [...read("hmac-vectors.json"), ...read("hmac-more.json")];

export interface Vector {
  readonly name: string;
  readonly secret: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** As we verify: against the registered URL, and without judging the date. */
  readonly isGenuine: boolean;
}

export const vectors: readonly Vector[] = all.flatMap(
  ({ name, secret, url, headers, body, valid, validIfVerifierUses }) =>
    secret === undefined
      ? []
      : [{ name, secret, url, headers, body, isGenuine: valid ?? validIfVerifierUses?.registeredUrl ?? false }],
);

/** Real deliveries whose secret nobody knows. */
export const hashOnlyVectors = all.filter(({ contentHashOnly }) => contentHashOnly === true);
