/** Draws docs/pictures/flow.svg: the way of a sale from the scan to the capture. */
import { writeFile } from "node:fs/promises";

const boxes = [
  ["phone", "Customer's app", 20, 20],
  ["provider", "Vipps MobilePay", 20, 190],
  ["relay", "relay", 250, 190],
  ["broker", "MQTT broker", 440, 190],
  ["link", "link", 640, 190],
  ["kiosk", "kiosk: decide, journal, perform", 640, 100],
  ["sale", "sale (pure tables)", 640, 20],
  ["journal", "journal", 900, 20],
  ["panel", "panel", 900, 100],
  ["machine", "machine", 900, 190],
] as const;
const widths: Readonly<Record<string, number>> = { kiosk: 220, sale: 220, link: 220, phone: 170, provider: 170 };
const arrows = [
  ["M105 66 V188", "scan, approve", 115, 130],
  ["M190 213 H248", "webhook", 194, 206],
  ["M380 213 H438", "", 0, 0],
  ["M570 213 H638", "check-in", 576, 206],
  ["M750 188 V148", "", 0, 0],
  ["M750 98 V68", "", 0, 0],
  ["M860 118 L898 60", "", 0, 0],
  ["M860 123 H898", "", 0, 0],
  ["M860 130 L898 200", "", 0, 0],
  ["M640 123 H330 Q240 123 192 196", "create, GET, capture, cancel", 360, 116],
] as const;

const box = ([id, label, x, y]: (typeof boxes)[number]): string => {
  const width = widths[id] ?? 130;
  return `<rect x="${x}" y="${y}" width="${width}" height="46" rx="9" fill="#fff" stroke="#39445a" stroke-width="1.5"/><text x="${x + width / 2}" y="${y + 28}" text-anchor="middle" font-size="${label.length > 30 ? 13 : 14}">${label}</text>`;
};
const arrow = ([path, label, x, y]: (typeof arrows)[number]): string =>
  `<path d="${path}" fill="none" stroke="#2b5bd7" stroke-width="2" marker-end="url(#tip)"/>${label === "" ? "" : `<text x="${x}" y="${y}" font-size="12" fill="#2b5bd7">${label}</text>`}`;

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1050 260" font-family="system-ui, sans-serif" fill="#1d2433">
<rect width="1050" height="260" fill="#f4f6fa"/><defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 z" fill="#2b5bd7"/></marker></defs>
${arrows.map(arrow).join("\n")}
${boxes.map(box).join("\n")}
</svg>
`;
await writeFile(new URL("../docs/pictures/flow.svg", import.meta.url), svg);
