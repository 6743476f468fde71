/** `kvitt update`: orders an update by hand, and waits for what becomes of it. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../../kit/error-text.ts";
import { UpdateError } from "../../update/manifest.ts";
import {
  readAnswer,
  requestUpdate,
  slotsFolder,
  stateFolder,
  type UpdateAnswer,
  wantedRelease,
} from "../../update/request.ts";
import { type CliCommand, CommandError } from "../command.ts";
import { parseFlags } from "../flags.ts";

const usage = `kvitt update [VERSION|URL] [--no-wait] [--json]

Has a signed release fetched, unpacked beside the one that runs, and tried: it stays when kvitt then sells or says why not, else the one before it runs
again. Without VERSION or URL, what the address of the configuration ([update] url) calls newest. Run it as root or as kvitt. docs/update.md tells more.

  --no-wait   ends as soon as the update is ordered; journalctl -u kvitt-update tells the rest
  --json      prints the answer as JSON`;

/** As long as the unit may take (systemd/kvitt-update.service, TimeoutStartSec=). */
const answersWithinMs = 7_200_000;
const lookEveryMs = 1_000;

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values, positionals } = parseFlags(args, { "no-wait": { type: "boolean" }, json: { type: "boolean" } });
    const [text, ...more] = positionals;
    const wanted = wantedRelease(text);
    if (wanted === undefined || more.length > 0)
      throw new CommandError(
        `"${positionals.join(" ")}" is neither a version, as 1.2.3, nor an https address of a folder`,
      );
    const id = randomUUID();
    await requestUpdate(stateFolder, { id, wanted }).catch((error: unknown) => {
      if (error instanceof UpdateError) throw new CommandError(error.message, 1, { cause: error });
      throw new CommandError(
        `the update cannot be ordered in ${stateFolder}: ${errorText(error)}. It needs the installed package, and root or the user kvitt`,
        1,
        { cause: error },
      );
    });
    if (values["no-wait"] === true) return 0;
    const answer = await untilAnswered(id, io.signal);
    io.out(values.json === true ? JSON.stringify(answer) : `${answer.outcome}: ${answer.text}`);
    return answer.outcome === "installed" ? 0 : 1;
  },
};

async function untilAnswered(id: string, signal: AbortSignal): Promise<UpdateAnswer> {
  const deadlineMs = performance.now() + answersWithinMs;
  while (performance.now() < deadlineMs) {
    const answer = await readAnswer(slotsFolder);
    if (answer?.id === id) return answer;
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {
      throw new CommandError("the update is ordered and goes on; journalctl -u kvitt-update tells of it", 1);
    });
  }
  throw new CommandError("nobody answered: journalctl -u kvitt-update tells why", 1);
}
