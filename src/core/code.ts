import { DIGITS } from "./totp.ts";

const CODE = new RegExp(`^[0-9]{${DIGITS}}$`);

/**
 * Reads the code out of what a user typed or pasted: blanks of all kinds, dashes and line ends
 * are dropped (apps show `123 456`, some clients send a carriage return). A code is text, never a
 * number: leading zeros count.
 *
 * @returns {@link DIGITS} ASCII digits, or null when the text is anything else
 */
export function readCode(text: string): string | null {
  const code = text.replace(/[\s-]/g, "");
  return CODE.test(code) ? code : null;
}
