import { addAppEntry } from "./app_entry.ts";
import type { EntryChoice } from "./entry_choice.ts";
import { isObject, readJson, textIn } from "./json_text.ts";
import { type Reading, UnreadableSource } from "./reading.ts";
import { ReadingBuilder } from "./reading_builder.ts";

/**
 * Reads an export of the app Aegis (docs/vault.md in its sources): `db` has the entries in the
 * clear, or is a text if the vault is encrypted.
 *
 * @throws UnreadableSource
 */
export function readAegis(content: Uint8Array, choice: EntryChoice = {}): Reading {
  const file = readJson(content);
  const vault = isObject(file) ? file.db : undefined;
  if (typeof vault === "string") {
    throw new UnreadableSource(
      "it is encrypted: export it again in Aegis (Settings, Import & Export, Export) without " +
        '"Encrypt the vault"',
    );
  }
  if (!isObject(vault) || !Array.isArray(vault.entries)) {
    throw new UnreadableSource("it is not an export of Aegis");
  }
  const reading = new ReadingBuilder(choice);
  for (const [index, entry] of vault.entries.entries()) {
    addEntry(reading, `entry ${index + 1}`, entry);
  }
  return reading.finish();
}

function addEntry(reading: ReadingBuilder, place: string, entry: unknown): void {
  if (!isObject(entry) || !isObject(entry.info)) {
    return reading.unreadable(place, null, "it is not an entry of Aegis");
  }
  const { secret, algo, digits, period } = entry.info;
  addAppEntry(reading, {
    place,
    username: textIn(entry, "name"),
    issuer: textIn(entry, "issuer"),
    type: entry.type,
    secret,
    algorithm: algo,
    digits,
    periodSeconds: period,
  });
}
