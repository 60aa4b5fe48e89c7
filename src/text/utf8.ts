/**
 * Reads a text in UTF-8 (RFC 3629). A byte order mark is kept: without it, a name would be another.
 *
 * @returns null when the bytes are not valid UTF-8
 */
export function readUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
