/**
 * JSON from outside, with bounds. `JSON.parse` itself takes any depth, but whatever walks its result recursively (a schema, a canonical
 * form, `JSON.stringify`) overflows the stack on a few kilobytes of `[`; so depth is checked on the text, before anything is built.
 */

/** Deeper than any message here: a command with a catalogue has six levels. */
export const jsonDepthMax = 32;

/** The value of UTF-8 JSON; undefined when it is not JSON, not UTF-8, or nested deeper than `jsonDepthMax`. Never throws. */
export function parseJson(bytes: Uint8Array): unknown {
  const text = utf8(bytes);
  if (text === undefined || depthOf(text) > jsonDepthMax) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** How deep brackets are nested in a JSON text, those in strings not counted. One pass, whatever the text is. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"') at = endOfString(text, at);
    else if (letter === "[" || letter === "{") deepest = Math.max(deepest, (depth += 1));
    else if (letter === "]" || letter === "}") depth -= 1;
  }
  return deepest;
}

/** Where the string that begins at `start` has its closing quotation mark; the text's end when it has none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '"') return at;
    if (text[at] === "\\") at += 1;
  }
  return text.length;
}

const memberTextMax = 1_024;

/**
 * The text that a member of the outermost object has, without building anything: for naming a message that is too large or too deep to
 * be read. Undefined when there is no such member, or its text holds an escape or is longer than 1,024 characters.
 */
export function topLevelText(bytes: Uint8Array, member: string): string | undefined {
  // Not fatal: the bytes may have been cut in the middle of a letter.
  const text = new TextDecoder().decode(bytes);
  const value = new RegExp(`^"${member}"\\s*:\\s*"([^"\\\\]*)"`);
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "[" || letter === "{") depth += 1;
    else if (letter === "]" || letter === "}") depth -= 1;
    if (letter !== '"') continue;
    const found = depth === 1 ? value.exec(text.slice(at, at + member.length + memberTextMax)) : null;
    if (found !== null) return found[1];
    at = endOfString(text, at);
  }
  return undefined;
}
