/**
 * Goal: a secret is taken from the place where it belongs, and never from a file that others can read. Method: real files with real modes.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CredentialsError, findSecret, readSecretFile, readVippsKeys } from "../../../src/config/credentials.ts";

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

describe("a secret's file", () => {
  it.each([0o644, 0o640, 0o604, 0o660])("of mode %o is refused, without its content", async (mode) => {
    await withFiles({ key: { text: "hunter2\n", mode } }, async (folder) => {
      const failure: unknown = await readSecretFile(join(folder, "key")).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(CredentialsError);
      expect(String(failure)).toMatch(/chmod 600/);
      expect(String(failure)).not.toContain("hunter2");
    });
  });

  it.each([0o600, 0o400])("of mode %o is read, without its line's end", async (mode) => {
    await withFiles({ key: { text: "hunter2\n", mode } }, async (folder) => {
      expect(await readSecretFile(join(folder, "key"))).toBe("hunter2");
    });
  });

  it("as systemd 254 and newer hand it over, with an ACL's mask in the group's bits, is read", async () => {
    await withFiles({ "vipps-client-id": { text: "id", mode: 0o440 } }, async (folder) => {
      expect(await findSecret("vipps-client-id", undefined, { CREDENTIALS_DIRECTORY: folder })).toBe("id");
      expect(await readSecretFile(join(folder, "vipps-client-id"), { CREDENTIALS_DIRECTORY: folder })).toBe("id");
    });
  });

  it("that the world can read is refused in systemd's folder too", async () => {
    await withFiles({ key: { text: "id", mode: 0o444 } }, async (folder) => {
      await expect(findSecret("key", undefined, { CREDENTIALS_DIRECTORY: folder })).rejects.toMatchObject({
        code: "credentials",
      });
    });
  });

  it("that is missing or empty is no secret", async () => {
    await withFiles({ empty: { text: "\n", mode: 0o600 } }, async (folder) => {
      expect(await readSecretFile(join(folder, "empty"))).toBeUndefined();
      expect(await readSecretFile(join(folder, "gone"))).toBeUndefined();
    });
  });
});

describe("the provider's keys", () => {
  const vipps = { msn: "123456", currency: "NOK", one_time_route: "epayment", user_flow: "push", probe_s: 20 } as const;

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
          expect(await readVippsKeys({ ...vipps, credentials_dir: folder }, env)).toEqual({
            clientId: "systemd",
            clientSecret: "folder",
            subscriptionKey: "environment",
          });
        },
      ),
    );
  });

  it("that are missing are named, with the places where they may stand", async () => {
    await expect(readVippsKeys(vipps, {})).rejects.toThrow(/vipps-client-id.*VIPPS_CLIENT_ID/);
  });
});
