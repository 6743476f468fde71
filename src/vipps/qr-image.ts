/** How a QR is wanted: two mechanisms, one for redirect and one-time codes, one for callback codes (QR API). */
import { checkField, imageSize } from "./rules.ts";

/** `target-url`: the text to encode. A size, in pixels, is for PNG only: 100 … 2000. */
export type QrWanted =
  | { readonly format: "target-url" }
  | { readonly format: "svg" }
  | { readonly format: "png"; readonly sizePx?: number };

const accepts: Readonly<Record<QrWanted["format"], string>> = {
  "target-url": "text/targetUrl",
  svg: "image/svg+xml",
  png: "image/png",
};

/** Redirect and one-time QRs: `Accept` and `Size` headers. */
export function imageHeaders(operation: string, wanted: QrWanted): Readonly<Record<string, string>> {
  if (wanted.format !== "png" || wanted.sizePx === undefined) return { accept: accepts[wanted.format] };
  return { accept: accepts.png, size: String(checkField(operation, "Size", imageSize, wanted.sizePx)) };
}

/** Callback QRs: a query (QR API changelog, December 2023), spelled as in the reference. The content comes with every answer. */
export function imageQuery(operation: string, wanted: QrWanted | undefined): string {
  if (wanted === undefined || wanted.format === "target-url") return "";
  const query = new URLSearchParams({ QrImageFormat: wanted.format === "png" ? "PNG" : "SVG" });
  if (wanted.format === "png" && wanted.sizePx !== undefined)
    query.set("QrImageSize", String(checkField(operation, "QrImageSize", imageSize, wanted.sizePx)));
  return `?${query.toString()}`;
}
