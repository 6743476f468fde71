/**
 * The text of the provider's errors is shown to people and kept in logs, and it may quote what we sent. So customers' data and tokens are
 * removed, and so is anything that a terminal or a log would interpret as a command.
 */

const textLengthMax = 400;
/** Anything shorter is not a key and could be an ordinary word. */
const secretLengthMin = 6;
/** A number that could be a phone's (MSISDN, 8 to 15 digits), standing alone. */
const phoneLike = /(?<![\w-])\+?\d{8,15}(?![\w-])/g;
/** `eyJ…`: a JSON object in base64, as access tokens, landing pages and image links carry. */
const tokenLike = /eyJ[\w+/=.-]{8,}/g;

/** One line of at most 400 characters, without control characters. */
export function printable(text: string): string {
  const oneLine = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return oneLine.length > textLengthMax ? `${oneLine.slice(0, textLengthMax)}…` : oneLine;
}

/** `text` without these secrets, and without anything that looks like a phone number or a token. */
export function redacted(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length >= secretLengthMin) clean = clean.replaceAll(secret, "[redacted]");
  return printable(clean.replaceAll(tokenLike, "[redacted]").replaceAll(phoneLike, "[redacted]"));
}
