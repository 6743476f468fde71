/** `kvitt payment`: a payment by its reference. Amounts are whole minor units; nothing is moved without an amount or a word that means all. */
import { isCurrency } from "../../sale/money.ts";
import type { PaymentAnswer } from "../../vipps/answers.ts";
import type { Modification } from "../../vipps/epayment.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";
import { openProvider, type Provider, providerOptions, providerUsage, show, told } from "../provider.ts";
import { record, table } from "../table.ts";

const usage = `kvitt payment get REFERENCE
kvitt payment events REFERENCE
kvitt payment capture REFERENCE --amount MINOR | --all
kvitt payment cancel REFERENCE [--unapproved-only]   gives back what is reserved and not captured
kvitt payment refund REFERENCE --amount MINOR | --all

  --amount MINOR      whole minor units of the payment's currency: 2500 is 25 kroner
  --all               capture: all that is reserved; refund: all that was captured
  --unapproved-only   fails with 6060 once the customer has approved
  --key KEY           the Idempotency-Key; to repeat a request whose answer was lost, give the key that it told

${providerUsage}`;

const options = {
  ...providerOptions,
  amount: { type: "string" },
  all: { type: "boolean" },
  "unapproved-only": { type: "boolean" },
  key: { type: "string" },
} as const;

type Flags = ReturnType<typeof parsePaymentArgs>["values"];

const parsePaymentArgs = (args: readonly string[]) => parseFlags(args, options);

interface Run {
  readonly flags: Flags;
  readonly io: CommandIo;
  readonly provider: Provider;
  readonly reference: string;
}

function paymentText({ reference, state, amount, aggregate, captureGuaranteedUntil }: PaymentAnswer): string {
  const { authorizedAmount, capturedAmount, cancelledAmount, refundedAmount } = aggregate;
  const reserved = authorizedAmount.value - capturedAmount.value - cancelledAmount.value;
  return record({
    reference,
    state,
    currency: amount.currency,
    amount: amount.value,
    authorized: authorizedAmount.value,
    captured: capturedAmount.value,
    cancelled: cancelledAmount.value,
    refunded: refundedAmount.value,
    "still reserved": Math.max(0, reserved),
    "capture until": captureGuaranteedUntil,
  });
}

async function get({ flags, io, provider, reference }: Run): Promise<number> {
  const payment = await provider.client.payments.get(reference, provider.options);
  show(flags, io, payment, () => paymentText(payment));
  return 0;
}

async function events({ flags, io, provider, reference }: Run): Promise<number> {
  const all = await provider.client.payments.events(reference, provider.options);
  const rows = all.map(({ timestamp, name, amount, success, idempotencyKey }) => [
    timestamp,
    name,
    amount.value,
    amount.currency,
    success ? "yes" : "NO",
    idempotencyKey,
  ]);
  show(flags, io, all, () => table(["TIME", "EVENT", "AMOUNT", "CURRENCY", "SUCCESS", "KEY"], rows, "no events"));
  return 0;
}

/** Told before the request leaves: whoever loses the answer can repeat the very same request. */
function keyOf({ flags, io, provider }: Run): string {
  if (flags.key !== undefined) return flags.key;
  const key = provider.newKey();
  io.err(`Idempotency-Key ${key}`);
  return key;
}

/** In the payment's own currency, which is asked for: an amount in another one is never right. */
async function amountOf(run: Run, all: (payment: PaymentAnswer) => number): Promise<Modification> {
  const { flags, provider, reference } = run;
  if ((flags.amount === undefined) === (flags.all !== true))
    throw new CommandError("either --amount MINOR or --all has to be given");
  const payment = await provider.client.payments.get(reference, provider.options);
  const { currency } = payment.amount;
  if (!isCurrency(currency)) throw new CommandError(`the payment is in ${currency}, which kvitt does not handle`, 1);
  if (flags.amount === undefined) return { currency, value: all(payment) };
  if (!/^[1-9]\d{0,8}$/.test(flags.amount))
    throw new CommandError(`--amount takes whole minor units, such as 2500 for 25 kroner, not "${flags.amount}"`);
  return { currency, value: Number(flags.amount) };
}

async function capture(run: Run): Promise<number> {
  const { flags, io, provider, reference } = run;
  const amount = await amountOf(
    run,
    ({ aggregate }) =>
      aggregate.authorizedAmount.value - aggregate.capturedAmount.value - aggregate.cancelledAmount.value,
  );
  const payment = await provider.client.payments.capture(reference, amount, keyOf(run), provider.options);
  show(flags, io, payment, () => paymentText(payment));
  return 0;
}

async function refund(run: Run): Promise<number> {
  const { flags, io, provider, reference } = run;
  const amount = await amountOf(
    run,
    ({ aggregate }) => aggregate.capturedAmount.value - aggregate.refundedAmount.value,
  );
  const payment = await provider.client.payments.refund(reference, amount, keyOf(run), provider.options);
  show(flags, io, payment, () => paymentText(payment));
  return 0;
}

async function cancel(run: Run): Promise<number> {
  const { flags, io, provider, reference } = run;
  const onlyUnapproved = flags["unapproved-only"] === true;
  const payment = await provider.client.payments.cancel(reference, onlyUnapproved, keyOf(run), provider.options);
  show(flags, io, payment, () => paymentText(payment));
  return 0;
}

const actions: Readonly<Record<string, (run: Run) => Promise<number>>> = { get, events, capture, cancel, refund };

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values: flags, positionals } = parsePaymentArgs(args);
    const [name = "", reference] = positionals;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action === undefined) throw new CommandError(usage);
    if (reference === undefined) throw new CommandError(`which payment? kvitt payment ${name} REFERENCE`);
    const provider = await openProvider(flags, io);
    return told(flags, io, () => action({ flags, io, provider, reference }));
  },
};
