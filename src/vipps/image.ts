/**
 * Fetches the picture behind a link of the provider. The link needs no keys, so none are sent and redirects may be followed. Its token
 * expires, so pictures are fetched when needed and links are never kept (QR API changelog, April 2024).
 */
import { isLocalHost } from "./base-url.ts";
import type { TimedOptions } from "./deadline.ts";
import { unusable } from "./errors.ts";
import { errorFromAnswer } from "./error-answer.ts";
import type { Limits, Tries } from "./tries.ts";

const operation = "fetch QR image";
const stage = "image";
const redirectsMax = 3;
/** 2000 × 2000 pixels of a QR code take a tenth of it. */
const imageBytesMax = 2 * 1024 * 1024;
/** PNG (Third Edition) §5.2. */
const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export type ImageFormat = "png" | "svg";

/** PNG unless said otherwise. */
export type FetchImage = (url: string, options?: TimedOptions, format?: ImageFormat) => Promise<Uint8Array>;

/** https only; plain http where the provider is a simulator on this machine. `from` is where a redirect came from. */
function linkOf(text: string, base: URL, from?: URL): URL {
  const url = URL.canParse(text, from?.href) ? new URL(text, from) : undefined;
  const isAllowed = url?.protocol === "https:" || (base.protocol === "http:" && url !== undefined && isLocalHost(url));
  if (url === undefined || !isAllowed)
    throw unusable(operation, "the link to the image is not an https address", { stage, advice: "give-up" });
  return url;
}

export function isPng(bytes: Uint8Array): boolean {
  return pngSignature.every((byte, index) => bytes[index] === byte);
}

/** SVG 2 §5.1: the root element, after whatever XML puts before it. */
function isSvg(bytes: Uint8Array): boolean {
  return /^\uFEFF?\s*(<\?xml[^>]*>|<!--[^]*?-->|<!DOCTYPE[^>]*>|\s)*<svg[\s>]/.test(
    new TextDecoder().decode(bytes.subarray(0, 2_048)),
  );
}

const formats = {
  png: { accept: "image/png", name: "a PNG", isIt: isPng },
  svg: { accept: "image/svg+xml", name: "an SVG", isIt: isSvg },
} as const;

/** PNG for panels, SVG for printing stickers. @throws VippsError of stage `image`. */
export function createImageFetcher(tries: Tries, base: URL, nowWallMs: () => number): FetchImage {
  async function once(first: URL, format: ImageFormat, limits: Limits): Promise<Uint8Array> {
    const { accept } = formats[format];
    let url = first;
    for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
      const request = { method: "GET", url: url.href, headers: { accept }, body: undefined } as const;
      const response = await tries.send({ operation, stage }, request, limits);
      const location = response.headers["location"];
      if (response.status < 300 || response.status >= 400 || location === undefined) return check(response, format);
      url = linkOf(location, base, url);
    }
    throw unusable(operation, `more than ${redirectsMax} redirects`, { stage, advice: "give-up" });
  }

  function check(response: Awaited<ReturnType<Tries["send"]>>, format: ImageFormat): Uint8Array {
    const { name, isIt } = formats[format];
    if (response.status !== 200)
      throw errorFromAnswer(response, { operation, stage, nowWallMs: nowWallMs(), secrets: [] });
    if (!isIt(response.body) || response.body.length > imageBytesMax)
      throw unusable(operation, `what the link leads to is not ${name}`, { stage, advice: "give-up", status: 200 });
    return response.body;
  }

  return async (link, options = {}, format = "png") => {
    const url = linkOf(link, base);
    return tries.repeat(
      { operation },
      options,
      () => options.retry !== "never",
      (limits) => once(url, format, limits),
    );
  };
}
