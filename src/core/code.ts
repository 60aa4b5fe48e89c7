import { DIGITS } from "./totp.ts";

const CODE = new RegExp(`^[0-9]{${DIGITS}}$`);

/**
 * Reads the code out of what a user typed or pasted: blanks anywhere in it and a line end behind it
 * are dropped (apps show `123 456`, some clients send a carriage return). A code is text, never a
 * number: leading zeros count.
 *
 * @returns {@link DIGITS} ASCII digits, or null when the text is anything else
 */
export function readCode(text: string): string | null {
  const code = text.replace(/[ \t\r\n]/g, "");
  return CODE.test(code) ? code : null;
}
