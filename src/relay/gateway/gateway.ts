/**
 * The gateway: a machine's request comes in, is judged, and goes to the provider as it is, with the sales unit's keys added. No sockets here, and no state
 * that outlives a request: any relay answers any machine.
 */
import { parseJson } from "../../kit/json.ts";
import { NoTurnError, Turns } from "../../kit/turns.ts";
import type { Clock, Log } from "../../service/port.ts";
import * as answers from "../../vipps/answers.ts";
import { identityPath } from "../../vipps/caller.ts";
import { VippsError } from "../../vipps/errors.ts";
import { createRateLimit, type RateLimit } from "../../vipps/rate-limit.ts";
import { modification } from "../../vipps/payment-rules.ts";
import { authorize, type Verdict } from "./authorize.ts";
import type { Identities } from "./identities.ts";
import type { GatewayAnswer, GatewayPolicy, GatewayRequest, GatewayUnit } from "./port.ts";
import { problem } from "./problem.ts";
import { refundFault } from "./refund-bound.ts";
import { Refusals } from "./refusals.ts";
import { whoAsks } from "./who-asks.ts";

export interface GatewayParts {
  readonly policy: GatewayPolicy;
  readonly identities: Identities;
  readonly clock: Clock;
  readonly log: Log;
}

/** Below the client's 15 s for one try: the machine hears from us before it gives up. */
const answerMs = 13_000;
/** Requests to the provider at once, for all machines: what a whole city sends in one second after a power cut is spread. */
const atOnce = 64;
const waitingMax = 2_000;
/** Of one machine. It sells to one customer at a time, and settles a few sales beside. */
const machineAtOnce = 8;
const machinePerMinute = 300;
const minuteMs = 60_000;

/** What goes to the provider of a machine's headers; everything else is the gateway's, or nobody's. */
const passedHeaders = ["accept", "size", "content-type", "idempotency-key"] as const;
const passedSystem = /^vipps-system-(name|version|plugin-name|plugin-version)$/;
const answeredHeaders = ["content-type", "retry-after"] as const;

type Passing = Extract<Verdict, { kind: "pass" }>;

interface Asked {
  readonly msn: string;
  readonly machine: string;
  readonly unit: GatewayUnit;
  readonly request: GatewayRequest;
  readonly verdict: Passing;
  readonly signal: AbortSignal;
}

export class Gateway {
  readonly #parts: GatewayParts;
  readonly #turns = new Turns(atOnce, waitingMax);
  readonly #limits: Readonly<Record<"modify" | "read" | "machine", RateLimit>>;
  readonly #underWay = new Map<string, number>();
  readonly refusals: Refusals;
  #units: ReadonlyMap<string, GatewayUnit> = new Map();

