import { addAppEntry } from "./app_entry.ts";
import type { EntryChoice } from "./entry_choice.ts";
import { isObject, type JsonObject, readJson, textIn } from "./json_text.ts";
import { type Reading, UnreadableSource } from "./reading.ts";
import { ReadingBuilder } from "./reading_builder.ts";

/**
 * Reads a plain-text backup of the app andOTP: a list of entries. Its encrypted backups
 * (`.json.aes`, `.gpg`) are not JSON at all.
 *
 * @throws UnreadableSource
 */
export function readAndotp(content: Uint8Array, choice: EntryChoice = {}): Reading {
  const entries = readPlain(content);
  const reading = new ReadingBuilder(choice);
  for (const [index, entry] of entries.entries()) {
    addEntry(reading, `entry ${index + 1}`, entry);
  }
  return reading.finish();
}

function readPlain(content: Uint8Array): unknown[] {
  try {
    const list = readJson(content);
    if (Array.isArray(list)) return list;
  } catch (error) {
    if (!(error instanceof UnreadableSource)) throw error;
  }
  throw new UnreadableSource(
    "it is not a plain-text backup of andOTP: if it is an encrypted one, choose " +
      '"Backup (plain-text)" in andOTP',
  );
}

function addEntry(reading: ReadingBuilder, place: string, entry: unknown): void {
  if (!isObject(entry)) return reading.unreadable(place, null, "it is not an entry of andOTP");
  const { type, secret, algorithm, digits, period } = entry;
  const names = namesOf(entry);
  addAppEntry(reading, { place, ...names, type, secret, algorithm, digits, periodSeconds: period });
}

/** Before andOTP had issuers, a label with one was `issuer - account`. */
function namesOf(entry: JsonObject): { username: string | null; issuer: string | null } {
  const label = textIn(entry, "label");
  const old = Object.hasOwn(entry, "issuer") ? undefined : label?.match(/^(.+?) - (.+)$/s);
  return old === undefined || old === null
    ? { username: label, issuer: textIn(entry, "issuer") }
    : { username: old[2]!, issuer: old[1]! };
}
