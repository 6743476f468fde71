/** `kvitt qr`: all QR operations of the provider, by hand. */
import { writeFile } from "node:fs/promises";
import type { CallbackQrAnswer, RedirectQr } from "../../vipps/answers.ts";
import type { QrWanted } from "../../vipps/qr-image.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";
import { openProvider, type Provider, providerOptions, providerUsage, show, told } from "../provider.ts";
import { record, table } from "../table.ts";
import { drawQr } from "../terminal-qr.ts";

const usage = `kvitt qr redirect create ID URL [--ttl S]     a printed code that leads to URL
kvitt qr redirect list | get ID | update ID URL | delete ID
kvitt qr one-time URL                         a payment's landing page as a one-time code
kvitt qr callback put ID --location TEXT [--category VENDING]
kvitt qr callback list | get ID | delete ID   a scan of these becomes a check-in
kvitt qr mobilepay BEACON_ID --location TEXT  takes over a printed MobilePay sticker
kvitt qr exchange CODE                        a personal QR's text for the phone number
kvitt qr exchange-customer TOKEN              a check-in's token for the phone number

CODE and TOKEN may be -, which reads them from the environment: KVITT_CODE, KVITT_TOKEN (others see what stands in a command).

  --location TEXT     1 to 36 characters, shown in the app after the scan
  --category WORD     VENDING (default) or IN_STORE
  --ttl S             seconds until the code ends for ever, 300 or more
  --png FILE          writes the provider's own picture
  --svg FILE          the same as SVG, for a sticker of any size
  --size PX           the PNG's side, 100 to 2000; default 1024
  --no-draw           draws nothing in the terminal

${providerUsage}`;

const options = {
  ...providerOptions,
  location: { type: "string" },
  category: { type: "string" },
  ttl: { type: "string" },
  png: { type: "string" },
  svg: { type: "string" },
  size: { type: "string" },
  "no-draw": { type: "boolean" },
} as const;

type Flags = ReturnType<typeof parseQrArgs>["values"];

const parseQrArgs = (args: readonly string[]) => parseFlags(args, options);

interface Run {
  readonly flags: Flags;
  readonly io: CommandIo;
  readonly provider: Provider;
}

function needed(value: string | undefined, what: string): string {
  if (value === undefined || value === "") throw new CommandError(`${what} is missing; kvitt qr --help tells more`);
  return value;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new CommandError(`--${name} takes a whole number, not "${text}"`);
  return value;
}

const contentWanted: QrWanted = { format: "target-url" };
const sizePxDefault = 1_024;

function pngWanted(flags: Flags): { readonly format: "png"; readonly sizePx: number } {
  return { format: "png", sizePx: flags.size === undefined ? sizePxDefault : wholeNumber("size", flags.size) };
}

/** Width as the PNG itself says it (PNG, IHDR: the first four bytes of the first chunk's data). */
function pngWidth(png: Uint8Array): number {
  return new DataView(png.buffer, png.byteOffset, png.byteLength).getUint32(16);
}

/** Writes the pictures that were asked for; `linkFor` gets the link to one, which dies soon. */
async function writePictures(run: Run, linkFor: (wanted: QrWanted) => Promise<string>): Promise<void> {
  const { flags, io, provider } = run;
  if (flags.svg !== undefined)
    await writeFile(
      flags.svg,
      await provider.client.fetchImage(await linkFor({ format: "svg" }), provider.options, "svg"),
    );
  if (flags.png === undefined) return;
  const wanted = pngWanted(flags);
  const png = await provider.client.fetchImage(await linkFor(wanted), provider.options);
  await writeFile(flags.png, png);
  if (pngWidth(png) !== wanted.sizePx)
    io.err(`${flags.png} is ${pngWidth(png)} pixels wide: the provider did not keep to the size`);
}

/** Draws the code for people; its text is in the table as well. */
function draw({ flags, io }: Run, content: string | null | undefined): void {
  if (flags.json === true || flags["no-draw"] === true || typeof content !== "string") return;
  const qr = drawQr(content, io.isTty);
  if (io.isTty && qr.columns > io.columns) io.err(`the code is not drawn: it needs ${qr.columns} columns`);
  else io.out(`\n${qr.text}`);
}

function redirectFields({ id, redirectUrl, expiresIn, url }: RedirectQr) {
  const ends = expiresIn === -1 || expiresIn === null || expiresIn === undefined ? "never" : `in ${expiresIn} s`;
  return { id, "leads to": redirectUrl, ends, content: url };
}

/** Shows a redirect QR whose content was asked for; the picture is asked for when it is wanted. */
async function showRedirect(run: Run, qr: RedirectQr): Promise<number> {
  const { flags, io, provider } = run;
  show(flags, io, qr, () => record(redirectFields(qr)));
  draw(run, qr.url);
  await writePictures(
    run,
    async (wanted) => (await provider.client.redirectQrs.get(qr.id, wanted, provider.options)).url,
  );
  return 0;
}

