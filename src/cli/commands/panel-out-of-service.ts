/** `kvitt panel out-of-service`: the safe picture, for a machine whose daemon is dead. The service manager runs it; so it takes whatever configuration can be read. */
import { boardClaims } from "../../config/pins.ts";
import { isGlassLeft, unmarkGlass } from "../../daemon/glass-mark.ts";
import { paintOnce } from "../../daemon/panel.ts";
import { createLineRegister } from "../../machine/gpio/line-register.ts";
import { isService } from "../../service/host.ts";
import { createReadableLog } from "../../service/service-log.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import type { CommandIo } from "../command.ts";
import { openUncheckedConfig } from "../open-config.ts";

/** Exit code 0 when the picture is on the glass, or was not wanted; 1 with the reason when it is not. */
export async function paintOutOfService(file: string | undefined, onlyIfLeft: boolean, io: CommandIo): Promise<number> {
  if (onlyIfLeft && !(await isGlassLeft(io.env))) return 0;
  const config = await openUncheckedConfig(file);
  const scene = { kind: "out-of-service", reason: "stopped" } as const;
  const outcome = await paintOnce(config, scene, {
    clock: createSystemClock({ floorWallMs: 0, requireSynchronized: false }),
    log: createReadableLog("warn", io.err),
    register: createLineRegister(boardClaims),
    isService: isService(io.env),
  });
  if (outcome.kind === "failed") {
    io.err(`the panel does not say "out of service": ${outcome.reason}`);
    return 1;
  }
  await unmarkGlass(io.env);
  return 0;
}
