/**
 * Leaves out what may be a password in a URL: what stands between a user's name and the last `@`, and
 * what a parameter `password` has. Any other text stays as it is.
 */
export function withoutPassword(text: string): string {
  return text
    .replace(/(:\/\/[^:/?#@]*):.*@/s, "$1:[redacted]@")
    .replace(/([?&]password=)[^&#]*/gi, "$1[redacted]");
}
