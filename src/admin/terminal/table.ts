import { printable } from "../../text/printable.ts";
import { displayWidth, padded } from "./display_width.ts";
import { PLAIN, type Screen, type Tone, toned } from "./screen.ts";

/** A text in a table, and what it means. */
export interface Cell {
  text: string;
  tone?: Tone | undefined;
}

const GAP = "  ";

/**
 * Lays out rows under headings, in columns as wide as their widest cell.
 *
 * Where a row is too wide for the terminal, its last cell gets a line of its own; where not even
 * the other columns fit, each row becomes a block of names and values. Nothing is cut off: the
 * terminal breaks what is still too long.
 *
 * @param rows as many cells as there are headings
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | Cell)[])[],
  screen: Screen = PLAIN,
): string {
  const cells = rows.map((row) => row.map(shown));
  const widths = headings.map((heading, column) =>
    cells.reduce(
      (width, row) => Math.max(width, displayWidth(row[column]!.text)),
      displayWidth(heading),
    )
  );
  const columns = screen.columns ?? Infinity;
  const inner = widths.slice(0, -1);
  const before = inner.reduce((sum, width) => sum + width + GAP.length, 0);
  const heads = headings.map((text): Cell => ({ text, tone: "heading" }));
  if (before + displayWidth(headings.at(-1) ?? "") > columns) {
    return blocks(heads, cells, screen);
  }
  return [heads, ...cells].map((row) => {
    const last = row.at(-1)!;
    const isLong = before + displayWidth(last.text) > columns;
    const parts = isLong ? row.slice(0, -1) : row;
    const line = joined(parts, widths, screen);
    const rest = toned(screen, last.tone, last.text);
    return isLong ? `${line}${indent(widths, columns, last)}${rest}\n` : line;
  }).join("");
}

/**
 * One row of a table whose columns have widths that were chosen before its rows were known. A wider cell
 * moves the rest of its own row.
 */
export function fixedRow(
  cells: readonly (string | Cell)[],
  widths: readonly number[],
  screen: Screen,
): string {
  return joined(cells.map(shown), widths, screen);
}

function shown(cell: string | Cell): Cell {
  return typeof cell === "string"
    ? { text: printable(cell) }
    : { ...cell, text: printable(cell.text) };
}

function joined(row: readonly Cell[], widths: readonly number[], screen: Screen): string {
  const filled = row.map(({ text, tone }, column) => {
    const blanks = padded(text, widths[column]!).slice(text.length);
    return toned(screen, tone, text) + blanks;
  });
  return `${filled.join(GAP).trimEnd()}\n`;
}

/** Under the second column, or as far to the left as the cell needs. */
function indent([first = 0]: readonly number[], columns: number, { text }: Cell): string {
  const room = Math.max(GAP.length, columns - displayWidth(text));
  return " ".repeat(Math.min(first + GAP.length, room));
}

function blocks(
  headings: readonly Cell[],
  rows: readonly (readonly Cell[])[],
  screen: Screen,
): string {
  const width = Math.max(...headings.map(({ text }) => displayWidth(text)));
  return rows.map((row) =>
    row.map((cell, column) =>
      cell.text === "" ? "" : joined([headings[column]!, cell], [width, 0], screen)
    ).join("")
  ).join("\n");
}
