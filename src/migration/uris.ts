import type { EntryChoice } from "./entry_choice.ts";
import { readProvisioningLines } from "./provisioning_lines.ts";
import type { Reading } from "./reading.ts";

const LINK = /^\s*otpauth-migration:/i;

/**
 * Reads a file of provisioning URIs, which may have export links of the Google Authenticator app
 * among them.
 *
 * @throws UnreadableSource
 */
export function readUris(content: Uint8Array, choice: EntryChoice = {}): Reading {
  return readProvisioningLines(content, choice, (line) => LINK.test(line));
}
