/**
 * Messages to systemd (sd_notify(3)): ready, stopping, alive. Node cannot send datagrams to a Unix socket, so libsystemd is called through
 * koffi, which is optional: without it, or without $NOTIFY_SOCKET, nothing is sent and the unit has to be of another type.
 */
import type { Log } from "./port.ts";

export interface Notifier {
  readonly isActive: boolean;
  notify(message: string): void;
}

export const silentNotifier: Notifier = { isActive: false, notify: () => {} };

export async function createNotifier(notifySocket: string | undefined, log: Log): Promise<Notifier> {
  if (notifySocket === undefined || notifySocket === "") return silentNotifier;
  try {
    const { default: koffi } = await import("koffi");
    const send = koffi.load("libsystemd.so.0").func("int sd_notify(int unset_environment, const char *state)");
    return {
      isActive: true,
      notify: (message) => {
        const result: unknown = send(0, message);
        if (typeof result === "number" && result < 0) log.warn({ result }, "systemd could not be told");
      },
    };
  } catch (error) {
    log.warn(
      { error },
      "systemd wants to be told when kvitt is ready, but koffi or libsystemd.so.0 is missing: install libsystemd0, or use Type=exec",
    );
    return silentNotifier;
  }
}
