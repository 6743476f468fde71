/** Judges of configuration, credentials, provider, broker and relay. Pure. */
import type { CallOutcome } from "../../vipps/port.ts";
import type { TriedRelay } from "../../link/broker-trial.ts";
import type { BrokerFacts, ConfigurationFacts, CredentialFact, ProviderFacts } from "./facts.ts";
import { bad, good, type Judgement, look } from "./finding.ts";

export function judgeConfiguration({ file, faults, warnings }: ConfigurationFacts): readonly Judgement[] {
  const todo = `kvitt config check ${file} --here`;
  if (faults.length > 0) return faults.map((fault) => bad(oneLine(fault), todo));
  if (warnings.length > 0) return warnings.map((warning) => look(oneLine(warning), todo));
  return [good(`${file} is right`)];
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ": ");

export function judgeCredentials(credentials: readonly CredentialFact[]): readonly Judgement[] {
  const found: Judgement[] = [];
  for (const { name, isNeeded, state } of credentials) {
    if (state.kind === "wrong")
      found.push(
        bad(
          `${name}: ${state.reason}`,
          "kvitt doctor --fix mends modes; the owner has to be the service's user or root",
        ),
      );
    else if (state.kind === "missing" && isNeeded)
      found.push(bad(`${name} is missing`, `put it into ${state.places.join(" or ")}, mode 600: docs/install.md`));
  }
  if (found.length > 0) return found;
  const there = credentials.filter(({ state }) => state.kind === "there").map(({ name }) => name);
  const missing = credentials.filter(({ state }) => state.kind === "missing").map(({ name }) => name);
  return [good(`${there.join(", ")}${missing.length === 0 ? "" : `; not set: ${missing.join(", ")}`}`)];
}

/** 401 and 403 are the keys' or the sales unit's; anything without an answer is the way there. */
function callFault(what: string, outcome: CallOutcome<unknown>, expected: readonly number[]): Judgement | undefined {
  switch (outcome.kind) {
    case "ok":
      return undefined;
    case "refused":
      if (expected.includes(outcome.status)) return undefined;
      return bad(
        `${what} is refused (${outcome.status}${outcome.code === undefined ? "" : `, ${outcome.code}`}): ${outcome.detail}`,
        outcome.status === 401 || outcome.status === 403
          ? "the keys and the msn have to belong to one sales unit, in this environment, with the product switched on: the portal shows them"
          : "docs/provider.md has the provider's error codes",
      );
    case "unknown":
      return bad(
        `${what} got no answer: ${outcome.reason}`,
        "look at network and clock; is the provider's own status page green?",
      );
  }
}

const notFound = 404;

export function judgeProvider({ environment, qr, payment }: ProviderFacts): readonly Judgement[] {
  const ofQr = callFault("reading the machine's QR", qr, [notFound]);
  const ofPayment = callFault("asking for a payment", payment, [notFound]);
  // One cause is one line: without a way there both fail.
  const faults = [ofQr, ofPayment].flatMap((one) => (one === undefined ? [] : [one]));
  if (faults.length > 0) return faults;
  const isRegistered = qr.kind === "ok";
  return [
    good(
      `${environment}: token, QR and payments are answered${isRegistered ? "" : "; the machine's code is not registered yet, the daemon does that"}`,
    ),
  ];
}

export function judgeBroker(brokers: readonly BrokerFacts[]): readonly Judgement[] {
  const reached = brokers.flatMap(({ url, outcome }) => (outcome.kind === "connected" ? [{ url, outcome }] : []));
  const relays = new Map<string, TriedRelay>();
  // Brokers that share nothing may each have an old word of a relay that has moved on.
  for (const relay of reached.flatMap(({ outcome }) => outcome.relays))
    if (relays.get(relay.instance)?.alive !== true || isAlive(relay)) relays.set(relay.instance, relay);
  return [
    ...brokers.flatMap((one) => judgeOneBroker(one, reached.length > 0)),
    ...(reached.length > 0 ? judgeRelays([...relays.values()]) : []),
  ];
}

function judgeOneBroker({ url, outcome }: BrokerFacts, isAnotherThere: boolean): readonly Judgement[] {
  if (outcome.kind === "failed") {
    const todo = "docs/link.md has the broker's configuration, its users and their rights";
    return [
      isAnotherThere
        ? look(`${url}: ${outcome.fault}; the machine goes to another of its brokers`, todo)
        : bad(`${url}: ${outcome.fault}`, todo),
    ];
  }
  const { version, isEncrypted, refused, mayWriteOwn, foreign, mayWriteForeign } = outcome;
  const found: Judgement[] = [];
  const acl = "give the machine the rights that kvitt fleet acl writes: its own topics, and the relays' to read";
  if (refused.length > 0) found.push(bad(`the broker refuses ${refused.join(", ")}`, acl));
  if (mayWriteOwn === false) found.push(bad("the broker does not take messages on the machine's own topics", acl));
  if (foreign.length > 0)
    found.push(bad(`the broker lets this machine read what is another's: ${foreign.join(", ")}`, acl));
  if (mayWriteForeign === true) found.push(bad("the broker lets this machine write on another machine's topics", acl));
  if (found.length > 0) return found;
  const how = `${isEncrypted ? "over TLS" : "without TLS, on this computer"}, MQTT ${version}`;
  const tried =
    mayWriteForeign === undefined ? "; what it may write cannot be tried with MQTT 3.1.1" : ", and only its own topics";
  return [good(`${url} ${how}${tried}`)];
}

function isAlive({ alive, ageS, validForS }: TriedRelay): boolean {
  return alive && (ageS === undefined || validForS === undefined || ageS <= validForS);
}

function judgeRelays(relays: readonly TriedRelay[]): readonly Judgement[] {
  const living = relays.filter(isAlive);
  if (living.some(({ registered }) => registered))
    return [good(`relay ${living.map(({ instance }) => instance).join(", ")} is alive and registered`)];
  if (living.length > 0)
    return [
      bad(
        `relay ${living.map(({ instance }) => instance).join(", ")} is alive, but its webhooks are not registered`,
        "look at the relay's log; kvitt webhooks list shows what the provider has",
      ),
    ];
  const known = relays.map(({ instance }) => instance).join(", ");
  return [
    bad(
      known === ""
        ? "no relay has ever spoken on this broker: scans never arrive"
        : `no relay is alive (last heard of: ${known}): scans do not arrive`,
      "start kvitt relay (docs/link.md); one-time codes work without it",
    ),
  ];
}
