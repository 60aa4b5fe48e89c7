import { createHash } from "node:crypto";

/** What a file is to `setup`: nothing, as setup wrote it, changed since, or never setup's. */
export type Origin = "absent" | "as_written" | "changed" | "foreign";

const SIGN = /^# Written by openvpn-totp setup --serve \(sum ([0-9a-f]{16})\)\.$/m;

/**
 * A text with a first line that tells that `setup` wrote it, and by which it is seen later whether
 * somebody has changed it. The sum guards against mistakes, not against attacks: only root can write
 * these files.
 */
export function signed(body: string): string {
  return `# Written by openvpn-totp setup --serve (sum ${sumOf(body)}).\n${body}`;
}

/** Says whether a file's text is as {@link signed} made it; null stands for no file. */
export function originOf(text: string | null): Origin {
  if (text === null) return "absent";
  const [line, sum] = text.match(SIGN) ?? [];
  if (line === undefined || !text.startsWith(line)) return "foreign";
  return sumOf(text.slice(line.length + 1)) === sum ? "as_written" : "changed";
}

function sumOf(body: string): string {
  return createHash("sha256").update(body).digest("hex").slice(0, 16);
}
