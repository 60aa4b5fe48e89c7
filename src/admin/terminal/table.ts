import { printable } from "../../text/printable.ts";
import { displayWidth, padded } from "./display_width.ts";
import { PLAIN, type Screen, type Tone, toned } from "./screen.ts";

/** A text in a table, and what it means. */
export interface Cell {
  text: string;
  tone?: Tone | undefined;
}

/** The cells of a row. */
export type Row = readonly (string | Cell)[];

const GAP = "  ";

/**
 * Lays out rows under headings, in columns as wide as their widest cell.
 *
 * @param rows as many cells as there are headings
 */
export function table(headings: readonly string[], rows: readonly Row[], screen?: Screen): string {
  const layout = new TableLayout(headings, screen);
  for (const row of rows) layout.measure(row);
  return layout.beginning() + rows.map((row) => layout.row(row)).join("");
}

/**
 * A table whose rows need not all be kept: each is measured first, and laid out later.
 *
 * Where a row is too wide for the terminal, its last cell gets a line of its own; where not even
 * the other columns fit, each row becomes a block of names and values. Nothing is cut off: the
 * terminal breaks what is still too long.
 */
export class TableLayout {
  readonly #headings: readonly Cell[];
  readonly #widths: number[];
  readonly #screen: Screen;
  #rows = 0;

  constructor(headings: readonly string[], screen = PLAIN) {
    this.#headings = headings.map((text) => ({ text, tone: "heading" }));
    this.#widths = headings.map(displayWidth);
    this.#screen = screen;
  }

  /** Makes the columns wide enough for a row. */
  measure(row: Row): void {
    row.forEach((cell, column) => {
      const width = displayWidth(shown(cell).text);
      this.#widths[column] = Math.max(this.#widths[column]!, width);
    });
  }

  /** What comes before all rows. */
  beginning(): string {
    return this.#hasBlocks() ? "" : this.#line(this.#headings);
  }

  /** The next row. One that was not measured may move the rest of its own row. */
  row(row: Row): string {
    const cells = row.map(shown);
    if (!this.#hasBlocks()) return this.#line(cells);
    return (this.#rows++ === 0 ? "" : "\n") + block(this.#headings, cells, this.#screen);
  }

  #line(row: readonly Cell[]): string {
    const columns = this.#columns();
    const last = row.at(-1)!;
    const isLong = this.#before() + displayWidth(last.text) > columns;
    const parts = isLong ? row.slice(0, -1) : row;
    const line = joined(parts, this.#widths, this.#screen);
    const rest = toned(this.#screen, last.tone, last.text);
    return isLong ? `${line}${indent(this.#widths, columns, last)}${rest}\n` : line;
  }

  #hasBlocks(): boolean {
    return this.#before() + displayWidth(this.#headings.at(-1)?.text ?? "") > this.#columns();
  }

  /** Where the last column begins. */
  #before(): number {
    return this.#widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  }

  #columns(): number {
    return this.#screen.columns ?? Infinity;
  }
}

/**
 * One row of a table whose columns have widths that were chosen before its rows were known. A wider cell
 * moves the rest of its own row.
 */
export function fixedRow(cells: Row, widths: readonly number[], screen: Screen): string {
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

function block(headings: readonly Cell[], row: readonly Cell[], screen: Screen): string {
  const width = Math.max(...headings.map(({ text }) => displayWidth(text)));
  return row.map((cell, column) =>
    cell.text === "" ? "" : joined([headings[column]!, cell], [width, 0], screen)
  ).join("");
}
