import { DIGITS } from "./totp.ts";

/** A code that a user gave: of the authenticator app, or one of their recovery codes. */
export interface Code {
  kind: "totp" | "recovery";
  /** {@link DIGITS} digits, or {@link RECOVERY_LENGTH} characters of {@link RECOVERY_ALPHABET}. */
  text: string;
}

/** Length of a recovery code without its dash: 50 bits. */
export const RECOVERY_LENGTH = 10;

/** Crockford's base32: no letter that looks like a digit, or like another. */
export const RECOVERY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const TOTP = new RegExp(`^[0-9]{${DIGITS}}$`);
const RECOVERY = new RegExp(`^[${RECOVERY_ALPHABET}]{${RECOVERY_LENGTH}}$`);

/** The zeros of digits that keyboards type in ASCII's place: full-width, Arabic-Indic, Persian. */
const ZEROS = [0xff10, 0x0660, 0x06f0];
const OTHER_DIGIT = /[\uff10-\uff19\u0660-\u0669\u06f0-\u06f9]/g;

/**
 * Reads the code out of what a user typed or pasted. Blanks of all kinds, dashes and line ends are
 * dropped (apps show `123 456`, some clients send a carriage return); digits of other keyboards count
 * as digits. Of a recovery code, small letters count as capitals, `O` as `0`, `I` and `L` as `1`. A
 * code is text, never a number: leading zeros count.
 *
 * @returns null when the text is anything else
 */
export function readCode(text: string): Code | null {
  const plain = text.replace(/[\s-]/g, "").replace(OTHER_DIGIT, asciiDigit);
  if (TOTP.test(plain)) return { kind: "totp", text: plain };
  const recovery = plain.toUpperCase().replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  // toUpperCase() makes two letters of some, and a plain one of some others.
  return /^[0-9A-Za-z]*$/.test(plain) && RECOVERY.test(recovery)
    ? { kind: "recovery", text: recovery }
    : null;
}

/** A recovery code as people read it: two groups with a dash between them. */
export function shownRecoveryCode(code: string): string {
  const half = RECOVERY_LENGTH / 2;
  return `${code.slice(0, half)}-${code.slice(half)}`;
}

function asciiDigit(digit: string): string {
  const point = digit.charCodeAt(0);
  const zero = ZEROS.find((zero) => zero <= point && point <= zero + 9)!;
  return String(point - zero);
}
