import fc from "fast-check";

/**
 * Every blank of Unicode and JavaScript, and the dash: characters that may surround a code's
 * digits.
 */
export const SEPARATORS: readonly string[] = [
  ..."\t\n\v\f\r -\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff",
  ..."\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a",
];

/** Six digits. */
export const sixDigits: fc.Arbitrary<string> = fc.integer({
  min: 0,
  max: 999_999,
}).map((number) => String(number).padStart(6, "0"));

/** A code, and one of the ways of typing it. */
export const typedCode: fc.Arbitrary<{ code: string; text: string }> = fc
  .tuple(
    sixDigits,
    fc.array(
      fc.array(fc.constantFrom(...SEPARATORS), { maxLength: 3 }),
      { minLength: 7, maxLength: 7 },
    ),
  )
  .map(([code, gaps]) => ({
    code,
    text: gaps.map((gap, i) => gap.join("") + (code[i] ?? "")).join(""),
  }));

/** Characters that look like digits or separators, but are not. */
export const INTRUDERS: readonly string[] = [
  ..."+.,:/_aOlx\0\x1b\x7f\x85²①०–—−",
  ...["\u200b", "\u200d", "\u2060", "\u00ad", "\u180e", "\u{1d7d8}"],
];
