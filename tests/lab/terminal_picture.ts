/** A terminal's colours: its two default ones, then black to white, then the bright ones. */
export interface Theme {
  foreground: string;
  background: string;
  palette: readonly string[];
}

/** A terminal with light letters on a dark background. */
export const DARK: Theme = {
  foreground: "#d4d8de",
  background: "#1b2027",
  palette: [
    ...["#000000", "#cd3131", "#0dbc79", "#e5e510"],
    ...["#3b8eea", "#bc3fbc", "#11a8cd", "#e5e5e5"],
    ...["#666666", "#f14c4c", "#23d18b", "#f5f543"],
    ...["#6cb6ff", "#d670d6", "#29b8db", "#ffffff"],
  ],
};

/** A terminal with dark letters on a light background. */
export const LIGHT: Theme = {
  foreground: "#24292f",
  background: "#fafbfc",
  palette: [
    ...["#000000", "#cd3131", "#00bc00", "#949800"],
    ...["#0451a5", "#bc05bc", "#0598bc", "#555555"],
    ...["#666666", "#cd3131", "#14ce14", "#b5ba00"],
    ...["#0451a5", "#bc05bc", "#0598bc", "#ffffff"],
  ],
};

/** How a picture of a terminal is drawn. */
export interface PictureOptions {
  theme?: Theme;
  /** The column after which a line wraps. */
  columns?: number;
  /** Height of the gap between lines, in pixels; backgrounds fill it, but block elements do not. */
  gap?: number;
}

interface Style {
  color: string;
  background: string;
  isBold: boolean;
}

interface Run extends Style {
  row: number;
  column: number;
  text: string;
}

const CELL = { width: 8.4, height: 18 };
const FONT_SIZE = 14;
const MARGIN = 20;

/**
 * Block elements that are drawn as rectangles: whether the upper half and the lower half are inked.
 */
const BLOCKS: Record<string, readonly [boolean, boolean]> = {
  "█": [true, true],
  "▀": [true, false],
  "▄": [false, true],
};

/**
 * Draws what a program wrote to a terminal as an SVG (ECMA-48: text, line ends and colours; other
 * controls are left out). Block elements are drawn as rectangles, so that QR codes can be read from
 * the picture.
 */
