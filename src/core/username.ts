import { hasControl } from "../text/printable.ts";

/** The longest allowed username, in bytes of UTF-8; OpenVPN itself accepts less than 512. */
export const MAX_USERNAME_BYTES = 256;

/** What {@link isUsername} accepts, in words for an error. */
export const USERNAME_ALLOWED =
  `1 to ${MAX_USERNAME_BYTES} bytes of UTF-8 without control characters`;

/**
 * Says whether a text is allowed as a username. Nearly everything is, because directories allow it
 * (spaces, quotes, `\`, `$`). Empty and overlong names and control characters are not: NUL ends a C
 * string, a newline ends a log line.
 */
export function isUsername(text: string): boolean {
  const bytes = new TextEncoder().encode(text).length;
  return bytes > 0 && bytes <= MAX_USERNAME_BYTES &&
    !hasControl(text) &&
    text.isWellFormed();
}
