import type { Settings } from "../settings.ts";

/** How long a call may take in addition to PAM, in seconds: usually it takes some milliseconds. */
const SLACK_SECONDS = 10;

/**
 * After how many seconds a call is ended by force: a log that nobody reads, or a PAM module outside
 * of PAM's own time limit, would block OpenVPN for ever.
 */
export function secondsFor(
  scriptType: string,
  { pamTimeoutSeconds = 0 }: Partial<Settings>,
): number {
  return scriptType === "user-pass-verify" ? pamTimeoutSeconds + SLACK_SECONDS : SLACK_SECONDS;
}