  constructor(parts: GatewayParts) {
    const { clock, log } = parts;
    this.#parts = parts;
    this.refusals = new Refusals(clock, log);
    this.#limits = {
      modify: createRateLimit(clock, 5, minuteMs),
      read: createRateLimit(clock, 120, minuteMs),
      machine: createRateLimit(clock, machinePerMinute, minuteMs),
    };
  }

  serve(units: readonly GatewayUnit[]): void {
    this.#units = new Map(units.map((unit) => [unit.msn, unit]));
  }

  /** Never rejects because of what a request contains. */
  async answer(request: GatewayRequest): Promise<GatewayAnswer> {
    const { identities, clock } = this.#parts;
    const asking = whoAsks(request, (msn, id) => identities.keysOf(msn, id), clock.wallMs());
    if (asking.kind === "nobody") {
      this.refusals.nobody(asking.why);
      return problem("unknown-machine", asking.reason);
    }
    const { msn, machine } = asking;
    const unit = this.#units.get(msn);
    if (unit === undefined) {
      this.refusals.nobody("unit");
      return problem("unknown-machine", `sales unit ${msn} is not served by this gateway`);
    }
    const name = `${msn}/${machine}`;
    const underWay = this.#underWay.get(name) ?? 0;
    const waitMs = this.#limits.machine.take(name);
    if (underWay >= machineAtOnce || waitMs > 0) {
      this.refusals.count("none", "busy");
      return problem("busy", "this machine asks too much at once", Math.max(1_000, waitMs));
    }
    this.#underWay.set(name, underWay + 1);
    try {
      return await this.#inTime((signal) =>
        request.method === "GET" && request.target === identityPath
          ? this.#tellIdentity(unit, machine, signal)
          : this.#judge({ msn, machine: asking.machine, unit, request }, signal),
      );
    } finally {
      const left = (this.#underWay.get(name) ?? 1) - 1;
      if (left <= 0) this.#underWay.delete(name);
      else this.#underWay.set(name, left);
    }
  }

  async #judge(
    {
      msn,
      machine,
      unit,
      request,
    }: { msn: string; machine: Parameters<typeof authorize>[0]["machine"]; unit: GatewayUnit; request: GatewayRequest },
    signal: AbortSignal,
  ): Promise<GatewayAnswer> {
    const verdict = authorize({ machine, unit, policy: this.#parts.policy }, request);
    if (verdict.kind === "refuse") return this.#refuse(`${msn}/${machine}`, verdict.operation, verdict.reason);
    return this.#pass({ msn, machine, unit, request, verdict, signal });
  }

  #refuse(machine: string, operation: Parameters<Refusals["refused"]>[1], reason: string): GatewayAnswer {
    this.refusals.refused(machine, operation, reason);
    return problem("not-allowed", reason);
  }

  async #pass(asked: Asked): Promise<GatewayAnswer> {
    const { msn, machine, verdict, signal } = asked;
    const { operation } = verdict;
    const busy = (reason: string, retryAfterMs: number): GatewayAnswer => {
      this.refusals.count(operation.name, "busy");
      return problem("busy", reason, retryAfterMs);
    };
    const waitMs = this.#limitOf(asked);
    if (waitMs > 0) return busy("the provider takes no more calls for this payment now", waitMs);
    try {
      return await this.#turns.run(async () => {
        // It may have been revoked while it waited for its turn.
        if (this.#parts.identities.keysOf(msn, machine).length === 0)
          return problem("unknown-machine", "this machine was revoked");
        const fault = operation.isBounded === true ? await this.#refundFault(asked) : undefined;
        if (fault !== undefined) return this.#refuse(`${msn}/${machine}`, operation.name, fault);
        const answer = await this.#send(asked);
        this.refusals.count(operation.name, "passed");
        return answer;
      }, signal);
    } catch (error) {
      if (error instanceof NoTurnError) return busy("too many machines ask at once", 2_000);
      return this.#failed(operation.name, error, signal);
    }
  }

  /** How long the provider's own limits keep this back (ePayment API guide, rate limiting). */
  #limitOf({ unit, verdict: { operation, subject, body } }: Asked): number {
    if (operation.limit === undefined) return 0;
    const created = answers.createdPayment.safeParse(body);
    const reference = subject === "" && created.success ? created.data.reference : subject;
    const kind = operation.limit === "read" ? "" : `${operation.name} `;
    return this.#limits[operation.limit].take(`${unit.msn} ${kind}${reference}`);
  }

  /** Asked of the provider itself. @throws VippsError */
  async #refundFault({ unit, verdict, signal }: Asked): Promise<string | undefined> {
    const root = `/epayment/v1/payments/${verdict.subject}`;
    const read = async (path: string): Promise<unknown> => {
      const headers = { accept: "application/json, application/problem+json" };
      const answer = await unit.provider.pass({ method: "GET", path, headers, body: undefined }, { signal });
      if (answer.status !== 200)
        throw new VippsError({
          operation: "get payment",
          stage: "call",
          advice: "retry",
          status: answer.status,
          title: "not to be read",
        });
      return parseJson(answer.body);
    };
    const payment = answers.readAnswer("get payment", answers.payment, await read(root));
    const events = answers.readAnswer("get payment events", answers.paymentEvents, await read(`${root}/events`));
    const valueMinor = modification.parse(verdict.body).modificationAmount.value;
    const asked = { valueMinor, idempotencyKey: verdict.idempotencyKey };
    return refundFault(asked, payment, events, this.#parts.clock.wallMs());
  }

  async #send({ unit, request, verdict, signal }: Asked): Promise<GatewayAnswer> {
    const { method } = verdict.operation;
    const headers: Record<string, string> = {};
    for (const name of passedHeaders) {
      const value = request.headers[name];
      if (value !== undefined) headers[name] = value;
    }
    for (const [name, value] of Object.entries(request.headers)) if (passedSystem.test(name)) headers[name] = value;
    const body = request.body.byteLength === 0 && verdict.operation.body === undefined ? undefined : request.body;
    const answer = await unit.provider.pass({ method, path: request.target, headers, body }, { signal });
    const back: Record<string, string> = {};
    for (const name of answeredHeaders) {
      const value = answer.headers[name];
      if (value !== undefined) back[name] = value;
    }
    return { status: answer.status, headers: back, body: answer.body };
  }

  async #tellIdentity(unit: GatewayUnit, machine: string, signal: AbortSignal): Promise<GatewayAnswer> {
    try {
      const remainingMs = Math.round(await unit.provider.checkKeys({ signal }));
      this.refusals.count("identity", "passed");
      const body = Buffer.from(JSON.stringify({ machine, msn: unit.msn, currency: unit.currency, remainingMs }));
      return { status: 200, headers: { "content-type": "application/json" }, body };
    } catch (error) {
      return this.#failed("identity", error, signal);
    }
  }

  /** Nobody knows what the provider did, unless nothing was sent; the machine is told just that. */
  #failed(operation: Parameters<Refusals["count"]>[0], error: unknown, signal: AbortSignal): GatewayAnswer {
    if (!(error instanceof VippsError) && !signal.aborted) throw error;
    const isUnsent = error instanceof VippsError && error.facts.stage === "token";
    this.refusals.count(operation, isUnsent ? "no-keys" : "no-answer");
    const detail = error instanceof VippsError ? error.message : "not in time";
    this.#parts.log.warn({ operation, reason: detail }, "the gateway had no answer of the provider");
    return isUnsent ? problem("no-keys", detail) : problem("no-answer", detail);
  }

  async #inTime(work: (signal: AbortSignal) => Promise<GatewayAnswer>): Promise<GatewayAnswer> {
    const late = new AbortController();
    const timer = this.#parts.clock.startTimer("gateway answer", answerMs, () =>
      late.abort(new Error(`no answer of the provider within ${answerMs} ms`)),
    );
    try {
      return await work(late.signal);
    } finally {
      timer.cancel();
    }
  }
}
