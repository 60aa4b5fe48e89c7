import { decodeBase32 } from "../text/base32.ts";
import { EXPORT_FORMAT, EXPORT_VERSION } from "./export_format.ts";
import type { EpochMs } from "../core/epoch.ts";
import type { EntryChoice } from "./entry_choice.ts";
import { isObject, type JsonObject, readJson } from "./json_text.ts";
import { type Reading, UnreadableSource } from "./reading.ts";
import { ReadingBuilder } from "./reading_builder.ts";
import type { SourceEntry } from "./source_entry.ts";

/**
 * Reads the output of `openvpn-totp export --format json`.
 *
 * @throws UnreadableSource
 */
export function readExportFile(content: Uint8Array, choice: EntryChoice = {}): Reading {
  const file = readJson(content);
  if (!isObject(file) || file.format !== EXPORT_FORMAT) {
    throw new UnreadableSource("it is not an export of openvpn-totp");
  }
  if (file.version !== EXPORT_VERSION || !Array.isArray(file.users)) {
    throw new UnreadableSource(
      `its version is not ${EXPORT_VERSION}, the only one that can be read`,
    );
  }
  const reading = new ReadingBuilder(choice);
  for (const [index, user] of file.users.entries()) {
    addUser(reading, `user ${index + 1}`, user);
  }
  return reading.finish();
}

function addUser(reading: ReadingBuilder, place: string, user: unknown): void {
  if (!isObject(user)) return reading.unreadable(place, null, "it is not a JSON object");
  const { username, recoveryCodesLeft } = user;
  const entry = entryOf(user);
  if (entry === null) {
    const name = typeof username === "string" ? username : null;
    return reading.unreadable(place, name, "a field is missing or has the wrong type");
  }
  const isAdded = reading.add({ place, ...entry });
  if (isAdded && recoveryCodesLeft !== 0) {
    const text = "recovery codes, which an export does not contain: create new ones with recovery";
    reading.note(place, entry.username, text);
  }
}

/** Null if a field is missing or has the wrong type. */
function entryOf(user: JsonObject): Omit<SourceEntry, "place"> | null {
  const { username, issuer, secret, algorithm, digits, periodSeconds } = user;
  const disabledAt = momentOf(user.disabledAt);
  const isWhole = typeof username === "string" && typeof issuer === "string" &&
    typeof secret === "string" && typeof algorithm === "string" &&
    typeof digits === "number" && typeof periodSeconds === "number" &&
    disabledAt !== undefined;
  if (!isWhole) return null;
  const parameters = { algorithm, digits, periodSeconds };
  return { username, issuer, secret: decodeBase32(secret), parameters, disabledAt };
}

/** Undefined for a value that is neither a moment nor null. */
function momentOf(value: unknown): EpochMs | null | undefined {
  if (value === null) return null;
  const isMoment = typeof value === "string" &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
  const ms = isMoment ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
