/**
 * Reads a text in UTF-8 (RFC 3629); a byte order mark at its beginning is dropped.
 *
 * @returns null when the bytes are not valid UTF-8
 */
export function readUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
