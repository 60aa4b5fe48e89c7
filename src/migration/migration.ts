import type { EntryChoice } from "./entry_choice.ts";
import { readProvisioningLines } from "./provisioning_lines.ts";
import type { Reading } from "./reading.ts";

const URI = /^\s*otpauth:/i;

/**
 * Reads an export of the Google Authenticator app: links, which may have provisioning URIs among
 * them. A line that is neither fails the whole file, since many users may be missing with it.
 *
 * @throws UnreadableSource
 */
export function readMigration(content: Uint8Array, choice: EntryChoice = {}): Reading {
  return readProvisioningLines(content, choice, (line) => !URI.test(line));
}
