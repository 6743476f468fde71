/**
 * The machine's end of the link, over a connection that is passed in. It publishes a retained state backed by a will, with a session number
 * for each boot, and repeats it, because not every broker lives to publish a will. It decides nothing about sales: it drops what is retained, foreign or unreadable and hands everything else to the kiosk.
 */
import { jittered } from "../kit/back-off.ts";
import { errorText } from "../kit/error-text.ts";
import { createRounds, type Rounds } from "../kit/rounds.ts";
import type { MerchantQrId, StationId } from "../sale/ids.ts";
import type { Clock, Entropy, Log, LogFields, Timer } from "../service/port.ts";
import type { Connection, ConnectionHooks } from "./connection.ts";
import { CommandGate, type CommandTrust, type CommandVerdict } from "./command-gate.ts";
import { commandKeyBytesMin } from "./command-signature.ts";
import { type Heartbeat, machineBeat, type Repeated } from "./freshness.ts";
import { type Incoming, type Meaning, readIncoming } from "./incoming.ts";
import { LinkError } from "./link-error.ts";
import { jsonContentType, replyBytesMax, reportBytesMax, writeState } from "./messages.ts";
import type { Outgoing } from "./mqtt-settings.ts";
import type { CommandReply, Link, LinkListener, LinkMessage, Outlets, StateMessage } from "./port.ts";
import { RelayPresence } from "./presence.ts";
import { writeReply } from "./reply-message.ts";
import { type HealthBody, type SaleBody, writeHealth, writeSale } from "./report-messages.ts";
import { formatTimestamp } from "../kit/timestamp.ts";
import { eventFilter, type MachineAddress, machineTopic, relayFilter } from "./topics.ts";

export interface DeviceLinkParts {
  readonly msn: string;
  readonly merchantQrId: MerchantQrId;
  readonly commands: Omit<CommandTrust, "stations">;
  /** Of a machine with more than one. */
  readonly outlets?: Outlets | undefined;
  /** The boot number of the journal. */
  readonly sessionNumber: number;
  readonly version: string;
  /** Said again with every connection, beside the link's own messages: what a programme on the same broker wants to know of this machine. */
  readonly announcement?: Outgoing | undefined;
  /** How often the state is repeated; tests pass their own. */
  readonly beat?: Heartbeat | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

const publishTimeoutMs = 10_000;
/**
 * Replies waiting for the broker. After a week offline, queued commands are refused faster than the broker takes the refusals. Bounded in
 * bytes as well, because some replies carry a picture.
 */
const repliesMax = 4_096;
const repliesBytesMax = 4 * replyBytesMax;

export class DeviceLink implements Link {
  readonly #parts: DeviceLinkParts;
  readonly #address: MachineAddress;
  readonly #stations: readonly StationId[];
  readonly #gate: CommandGate;
  readonly #presence: RelayPresence;
  readonly #connection: Connection;
  readonly #replies: Outgoing[] = [];
  #listener: LinkListener | undefined;
  #state: StateMessage;
  #health: string | undefined;
  readonly #replyRounds: Rounds;
  #stateRound: Promise<void> | undefined;
  #stateIsSent = false;
  #repetition: Timer | undefined;
  #isStopping = false;

