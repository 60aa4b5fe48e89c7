import { inflateRawSync } from "node:zlib";

/** Signatures and sizes of a ZIP archive's records (APPNOTE.TXT, 4.3). */
const END = { signature: 0x06054b50, size: 22 };
const DIRECTORY = { signature: 0x02014b50, size: 46 };
const LOCAL_SIZE = 30;

/** The two methods that archives of binaries use. */
const STORED = 0;
const DEFLATED = 8;

/**
 * Takes a file out of a ZIP archive of less than 4 GiB, without a comment at its end.
 *
 * @throws Error if the archive has no such file, or is of another kind
 */
export function zipEntry(archive: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = archive.length - END.size;
  if (end < 0 || view.getUint32(end, true) !== END.signature) {
    throw new Error("this is no ZIP archive, or one with a comment");
  }
  let at = view.getUint32(end + 16, true);
  while (at + DIRECTORY.size <= end && view.getUint32(at, true) === DIRECTORY.signature) {
    const [nameLength = 0, extraLength = 0, commentLength = 0] = [28, 30, 32]
      .map((offset) => view.getUint16(at + offset, true));
    const start = at + DIRECTORY.size;
    const found = new TextDecoder().decode(archive.subarray(start, start + nameLength));
    if (found === name) return contentOf(archive, view, at);
    at = start + nameLength + extraLength + commentLength;
  }
  throw new Error(`the archive has no file "${name}"`);
}

/** The content of the file that a record of the directory describes. */
function contentOf(archive: Uint8Array, view: DataView, at: number): Uint8Array<ArrayBuffer> {
  const method = view.getUint16(at + 10, true);
  const length = view.getUint32(at + 20, true);
  const local = view.getUint32(at + 42, true);
  const start = local + LOCAL_SIZE + view.getUint16(local + 26, true) +
    view.getUint16(local + 28, true);
  const data = archive.subarray(start, start + length);
  if (method === STORED) return new Uint8Array(data);
  if (method === DEFLATED) return new Uint8Array(inflateRawSync(data));
  throw new Error(`the archive uses compression method ${method}, expected 0 or 8`);
}
