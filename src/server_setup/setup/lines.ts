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

/** Two edits as one: the second is of what the first left. */
export function combined(
  first: readonly EditedLine[],
  second: readonly EditedLine[],
): EditedLine[] {
  const lines: EditedLine[] = [];
  let i = 0;
  const takeRemoved = () => {
    while (i < first.length && first[i]!.new === null) lines.push(first[i++]!);
  };
  for (const line of second) {
    takeRemoved();
    const old = line.old === null ? null : first[i++]!.old;
    if (old !== null || line.new !== null) lines.push({ old, new: line.new });
  }
  takeRemoved();
  return lines;
}
