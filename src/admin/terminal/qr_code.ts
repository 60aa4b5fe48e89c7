import { encode } from "uqr";

/**
 * Black and white (ECMA-48, SGR) on any terminal: many phones can't read an inverted code.
 */
const INK = { dark: 30, light: 97 };
const GROUND = { dark: 40, light: 107 };
const RESET = "\x1b[0m";

/**
 * What is tried in turn until a code is narrow enough: error correction (M restores 15 %, L 7 %),
 * and the margin in modules. ISO/IEC 18004 asks for 4; a light terminal adds its own.
 */
const ATTEMPTS = [
  { ecc: "M", border: 4 },
  { ecc: "L", border: 4 },
  { ecc: "L", border: 2 },
] as const;

/**
 * Draws a QR code on a terminal. Each character holds two modules, one above the other: the upper
 * one is its background, the lower one a half block. Some terminals leave gaps between lines, in
 * the background's colour: a gap only extends the upper modules, so that the code stays readable.
 *
 * @param columns width of the terminal
 * @returns lines without a line end behind the last; null where the terminal is too narrow
 */
export function qrCode(text: string, columns = 80): string | null {
  const code = ATTEMPTS.map((options) => encode(text, options))
    .find(({ size }) => size <= columns);
  if (code === undefined) return null;
  const lines: string[] = [];
  for (let row = 0; row < code.size; row += 2) {
    const upper = code.data[row]!;
    const lower = code.data[row + 1] ?? [];
    const cells = upper.map((isDark, column) => cell(isDark, lower[column] ?? false));
    const line = cells.map(({ colours, character }, column) =>
      colours === cells[column - 1]?.colours ? character : colours + character
    );
    lines.push(`${line.join("")}${RESET}`);
  }
  return lines.join("\n");
}

function cell(upper: boolean, lower: boolean): { colours: string; character: string } {
  const ground = upper ? GROUND.dark : GROUND.light;
  const ink = lower ? INK.dark : INK.light;
  return { colours: `\x1b[${ink};${ground}m`, character: upper === lower ? " " : "▄" };
}
