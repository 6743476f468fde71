/** SIGHUP: read the configuration again (daemon(7), "SIGHUP"). */

/**
 * Calls `reload` for each SIGHUP from now on; one that comes while `reload` is under way is carried out after it. The returned function ends that: the
 * signal then ends the process, as it does by default. @param source `process`
 */
export function onReload(
  source: { on(signal: "SIGHUP", listener: () => void): unknown; off(signal: "SIGHUP", listener: () => void): unknown },
  reload: () => Promise<void>,
): () => void {
  let isUnderWay = false;
  let isWanted = false;
  async function run(): Promise<void> {
    isUnderWay = true;
    while (isWanted) {
      isWanted = false;
      await reload();
    }
    isUnderWay = false;
  }
  const listener = (): void => {
    isWanted = true;
    if (!isUnderWay) void run();
  };
  source.on("SIGHUP", listener);
  return () => void source.off("SIGHUP", listener);
}
