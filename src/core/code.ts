import { TOTP_DIGITS } from "./totp_parameters.ts";

/** A code that a user gave: of the authenticator app, or one of their recovery codes. */
export interface Code {
  /** `digits` may be either: recovery codes of other programs are digits, too. */
  kind: "digits" | "recovery";
  /** 6 to 8 digits, or {@link RECOVERY_LENGTH} characters of {@link RECOVERY_ALPHABET}. */
  text: string;
}

/** Length of the recovery codes that are digits: Google Authenticator's "scratch codes". */
export const SCRATCH_DIGITS = 8;

/** Length of a recovery code without its dash: 50 bits. */
export const RECOVERY_LENGTH = 10;

/** Crockford's base32: no letter that looks like a digit, or like another. */
export const RECOVERY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const CODE = new RegExp(`^[0-9]{${TOTP_DIGITS.least},${TOTP_DIGITS.most}}$`);
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
  if (CODE.test(plain)) return { kind: "digits", text: plain };
  const recovery = plain.toUpperCase().replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  // toUpperCase() makes two letters of some, and a plain one of some others.
  return /^[0-9A-Za-z]*$/.test(plain) && RECOVERY.test(recovery)
    ? { kind: "recovery", text: recovery }
    : null;
}

/** Says whether a code could be a recovery code. */
export function mayBeRecoveryCode({ kind, text }: Code): boolean {
  return kind === "recovery" || text.length === SCRATCH_DIGITS;
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
