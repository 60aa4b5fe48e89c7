/** Decodes hexadecimal (RFC 4648 section 8) in lower or upper case; null for anything else. */
export function decodeHex(text: string): Uint8Array | null {
  return /^([0-9A-Fa-f]{2})+$/.test(text) ? Uint8Array.fromHex(text) : null;
}
