import { encode } from "uqr";

/** Black on white whatever the terminal's colours are: phones read no inverted code. */
const BLACK_ON_WHITE = "\x1b[30;107m";
const RESET = "\x1b[0m";

/**
 * Draws a QR code with half blocks, two modules above each other in one character, with the margin
 * of 4 modules that ISO/IEC 18004 asks for.
 *
 * @returns lines without a line end behind the last
 */
export function qrCode(text: string): string {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  const isDark = (row: number, column: number) => data[row]?.[column] ?? false;
  const lines: string[] = [];
  for (let row = 0; row < size; row += 2) {
    let line = "";
    for (let column = 0; column < size; column++) {
      line += block(isDark(row, column), isDark(row + 1, column));
    }
    lines.push(`${BLACK_ON_WHITE}${line}${RESET}`);
  }
  return lines.join("\n");
}

function block(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}
