/**
 * Bytes as text: each becomes the character with the same number, so that bytes in any encoding can
 * be searched and edited as text. (`TextDecoder`'s "latin1" is windows-1252, which moves some.)
 */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The inverse of {@link decodeLatin1}. */
export function encodeLatin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A text's UTF-8, as {@link decodeLatin1} gives it. */
export function bytesOf(text: string): string {
  return decodeLatin1(new TextEncoder().encode(text));
}
