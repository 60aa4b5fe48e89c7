import { TOTP_DIGITS } from "./totp_parameters.ts";

/** A code that a user gave: one from the authenticator app, or a recovery code. */
export interface Code {
  /** `digits` may be either: other programs' recovery codes consist of digits, too. */
  kind: "digits" | "recovery";
  /** 6 to 8 digits, or {@link RECOVERY_LENGTH} characters of {@link RECOVERY_ALPHABET}. */
  text: string;
}

/** Length of recovery codes that consist of digits: Google Authenticator's "scratch codes". */
export const SCRATCH_DIGITS = 8;

/** Length of a recovery code without its dash: 50 bits. */
export const RECOVERY_LENGTH = 10;

/** Crockford's base32: it has no letters that look like digits or like each other. */
export const RECOVERY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const CODE = new RegExp(`^[0-9]{${TOTP_DIGITS.least},${TOTP_DIGITS.most}}$`);
const RECOVERY = new RegExp(`^[${RECOVERY_ALPHABET}]{${RECOVERY_LENGTH}}$`);

/**
 * The zeros of the digits that some keyboards type instead of ASCII: full-width, Arabic-Indic,
 * Persian.
 */
const ZEROS = [0xff10, 0x0660, 0x06f0];
const OTHER_DIGIT = /[\uff10-\uff19\u0660-\u0669\u06f0-\u06f9]/g;

/**
 * Reads the code from what a user typed or pasted. White space of all kinds, dashes and line ends
 * are dropped (apps show `123 456`, some clients send a carriage return). Digits of other scripts
 * count as ASCII digits. In a recovery code, lower-case letters count as capitals, `O` as `0`, `I`
 * and `L` as `1`. A code is text, never a number: leading zeros count.
 *
 * @returns null if the text is anything else
 */
export function readCode(text: string): Code | null {
  const plain = text.replace(/[\s-]/g, "").replace(OTHER_DIGIT, asciiDigit);
  if (CODE.test(plain)) return { kind: "digits", text: plain };
  const recovery = plain.toUpperCase().replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  // toUpperCase() turns some letters into two, and some non-ASCII letters into ASCII.
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