  /** @throws LinkError `link-config` when a name cannot stand in a topic or the command key is too short. */
  constructor(parts: DeviceLinkParts, connectionFor: (hooks: ConnectionHooks) => Connection) {
    const { key } = parts.commands;
    if (key !== undefined && key.byteLength < commandKeyBytesMin)
      throw new LinkError(
        "link-config",
        `the command key has ${key.byteLength} bytes and needs ${commandKeyBytesMin}; make one with "openssl rand -base64 48"`,
      );
    this.#parts = parts;
    this.#address = { msn: parts.msn, merchantQrId: parts.merchantQrId };
    this.#stations = parts.outlets?.stations ?? [];
    this.#gate = new CommandGate(this.#address, { ...parts.commands, stations: this.#stations }, parts.clock);
    this.#presence = new RelayPresence(parts.clock, (health) => this.#listener?.relay(health));
    this.#state = this.#stateOf({ state: "init", reason: undefined });
    const { clock, entropy, log } = parts;
    this.#replyRounds = createRounds({
      name: "link replies",
      clock,
      entropy,
      round: (onProgress) => this.#sendReplies(onProgress),
      onFailure: (error, delayMs) =>
        log.warn({ reason: errorText(error), delayMs }, "a reply to a command was not published; it is sent again"),
    });
    this.#connection = connectionFor({
      will: () => this.#stateMessage(this.#stateOf({ state: "lost", reason: "connection-lost" }), {}),
      filters: [eventFilter(this.#address), machineTopic(this.#address, "command")],
      views: [machineTopic(this.#address, "state"), relayFilter(parts.msn)],
      message: (incoming) => this.#receive(incoming),
      connected: () => this.#connected(),
      disconnected: () => this.#disconnected(),
      rival: (isThere) => this.#listener?.rival(isThere),
    });
  }

  start(listener: LinkListener): Promise<void> {
    this.#listener = listener;
    this.#connection.start();
    return Promise.resolve();
  }

  isConnected(): boolean {
    return this.#connection.isConnected();
  }

  tries(): number {
    return this.#connection.tries();
  }

  publishState(state: Omit<StateMessage, "session">): void {
    this.#state = { ...state, session: this.#parts.sessionNumber };
    this.#stateIsSent = false;
    void this.#sendState();
  }

  async publishSale(id: string, body: SaleBody): Promise<void> {
    const payload = bounded(writeSale(id, body), reportBytesMax, `sale ${id}`);
    await this.#connection.publish(this.#outgoing("sale", payload, 1), publishTimeoutMs);
  }

  publishHealth(body: HealthBody): void {
    const payload = writeHealth(body);
    if (Buffer.byteLength(payload) > reportBytesMax) {
      this.#parts.log.warn({ bytesMax: reportBytesMax }, "the health report is too large and was not published");
      return;
    }
    this.#health = payload;
    void this.#sendHealth();
  }

  fits(reply: CommandReply): boolean {
    return Buffer.byteLength(writeReply(reply)) <= replyBytesMax;
  }

  async publishReply(reply: CommandReply): Promise<void> {
    const payload = bounded(writeReply(reply), replyBytesMax, `the reply to command ${reply.id}`);
    await this.#connection.publish(this.#outgoing("command/reply", payload, 1), publishTimeoutMs);
  }

  reply(reply: CommandReply): void {
    const payload = bounded(writeReply(reply), replyBytesMax, `the reply to command ${reply.id}`);
    this.#replies.push(this.#outgoing("command/reply", payload, 1));
    while (this.#replies.length > repliesMax || bytesOf(this.#replies) > repliesBytesMax) {
      this.#replies.shift();
      this.#parts.log.warn({ repliesMax, repliesBytesMax }, "the oldest reply to a command was given up");
    }
    this.#replyRounds.wake();
  }

  async stop(): Promise<void> {
    this.#replyRounds.stop();
    this.#isStopping = true;
    this.#repetition?.cancel();
    // Said also where it is out of service already: from now on nobody repeats it.
    this.publishState(
      this.#state.state === "out-of-service"
        ? this.#state
        : this.#stateOf({ state: "out-of-service", reason: "stopped" }),
    );
    await this.#stateRound;
    // The one that a round begins which was just over. No more: a broker that acknowledges nothing must not keep the machine from stopping.
    await this.#stateRound;
    await this.#connection.stop();
    this.#presence.reset();
    this.#listener?.connection(false);
    this.#listener = undefined;
  }

  #connected(): void {
    this.#stateIsSent = false;
    this.#listener?.connection(true);
    void this.#sendState();
    void this.#sendHealth();
    this.#replyRounds.wake();
    if (this.#parts.announcement !== undefined) void this.#try(this.#parts.announcement);
  }

  #disconnected(): void {
    this.#repetition?.cancel();
    this.#listener?.connection(false);
    this.#presence.reset();
  }

