import { styleText } from "node:util";
import { displayWidth } from "./display_width.ts";

/** What standard output shows results on. */
export interface Screen {
  /** Columns of the terminal; null for a pipe or a file, whose lines may have any length. */
  columns: number | null;
  hasColor: boolean;
}

/** How a result is coloured: by what it means. */
export type Tone = "heading" | "good" | "doubtful" | "bad" | "quiet";

/** Lines of any length, and no colour. */
export const PLAIN: Screen = { columns: null, hasColor: false };

const STYLES = {
  heading: "bold",
  good: "green",
  doubtful: "yellow",
  bad: "red",
  quiet: "dim",
} as const satisfies Record<Tone, string>;

/** Colours a text where the screen has colours. */
export function toned({ hasColor }: Screen, tone: Tone | undefined, text: string): string {
  // The screen has decided already: checking the stream would read more of the environment.
  return hasColor && tone !== undefined && text !== ""
    ? styleText(STYLES[tone], text, { validateStream: false })
    : text;
}

/**
 * Breaks a text at its blanks, so that each line fits the screen beside an indent. A word that is
 * longer than a line stays whole.
 *
 * @param indent columns that are already taken
 * @returns the lines, without the indent
 */
export function wrapped({ columns }: Screen, indent: number, text: string): string[] {
  const width = (columns ?? Infinity) - indent;
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length === 0 || displayWidth(longer) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
