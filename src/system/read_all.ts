/**
 * Reads a stream to the end, in as many pieces as it takes.
 *
 * @param read fills a buffer from its beginning, and gives how many bytes that was; at the end null
 *   or 0
 * @param maxBytes more than this is not read
 * @returns null when there is more; otherwise all bytes, and no copy of them stays elsewhere
 * @throws what `read` throws
 */
export function readAll(
  read: (buffer: Uint8Array) => number | null,
  maxBytes: number,
): Uint8Array<ArrayBuffer> | null {
  const content = new Uint8Array(maxBytes + 1);
  let length = 0;
  while (length < content.length) {
    const count = read(content.subarray(length)) ?? 0;
    if (count === 0) return content.subarray(0, length);
    length += count;
  }
  return null;
}