async function redirect(run: Run, [action, id, url]: readonly string[]): Promise<number> {
  const { flags, io, provider } = run;
  const { redirectQrs } = provider.client;
  switch (action) {
    case "create": {
      const ttl = flags.ttl === undefined ? {} : { ttl: wholeNumber("ttl", flags.ttl) };
      const request = { id: needed(id, "ID"), redirectUrl: needed(url, "URL"), ...ttl };
      return showRedirect(run, await redirectQrs.create(request, contentWanted, provider.options));
    }
    case "update":
      return showRedirect(
        run,
        await redirectQrs.update(needed(id, "ID"), needed(url, "URL"), contentWanted, provider.options),
      );
    case "get":
      return showRedirect(run, await redirectQrs.get(needed(id, "ID"), contentWanted, provider.options));
    case "list": {
      const all = await redirectQrs.list(contentWanted, provider.options);
      const rows = all.map((qr) => Object.values(redirectFields(qr)));
      show(flags, io, all, () => table(["ID", "LEADS TO", "ENDS", "CONTENT"], rows, "there are no redirect QRs"));
      return 0;
    }
    case "delete": {
      const known = needed(id, "ID");
      await redirectQrs.delete(known, provider.options);
      show(flags, io, { deleted: known }, () => `deleted ${known}`);
      return 0;
    }
    default:
      throw new CommandError("kvitt qr redirect create|list|get|update|delete");
  }
}

async function showCallback(run: Run, id: string): Promise<number> {
  const { flags, io, provider } = run;
  const { callbackQrs } = provider.client;
  const qr = await callbackQrs.get(id, undefined, provider.options);
  show(flags, io, qr, () => record(callbackFields(qr)));
  draw(run, qr.qrContent);
  await writePictures(run, async (wanted) => {
    const { qrImageUrl } = await callbackQrs.get(id, wanted, provider.options);
    return needed(qrImageUrl ?? undefined, "the image link");
  });
  return 0;
}

function callbackFields(qr: CallbackQrAnswer) {
  const { merchantQrId, merchantSerialNumber, locationDescription, category, qrContent } = qr;
  return { id: merchantQrId, msn: merchantSerialNumber, location: locationDescription, category, content: qrContent };
}

function callbackRequest(flags: Flags) {
  return { locationDescription: needed(flags.location, "--location TEXT"), category: flags.category ?? "VENDING" };
}

async function callback(run: Run, [action, id]: readonly string[]): Promise<number> {
  const { flags, io, provider } = run;
  const { callbackQrs } = provider.client;
  switch (action) {
    case "put":
      await callbackQrs.put(needed(id, "ID"), callbackRequest(flags), provider.options);
      // The answer to PUT is empty.
      return showCallback(run, needed(id, "ID"));
    case "get":
      return showCallback(run, needed(id, "ID"));
    case "list": {
      const all = await callbackQrs.list(undefined, provider.options);
      const rows = all.map((qr) => [qr.merchantQrId, qr.locationDescription, qr.qrContent]);
      show(flags, io, all, () => table(["ID", "LOCATION", "CONTENT"], rows, "there are no callback QRs"));
      return 0;
    }
    case "delete": {
      const known = needed(id, "ID");
      await callbackQrs.delete(known, provider.options);
      show(flags, io, { deleted: known }, () => `deleted ${known}`);
      return 0;
    }
    default:
      throw new CommandError("kvitt qr callback put|get|list|delete");
  }
}

async function oneTime(run: Run, url: string): Promise<number> {
  const { flags, io, provider } = run;
  const { oneTime: create } = provider.client.qr;
  const qr = await create(url, contentWanted, provider.options);
  show(flags, io, qr, () => record({ content: qr.url, ends: `in ${qr.expiresIn ?? "?"} s` }));
  draw(run, qr.url);
  await writePictures(run, async (wanted) => (await create(url, wanted, provider.options)).url);
  return 0;
}

async function mobilePay({ flags, io, provider }: Run, beaconId: string): Promise<number> {
  await provider.client.callbackQrs.putMobilePay(beaconId, callbackRequest(flags), provider.options);
  show(flags, io, { beaconId, mapped: true }, () => `${beaconId} is mapped: its scans become check-ins of this id`);
  return 0;
}

async function exchange(run: Run, kind: "exchange" | "exchange-customer", argument: string): Promise<number> {
  const { flags, io, provider } = run;
  const variable = kind === "exchange" ? "KVITT_CODE" : "KVITT_TOKEN";
  const text = argument === "-" ? needed(io.env[variable], variable) : argument;
  const { qr } = provider.client;
  const found = await (kind === "exchange"
    ? qr.exchange(text, provider.options)
    : qr.exchangeCustomer(text, provider.options));
  show(flags, io, found, () =>
    record({ "phone number": found.msisdn, version: found.version, timestamp: found.timestamp }),
  );
  return 0;
}

async function dispatch(run: Run, positionals: readonly string[]): Promise<number> {
  const [group, ...rest] = positionals;
  switch (group) {
    case "redirect":
      return redirect(run, rest);
    case "callback":
      return callback(run, rest);
    case "one-time":
      return oneTime(run, needed(rest[0], "URL"));
    case "mobilepay":
      return mobilePay(run, needed(rest[0], "BEACON_ID"));
    case "exchange":
    case "exchange-customer":
      return exchange(run, group, needed(rest[0], group === "exchange" ? "CODE" : "TOKEN"));
    default:
      throw new CommandError("kvitt qr redirect|one-time|callback|mobilepay|exchange|exchange-customer");
  }
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values: flags, positionals } = parseQrArgs(args);
    if (positionals.length === 0) throw new CommandError(usage);
    const provider = await openProvider(flags, io);
    return told(flags, io, () => dispatch({ flags, io, provider }, positionals));
  },
};
