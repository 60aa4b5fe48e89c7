/**
 * Decodes hexadecimal (RFC 4648 section 8), in upper or lower case.
 *
 * @returns null for anything else, and for an empty text, which `Uint8Array.fromHex` would accept
 */
export function decodeHex(text: string): Uint8Array | null {
  return /^([0-9A-Fa-f]{2})+$/.test(text) ? Uint8Array.fromHex(text) : null;
}
