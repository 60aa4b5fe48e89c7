import type { EntryChoice } from "./entry_choice.ts";
import { type Part, readMigrationLink, requireAllParts } from "./migration_link.ts";
import type { Reading } from "./reading.ts";
import { ReadingBuilder } from "./reading_builder.ts";
import { decodeText, meantLines } from "./text.ts";
import { readUriLine } from "./uri_line.ts";

/**
 * Reads provisioning URIs and export links of the Google Authenticator app, one per line and in any
 * mixture.
 *
 * @param isLink says whether a line is read as an export link, and otherwise as a URI
 * @throws UnreadableSource for a broken or a missing link
 */
export function readProvisioningLines(
  content: Uint8Array,
  choice: EntryChoice,
  isLink: (line: string) => boolean,
): Reading {
  const reading = new ReadingBuilder(choice);
  const parts: Part[] = [];
  for (const line of meantLines(decodeText(content))) {
    if (isLink(line.text)) parts.push(readMigrationLink(reading, line));
    else readUriLine(reading, line);
  }
  requireAllParts(parts);
  return reading.finish();
}