  /**
   * Resolves when the message may be acknowledged. Only a journal that cannot take it keeps it unacknowledged: whatever fails by its own
   * content is dropped here, because the broker would send it again for ever.
   */
  async #receive(incoming: Incoming): Promise<void> {
    const message = this.#read(incoming);
    if (message === undefined) return;
    try {
      await this.#tell(message);
    } catch (error) {
      this.#parts.log.warn({ ...namesOf(message), reason: errorText(error) }, "a message cannot be taken in now");
      throw error;
    }
    if (message.kind === "command") this.#gate.taken(message.command);
  }

  /** What the kiosk needs to be told, or undefined if nothing. Never throws. */
  #read(incoming: Incoming): LinkMessage | undefined {
    try {
      return this.#understand(incoming);
    } catch (error) {
      const { topic, payload } = incoming;
      this.#parts.log.error({ topic, bytes: payload.byteLength, error }, "a message could not be read and was dropped");
      return undefined;
    }
  }

  #understand(incoming: Incoming): LinkMessage | undefined {
    const meaning = readIncoming(this.#address, incoming, this.#stations);
    switch (meaning.kind) {
      case "event":
        return meaning.message;
      case "command":
        return this.#commandOf(this.#gate.judge(meaning.json));
      case "unreadable-command":
        return this.#commandOf(this.#gate.judgeUnreadable(meaning.id, meaning.reason));
      case "relay":
        this.#presence.heard(meaning.instance, meaning.health);
        return undefined;
      case "called-lost":
        this.#calledLost();
        return undefined;
      case "nothing":
        return undefined;
      case "dropped":
        this.#logDropped(incoming, meaning);
        return undefined;
    }
  }

  #commandOf(verdict: CommandVerdict): LinkMessage | undefined {
    switch (verdict.kind) {
      case "pass":
        return { kind: "command", command: verdict.command };
      case "reply":
        this.#parts.log.warn(
          { command: verdict.reply.id, reference: verdict.reference, reply: verdict.reply },
          "a command was not taken",
        );
        this.reply(verdict.reply);
        return undefined;
      case "drop":
        this.#parts.log.info({ reason: verdict.reason }, "a command was dropped");
        return undefined;
    }
  }

  async #tell(message: LinkMessage): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined) throw new LinkError("link-not-connected", "nobody listens any more");
    await listener.message(message);
  }

  #logDropped(incoming: Incoming, meaning: Extract<Meaning, { kind: "dropped" }>): void {
    const { topic, payload, retained } = incoming;
    const fields = { topic, reason: meaning.reason, retained, bytes: payload.byteLength };
    this.#parts.log.warn(fields, "a message was dropped");
  }

  /** The will of an earlier connection arrived after our birth message: publish the true state again. */
  #calledLost(): void {
    if (!this.isConnected()) return;
    this.#parts.log.info({}, "the state topic said lost: publishing the state again");
    this.#stateIsSent = false;
    void this.#sendState();
  }

  /** Only the newest state matters: one is in flight at a time, and the loop ends once the last one sent is current. */
  #sendState(): Promise<void> {
    this.#stateRound ??= this.#stateLoop().finally(() => {
      this.#stateRound = undefined;
      // One that was given between the loop's last look and this line.
      if (!this.#stateIsSent && this.isConnected()) void this.#sendState();
    });
    return this.#stateRound;
  }

  async #stateLoop(): Promise<void> {
    while (!this.#stateIsSent && this.isConnected()) {
      this.#stateIsSent = true;
      this.#repetition?.cancel();
      const sent = await this.#try(this.#stateMessage(this.#state, this.#life()));
      // The connection is up but did not acknowledge: reconnect and begin again with a birth message.
      if (!sent) {
        this.#stateIsSent = false;
        this.#connection.interrupt("the state could not be published");
      }
    }
    if (this.#stateIsSent) this.#repeatLater();
  }

  /** From memory: no disk, and no more than the newest. */
  #repeatLater(): void {
    const { clock, entropy, beat = machineBeat } = this.#parts;
    this.#repetition?.cancel();
    if (this.#isStopping) return;
    this.#repetition = clock.startTimer("state repetition", jittered(beat.everyMs, entropy), () => {
      this.#stateIsSent = false;
      void this.#sendState();
    });
  }

  /** The last state before a farewell is not repeated, and stands; one of a clock that is not believed does not say when. */
  #life(): Repeated {
    const { clock, beat = machineBeat } = this.#parts;
    return {
      at: clock.isPlausible() ? formatTimestamp(clock.wallMs()) : undefined,
      validForS: this.#isStopping ? undefined : beat.validForS,
    };
  }

  async #sendHealth(): Promise<void> {
    const payload = this.#health;
    if (payload === undefined || !this.isConnected()) return;
    if ((await this.#try(this.#outgoing("health", payload, 0, true))) && this.#health === payload)
      this.#health = undefined;
  }

  /** Oldest first. Without a connection nothing is tried: the next one wakes it. */
  async #sendReplies(onProgress: () => void): Promise<void> {
    for (let next = this.#replies[0]; next !== undefined; next = this.#replies[0]) {
      if (!this.isConnected() || this.#replyRounds.isStopped()) return;
      await this.#connection.publish(next, publishTimeoutMs);
      if (this.#replies[0] === next) this.#replies.shift();
      onProgress();
    }
  }

  /** Whether the broker has it; if not, the reason is logged. */
  async #try(message: Outgoing): Promise<boolean> {
    try {
      await this.#connection.publish(message, publishTimeoutMs);
      return true;
    } catch (error) {
      const reason = errorText(error);
      this.#parts.log.warn({ topic: message.topic, reason }, "a message was not published");
      return false;
    }
  }

  #stateOf(state: Pick<StateMessage, "state" | "reason">): StateMessage {
    const { sessionNumber, version, clock } = this.#parts;
    return { ...state, session: sessionNumber, version, since: formatTimestamp(clock.wallMs()) };
  }

  #stateMessage(state: StateMessage, life: Repeated): Outgoing {
    return this.#outgoing("state", writeState(state, life, this.#parts.outlets?.qrIds), 1, true);
  }

  #outgoing(
    leaf: "state" | "sale" | "health" | "command/reply",
    payload: string,
    qos: 0 | 1,
    retain = false,
  ): Outgoing {
    return { topic: machineTopic(this.#address, leaf), payload, qos, retain, contentType: jsonContentType };
  }
}

/** What one searches the log for. */
function namesOf(message: LinkMessage): LogFields {
  switch (message.kind) {
    case "payment-event":
      return { message: message.kind, event: message.eventId, reference: message.reference };
    case "checked-in":
    case "check-in-refused":
      return { message: message.kind, event: message.eventId };
    case "command": {
      const { id, order } = message.command;
      return { message: message.kind, command: id, reference: "reference" in order ? order.reference : undefined };
    }
  }
}

function bytesOf(messages: readonly Outgoing[]): number {
  return messages.reduce((bytes, { payload }) => bytes + payload.length, 0);
}

function bounded(payload: string, bytesMax: number, what: string): string {
  const bytes = Buffer.byteLength(payload);
  if (bytes <= bytesMax) return payload;
  throw new LinkError("link-too-large", `${what} has ${bytes} bytes of JSON, and at most ${bytesMax} may be published`);
}
