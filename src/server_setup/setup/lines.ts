/**
 * A line before and after an edit, one character for each byte; null if it did or does not exist.
 */
export interface EditedLine {
  old: string | null;
  new: string | null;
}

/** Bytes as text, one character for each byte, so that any encoding survives an edit. */
export function textOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The inverse of {@link textOf}. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The lines of a text, with their line ends. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The text after an edit. */
export function editedText(lines: readonly EditedLine[]): string {
  return lines.map((line) => line.new ?? "").join("");
}
