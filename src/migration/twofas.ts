import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { addAppEntry } from "./app_entry.ts";
import type { EntryChoice } from "./entry_choice.ts";
import { isObject, type JsonObject, readJson, textIn } from "./json_text.ts";
import { accountOf } from "./label.ts";
import { type Reading, UnreadableSource } from "./reading.ts";
import { ReadingBuilder } from "./reading_builder.ts";

/** The newest version of the format that this reader knows (`schemaVersion`). */
const NEWEST_VERSION = 4;

/**
 * Reads a backup file of the app 2FAS (`.2fas`, or `.json` in its first versions). A backup with a
 * password has its entries in `servicesEncrypted`.
 *
 * @throws UnreadableSource
 */
export function readTwofas(content: Uint8Array, choice: EntryChoice = {}): Reading {
  const file = readJson(content);
  if (isObject(file) && file.servicesEncrypted !== undefined && file.servicesEncrypted !== null) {
    throw new UnreadableSource(
      "it is encrypted: export it again in 2FAS (Settings, Backup, Export) without a password",
    );
  }
  if (!isObject(file) || !Array.isArray(file.services)) {
    throw new UnreadableSource("it is not a backup of 2FAS");
  }
  const { schemaVersion } = file;
  if (typeof schemaVersion !== "number" || schemaVersion > NEWEST_VERSION) {
    throw new UnreadableSource(
      `its schemaVersion is not a number up to ${NEWEST_VERSION}, the newest that can be read`,
    );
  }
  const reading = new ReadingBuilder(choice);
  for (const [index, service] of file.services.entries()) {
    addService(reading, `service ${index + 1}`, service);
  }
  return reading.finish();
}

function addService(reading: ReadingBuilder, place: string, service: unknown): void {
  if (!isObject(service) || !isObject(service.otp)) {
    return reading.unreadable(place, null, "it is not a service of 2FAS");
  }
  const { otp, secret } = service;
  const { algorithm, digits, periodSeconds } = COMMON_PARAMETERS;
  addAppEntry(reading, {
    place,
    ...namesOf(service, otp),
    // The first versions of the format have only time-based codes, and no parameters.
    type: otp.tokenType ?? "totp",
    secret,
    algorithm: otp.algorithm ?? algorithm,
    digits: otp.digits ?? digits,
    periodSeconds: otp.period ?? periodSeconds,
  });
}

/** An entry that was typed in has no account, but may have a label. */
function namesOf(
  service: JsonObject,
  otp: JsonObject,
): { username: string | null; issuer: string | null } {
  const issuer = textIn(otp, "issuer") ?? textIn(service, "name");
  const label = textIn(otp, "label");
  const account = textIn(otp, "account") ?? (label && accountOf(label, issuer)?.username);
  return { username: account ?? null, issuer };
}
