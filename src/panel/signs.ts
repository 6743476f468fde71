/** The icons of scenes and the marks of a board's states, drawn as strokes. The shape carries the meaning, never the colour alone. */
import type { SKRSContext2D } from "@napi-rs/canvas";
import type { MarkName } from "./scene/board-content.ts";
import type { IconName } from "./scene/content.ts";

/** The shapes of a board's states, all of one size and weight. */
export function drawMark(context: SKRSContext2D, name: MarkName, sidePx: number, ink: string): void {
  const lineWidth = Math.max(1.5, sidePx * 0.14);
  const middle = sidePx / 2;
  const radius = middle - lineWidth / 2;
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.lineWidth = name === "cross" || name === "bar" ? Math.max(2, sidePx * 0.2) : lineWidth;
  context.lineCap = "butt";
  context.beginPath();
  switch (name) {
    case "ring":
    case "half":
      context.arc(middle, middle, radius, 0, 2 * Math.PI);
      context.stroke();
      if (name === "ring") return;
      context.beginPath();
      context.arc(middle, middle, radius, 0, Math.PI);
      context.fill();
      return;
    case "disc":
      context.arc(middle, middle, middle, 0, 2 * Math.PI);
      context.fill();
      return;
    case "cross": {
      const edge = sidePx * 0.12;
      context.moveTo(edge, edge);
      context.lineTo(sidePx - edge, sidePx - edge);
      context.moveTo(sidePx - edge, edge);
      context.lineTo(edge, sidePx - edge);
      context.stroke();
      return;
    }
    case "bar":
      context.moveTo(sidePx * 0.05, middle);
      context.lineTo(sidePx * 0.95, middle);
      context.stroke();
  }
}

/** Our own icons, on a square of 100 units. */
const iconStrokes: Readonly<Record<IconName, readonly (readonly (readonly [number, number])[])[]>> = {
  check: [
    [
      [22, 54],
      [42, 74],
      [80, 30],
    ],
  ],
  cross: [
    [
      [28, 28],
      [72, 72],
    ],
    [
      [72, 28],
      [28, 72],
    ],
  ],
  hourglass: [
    [
      [28, 16],
      [72, 16],
    ],
    [
      [28, 84],
      [72, 84],
    ],
    [
      [32, 16],
      [68, 84],
      [32, 84],
      [68, 16],
      [32, 16],
    ],
  ],
  phone: [
    [
      [32, 10],
      [68, 10],
      [68, 90],
      [32, 90],
      [32, 10],
    ],
    [
      [44, 78],
      [56, 78],
    ],
  ],
  "arrow-down": [
    [
      [50, 14],
      [50, 70],
    ],
    [
      [28, 50],
      [50, 72],
      [72, 50],
    ],
    [
      [22, 88],
      [78, 88],
    ],
  ],
  pause: [
    [
      [38, 28],
      [38, 72],
    ],
    [
      [62, 28],
      [62, 72],
    ],
  ],
};
/** A light icon on a dark disc. */
export function drawIcon(context: SKRSContext2D, name: IconName, sidePx: number, disc: string, sign: string): void {
  const unit = sidePx / 100;
  const x = (value: number): number => (50 + (value - 50) * signShare) * unit;
  const y = (value: number): number => (50 + (value - 50) * signShare) * unit;
  context.fillStyle = disc;
  context.beginPath();
  context.arc(50 * unit, 50 * unit, 50 * unit, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = sign;
  context.lineWidth = Math.max(2, 8 * unit);
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const line of iconStrokes[name]) {
    context.beginPath();
    line.forEach(([px, py], index) => {
      if (index === 0) context.moveTo(x(px), y(py));
      else context.lineTo(x(px), y(py));
    });
    context.stroke();
  }
}

/** How much of the disc's width the icon takes. */
const signShare = 0.62;
