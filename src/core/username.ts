import { hasControl } from "../text/printable.ts";

/** The longest username taken, in bytes of UTF-8; OpenVPN itself takes less than 512. */
export const MAX_USERNAME_BYTES = 256;

/** What {@link isUsername} takes, in words for an error. */
export const USERNAME_ALLOWED =
  `1 to ${MAX_USERNAME_BYTES} bytes of UTF-8 without control characters`;

/**
 * Says whether a text can be a username here. Nearly all is allowed, since directories allow it
 * (blanks, quotes, `\`, `$`); empty, overlong and control characters (NUL ends a C string, a newline
 * ends a log line) are not.
 */
export function isUsername(text: string): boolean {
  const bytes = new TextEncoder().encode(text).length;
  return bytes > 0 && bytes <= MAX_USERNAME_BYTES &&
    !hasControl(text) &&
    text.isWellFormed();
}
