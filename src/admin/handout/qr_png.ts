import { crc32, deflateSync } from "node:zlib";
import { encode } from "uqr";

/** Pixels of a module's side. */
const SCALE = 8;

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * A QR code as a PNG (ISO/IEC 15948), one bit per pixel, black on white, with the margin of 4
 * modules that ISO/IEC 18004 asks for.
 */
export function qrPng(text: string): Uint8Array<ArrayBuffer> {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  const side = size * SCALE;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, side);
  view.setUint32(4, side);
  // One bit per pixel, greyscale; the only compression and filtering methods; no interlace.
  header.set([1, 0, 0, 0, 0], 8);

  const lines = data.flatMap((row) => Array(SCALE).fill(scanline(row)));
  return joined([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(joined(lines))),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** A line of pixels, unfiltered: since {@link SCALE} is 8, each module is a byte; 1 is white. */
function scanline(row: readonly boolean[]): Uint8Array {
  return Uint8Array.from([0, ...row.map((isDark) => isDark ? 0x00 : 0xff)]);
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const body = joined([new TextEncoder().encode(type), content]);
  return joined([uint32(content.length), body, uint32(crc32(body))]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
