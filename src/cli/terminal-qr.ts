/** A QR symbol in a terminal: two modules a character by half blocks, dark on light whatever the terminal's colours are. */
import QRCode from "qrcode";

/** ISO/IEC 18004 §6.3.8: four modules wide on all sides. */
const quietModules = 4;
/** Black on white from the 256-colour table, which no theme changes. */
const darkOnLight = "\u001b[38;5;16;48;5;231m";
const reset = "\u001b[0m";
/** By whether the upper and the lower module are dark. */
const blocks = { "00": " ", "10": "▀", "01": "▄", "11": "█" } as const;

export interface TerminalQr {
  readonly text: string;
  /** Characters of a line. */
  readonly columns: number;
}

/** `isColoured`: with control sequences, for a terminal; without them it reads on paper, and in a light terminal. */
export function drawQr(content: string, isColoured: boolean): TerminalQr {
  const { modules } = QRCode.create(content, { errorCorrectionLevel: "M" });
  const side = modules.size + 2 * quietModules;
  const isDark = (row: number, column: number): "0" | "1" => {
    const [y, x] = [row - quietModules, column - quietModules];
    const isInside = y >= 0 && x >= 0 && y < modules.size && x < modules.size;
    return isInside && modules.get(y, x) === 1 ? "1" : "0";
  };
  const lines: string[] = [];
  for (let row = 0; row < side; row += 2) {
    let line = "";
    for (let column = 0; column < side; column += 1) line += blocks[`${isDark(row, column)}${isDark(row + 1, column)}`];
    lines.push(isColoured ? `${darkOnLight}${line}${reset}` : line);
  }
  return { text: lines.join("\n"), columns: side };
}
