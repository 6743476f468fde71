/**
 * Goal: a secret is taken from the place where it belongs, and never from a file that others can read. Method: real files with real modes.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findSecret, readVippsKeys, secretOf } from "../../../src/config/credentials.ts";

async function withFiles<T>(
  files: Readonly<Record<string, { readonly text: string; readonly mode: number }>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-credentials-"));
  try {
    for (const [name, { text, mode }] of Object.entries(files)) await writeFile(join(folder, name), text, { mode });
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("a secret", () => {
  it("as systemd 254 and newer hand it over, with an ACL's mask in the group's bits, is found", async () => {
    await withFiles({ "vipps-client-id": { text: "id", mode: 0o440 } }, async (folder) => {
      expect(await findSecret("vipps-client-id", undefined, { CREDENTIALS_DIRECTORY: folder })).toBe("id");
    });
  });

  it("that the world can read is refused, and no other place is looked at", async () => {
    await withFiles({ key: { text: "id", mode: 0o444 } }, async (folder) => {
      const env = { CREDENTIALS_DIRECTORY: folder, KEY: "from the environment" };
      await expect(findSecret("key", undefined, env)).rejects.toMatchObject({ code: "secret-shared" });
    });
  });

  it("whose file is named comes from that file alone, and the file has to be there", async () => {
    await withFiles({ "mqtt-password": { text: "hunter2\n", mode: 0o600 } }, async (folder) => {
      const place = { name: "mqtt-password", folder };
      expect(await secretOf({ ...place, file: undefined }, {})).toBe("hunter2");
      expect(await secretOf({ ...place, file: join(folder, "mqtt-password") }, {})).toBe("hunter2");
      await expect(secretOf({ ...place, file: join(folder, "gone") }, {})).rejects.toMatchObject({
        code: "secret-missing",
      });
    });
  });
});

describe("the provider's keys", () => {
  it("come from systemd's folder before the configured one, and from the environment last", async () => {
    const mode = 0o600;
    await withFiles({ "vipps-client-id": { text: "systemd", mode } }, (systemd) =>
      withFiles(
        { "vipps-client-id": { text: "folder", mode }, "vipps-client-secret": { text: "folder", mode } },
        async (folder) => {
          const env = {
            CREDENTIALS_DIRECTORY: systemd,
            VIPPS_CLIENT_SECRET: "environment",
            VIPPS_SUBSCRIPTION_KEY: "environment",
          };
          expect(await readVippsKeys({ credentials_dir: folder }, env)).toEqual({
            clientId: "systemd",
            clientSecret: "folder",
            subscriptionKey: "environment",
          });
        },
      ),
    );
  });

  it("that are missing are all named, with the places where they may stand", async () => {
    await expect(readVippsKeys({}, { VIPPS_CLIENT_SECRET: "s" })).rejects.toThrow(
      /vipps-client-id, vipps-subscription-key\..*VIPPS_CLIENT_ID, VIPPS_SUBSCRIPTION_KEY/,
    );
  });
});
