const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Many times the longest allowed secret: anything longer is rejected. */
const MAX_CHARACTERS = 4096;

/**
 * Decodes base32 (RFC 4648 section 6) as people and programs write secrets: lower-case letters are
 * allowed, and padding and any blanks and dashes between groups are ignored. Leftover bits are
 * dropped, as apps do.
 *
 * @returns null for any other character, for empty text, and for a length that no bytes encode to
 */
export function decodeBase32(text: string): Uint8Array | null {
  if (text.length > MAX_CHARACTERS) return null;
  const plain = text.replace(/[ \t-]/g, "").replace(/={0,6}$/, "");
  if (!/^[A-Za-z2-7]+$/.test(plain)) return null;
  if ([1, 3, 6].includes(plain.length % 8)) return null;
  const bytes = new Uint8Array(Math.floor(plain.length * 5 / 8));
  let value = 0;
  let bits = 0;
  let length = 0;
  for (const character of plain.toUpperCase()) {
    value = (value << 5 | ALPHABET.indexOf(character)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = value >> bits & 0xff;
  }
  return bytes;
}
