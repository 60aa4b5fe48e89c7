import type { Settings } from "../settings.ts";

/** How long a call may take besides PAM and a server, in seconds: usually it takes some milliseconds. */
const SLACK_SECONDS = 10;

/**
 * After how many seconds a call is ended by force: a log that nobody reads, or a PAM module outside
 * of PAM's own time limit, would block OpenVPN for ever.
 */
export function secondsFor(
  scriptType: string,
  { pamTimeoutSeconds = 0, database }: Partial<Settings>,
): number {
  const serverSeconds = database?.engine === "postgres" ? Math.ceil(database.timeoutMs / 1000) : 0;
  const seconds = SLACK_SECONDS + serverSeconds;
  return scriptType === "user-pass-verify" ? pamTimeoutSeconds + seconds : seconds;
}