export function terminalPicture(
  output: string,
  { theme = DARK, columns = 80, gap = 0 }: PictureOptions = {},
): string {
  const runs = runsOf(output, theme, columns);
  const rows = Math.max(0, ...runs.map((run) => run.row)) + 1;
  const lineHeight = CELL.height + gap;
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = Math.ceil(rows * lineHeight + 2 * MARGIN);
  const grounds = new Areas();
  const blocks = new Areas();
  const texts: string[] = [];
  for (const run of runs) {
    const x = MARGIN + run.column * CELL.width;
    const y = MARGIN + run.row * lineHeight;
    if (run.background !== theme.background) {
      const length = Array.from(run.text).length * CELL.width;
      grounds.add(run.background, x, y, length, lineHeight);
    }
  }
  for (const run of runs) {
    const x = MARGIN + run.column * CELL.width;
    const y = MARGIN + run.row * lineHeight + gap / 2;
    for (const { text, at } of piecesOf(run.text)) {
      const left = x + at * CELL.width;
      const length = Array.from(text).length * CELL.width;
      const [upper, lower] = BLOCKS[text[0]!] ?? [false, false];
      const half = CELL.height / 2;
      if (upper || lower) {
        const top = upper ? y : y + half;
        const height = upper && lower ? 2 * half : half;
        blocks.add(run.color, left, top, length, height);
      } else if (text.trim() !== "") {
        texts.push(textElement(text, left, y, length, run));
      }
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" rx="10" fill="${theme.background}"/>`,
    `<g shape-rendering="crispEdges">${grounds}${blocks}</g>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" ` +
    `font-size="${FONT_SIZE}" xml:space="preserve">`,
    ...texts,
    "</g>",
    "</svg>\n",
  ].join("\n");
}

/** Rectangles, grouped by colour. */
class Areas {
  readonly #paths = new Map<string, string>();

  add(color: string, x: number, y: number, w: number, h: number): void {
    const path = this.#paths.get(color) ?? "";
    const rectangle = `M${short(x)} ${short(y)}h${short(w)}v${short(h)}`;
    this.#paths.set(color, `${path}${rectangle}h${short(-w)}z`);
  }

  toString(): string {
    return [...this.#paths].map(([color, path]) => `<path fill="${color}" d="${path}"/>`).join(
      "\n",
    );
  }
}

/** Follows the output cell by cell; returns runs of text in one style. */
function runsOf(output: string, theme: Theme, columns: number): Run[] {
  const plain = {
    color: theme.foreground,
    background: theme.background,
    isBold: false,
  };
  const runs: Run[] = [];
  let style: Style = plain;
  let row = 0;
  let column = 0;
  const write = (text: string) => {
    for (const character of text) {
      if (character === "\r") column = 0;
      else if (character === "\n") [row, column] = [row + 1, 0];
      else if (character >= " ") {
        if (column === columns) [row, column] = [row + 1, 0];
        const last = runs.at(-1);
        if (last && isNext(last, row, column, style)) last.text += character;
        else runs.push({ ...style, row, column, text: character });
        column++;
      }
    }
  };
  // deno-lint-ignore no-control-regex
  for (const part of output.split(/(\x1b\[[0-9;?]*[A-Za-z])/)) {
    // deno-lint-ignore no-control-regex
    const [, colours] = part.match(/^\x1b\[([0-9;]*)m$/) ?? [];
    if (colours !== undefined) {
      style = colours.split(";").reduce(
        (style, colour) => coloured(style, Number(colour), theme, plain),
        style,
      );
    } else if (!part.startsWith("\x1b")) write(part);
  }
  return runs;
}

function isNext(run: Run, row: number, column: number, style: Style): boolean {
  return run.row === row &&
    run.column + Array.from(run.text).length === column &&
    run.color === style.color && run.background === style.background &&
    run.isBold === style.isBold;
}

/** The style after applying a parameter of SGR (ECMA-48 section 8.3.117). */
function coloured(style: Style, n: number, theme: Theme, plain: Style): Style {
  const colour = (base: number, offset = 0) => theme.palette[n - base + offset]!;
  if (n === 0) return plain;
  if (n === 1) return { ...style, isBold: true };
  if (n === 22) return { ...style, isBold: false };
  if (n >= 30 && n <= 37) return { ...style, color: colour(30) };
  if (n === 39) return { ...style, color: plain.color };
  if (n >= 40 && n <= 47) return { ...style, background: colour(40) };
  if (n === 49) return { ...style, background: plain.background };
  if (n >= 90 && n <= 97) return { ...style, color: colour(90, 8) };
  if (n >= 100 && n <= 107) return { ...style, background: colour(100, 8) };
  return style;
}

/** Splits a run at the beginning and end of each kind of block element. */
function piecesOf(text: string): { text: string; at: number }[] {
  let at = 0;
  return (text.match(/█+|▀+|▄+|[^█▀▄]+/gu) ?? []).map((piece) => {
    const start = at;
    at += Array.from(piece).length;
    return { text: piece, at: start };
  });
}

function textElement(
  text: string,
  x: number,
  y: number,
  length: number,
  { color, isBold }: Style,
): string {
  const lead = text.length - text.trimStart().length;
  const shown = text.trim();
  const escaped = shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const left = x + lead * CELL.width;
  const width = length - (text.length - shown.length) * CELL.width;
  return `<text x="${short(left)}" y="${short(y + 13.5)}" fill="${color}" ` +
    `textLength="${short(width)}"${isBold ? ' font-weight="bold"' : ""}>${escaped}</text>`;
}

/** A number, rounded to a tenth of a pixel. */
function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
