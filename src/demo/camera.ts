/** The phone's camera: it gets the PNG that is on the glass and nothing else, and reads it with a decoder that is not ours. */
import { createCanvas, loadImage } from "@napi-rs/canvas";
import jsqr from "jsqr";

/** The text of the code in the picture; undefined when there is none. */
export async function readCode(png: Uint8Array): Promise<string | undefined> {
  const image = await loadImage(Buffer.from(png));
  const canvas = createCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  return read(pixels, image.width, image.height);
}

/** The same from a picture in greys, a byte a pixel, row by row. */
export function readGrey(greys: Uint8Array, width: number, height: number): string | undefined {
  const pixels = new Uint32Array(width * height);
  // Red, green and blue in one stroke; what stands in alpha is not looked at.
  greys.forEach((grey, at) => (pixels[at] = grey * 0x01_01_01_01));
  return read(new Uint8ClampedArray(pixels.buffer), width, height);
}

function read(pixels: Uint8ClampedArray, width: number, height: number): string | undefined {
  const found = jsqr.default(pixels, width, height);
  return found === null || found.data === "" ? undefined : found.data;
}
