/**
 * A line before and after an edit, one character for each byte; null if it did or does not exist.
 */
export interface EditedLine {
  old: string | null;
  new: string | null;
}

/** The lines of a text, with their line ends. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The text after an edit. */
export function editedText(lines: readonly EditedLine[]): string {
  return lines.map((line) => line.new ?? "").join("");
}
