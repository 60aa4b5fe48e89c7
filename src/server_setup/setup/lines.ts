/** A line before and after: null before it came, or after it went. Bytes, a character each. */
export interface EditedLine {
  old: string | null;
  new: string | null;
}

/** Bytes as text, a character each, so that any encoding comes back as it was. */
export function textOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** {@link textOf} backwards. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Lines with their ends. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** What an edit makes. */
export function editedText(lines: readonly EditedLine[]): string {
  return lines.map((line) => line.new ?? "").join("");
}
