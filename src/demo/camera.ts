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
  const found = jsqr.default(pixels, image.width, image.height);
  return found === null || found.data === "" ? undefined : found.data;
}
