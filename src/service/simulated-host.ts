/** The host's twin: does what it is asked, remembers it, and says in which boot it is. */
import type { Host, HostAnswer } from "./port.ts";

export class SimulatedHost implements Host {
  boot = "boot-1";
  /** Why it does not do what it is asked. */
  fault: string | undefined;
  /** What was asked of it. */
  readonly asked: ("restart" | "reboot")[] = [];

  bootId(): string {
    return this.boot;
  }

  restartFault(): string | undefined {
    return this.fault;
  }

  restart(): void {
    this.asked.push("restart");
  }

  async reboot(): Promise<HostAnswer> {
    this.asked.push("reboot");
    return this.fault === undefined ? { kind: "taken" } : { kind: "refused", reason: this.fault };
  }
}
