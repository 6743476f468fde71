/** Collects the facts about this build and this computer that the configuration check needs. */
import { existsSync } from "node:fs";
import type { ConfigFacts } from "../config/check.ts";
import { panelFolder } from "../panel/assets.ts";
import { listPanels } from "../panel/panel-file.ts";
import { findSecretFileSync, SecretFileError } from "../service/secret-file.ts";

/** For a file that may be for another computer. @throws PanelFileError when a panel's file of this build cannot be read */
export async function configFacts(env: Readonly<Record<string, string | undefined>>): Promise<ConfigFacts> {
  return {
    panels: await listPanels(panelFolder(import.meta.url)),
    isThere: existsSync,
    secretFault: (path) => secretFault(path, env),
    devices: undefined,
    isHere: false,
  };
}

/**
 * The same with the devices of this computer. `isHere`: it is the machine itself, so that what is not there is a fault; anywhere else it is worth a
 * look. @throws PanelFileError as above
 */
export async function factsOfComputer(
  env: Readonly<Record<string, string | undefined>>,
  isHere: boolean,
): Promise<ConfigFacts> {
  const { deviceFacts } = await import("../daemon/device-facts.ts");
  return { ...(await configFacts(env)), devices: await deviceFacts(isHere), isHere };
}

/** The check may run as another user than kvitt: only a file that is readable by everybody is a fault. */
function secretFault(path: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  try {
    findSecretFileSync(path, env);
    return undefined;
  } catch (error) {
    if (error instanceof SecretFileError) return error.code === "secret-shared" ? error.message : undefined;
    throw error;
  }
}
