import { accountOf, UNCLEAR_LABEL } from "./label.ts";
import { decodePercent } from "./percent.ts";
import { type MessageField, readFields, textField } from "./protobuf.ts";
import { UnreadableSource } from "./reading.ts";
import { COUNTED_CODES, type ReadingBuilder } from "./reading_builder.ts";
import type { Line } from "./text.ts";

const LINK = /^otpauth-migration:\/\/offline\/?\?(?:[^#]*&)?data=([^&#]+)/i;

/** The hashes by the app's numbers; 0 stands for an omitted field. */
const ALGORITHMS = ["SHA1", "SHA1", "SHA256", "SHA512", "MD5"];

/** How many digits, by the app's numbers. */
const DIGITS = [6, 6, 8];

/** The app supports no other period. */
const PERIOD_SECONDS = 30;

/** The app's numbers for the types of codes. */
const HOTP = 1;
const TOTP = 2;

/** One of the QR codes that the app shows; an export of many accounts has several. */
export interface Part {
  batch: number;
  index: number;
  size: number;
}

/**
 * Reads an export link of the Google Authenticator app, which contains a Protocol Buffers message:
 * one for each QR code that the app shows.
 *
 * @throws UnreadableSource for a broken link
 */
export function readMigrationLink(reading: ReadingBuilder, line: Line): Part {
  const fields = readFields(payloadOf(line));
  for (const [index, account] of all(fields, 1).entries()) {
    const place = `${line.place}, account ${index + 1}`;
    addAccount(reading, place, readFields(bytesOf(account)));
  }
  noteUncounted(reading, line.place, numberOf(fields, 3));
  return { size: numberOf(fields, 3), index: numberOf(fields, 4), batch: numberOf(fields, 5) };
}

function payloadOf({ place, text }: Line): Uint8Array {
  const data = decodePercent(text.trim().match(LINK)?.[1] ?? "");
  const plain = data?.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (plain === undefined || !/^[A-Za-z0-9+/]+$/.test(plain)) {
    throw new UnreadableSource(`${place} is not an export link`);
  }
  try {
    return Uint8Array.fromBase64(plain);
  } catch {
    throw new UnreadableSource(`${place} is cut short`);
  }
}

function addAccount(reading: ReadingBuilder, place: string, fields: readonly MessageField[]): void {
  const label = textField(fields, 2) ?? "";
  const account = accountOf(label, textField(fields, 3));
  if (account === null) return reading.unreadable(place, label, UNCLEAR_LABEL);
  const { username, issuer } = account;
  const type = numberOf(fields, 6);
  if (type !== TOTP) {
    const reason = type === HOTP ? COUNTED_CODES : "the type of codes is unknown";
    return reading.uncarried(place, username, reason, issuer);
  }
  const secret = all(fields, 1).at(-1);
  reading.add({
    place,
    username,
    issuer,
    secret: secret === undefined ? new Uint8Array() : bytesOf(secret),
    parameters: {
      algorithm: ALGORITHMS[numberOf(fields, 4)] ?? "",
      digits: DIGITS[numberOf(fields, 5)] ?? NaN,
      periodSeconds: PERIOD_SECONDS,
    },
  });
}

/** A link that was cut between two fields does not say it, either. */
function noteUncounted(reading: ReadingBuilder, place: string, size: number): void {
  const user = reading.users.at(-1);
  if (size > 0 || !user?.place.startsWith(`${place},`)) return;
  const text = "the link does not say how many QR codes the export has: " +
    "make sure that no user is missing";
  reading.note(place, user.username, text);
}

/**
 * If a link is left out, nobody might notice that its users are missing.
 *
 * @throws UnreadableSource
 */
export function requireAllParts(parts: readonly Part[]): void {
  const seen = new Map<number, Set<number>>();
  for (const { batch, index } of parts) {
    seen.set(batch, (seen.get(batch) ?? new Set()).add(index));
  }
  for (const { batch, size } of parts) {
    const count = seen.get(batch)!.size;
    if (count >= size) continue;
    throw new UnreadableSource(
      `it has only ${count} of the ${size} QR codes of an export: all are needed, one per line`,
    );
  }
}

function all(fields: readonly MessageField[], number: number): MessageField[] {
  return fields.filter((field) => field.number === number);
}

/** The last number with a field number; 0 if there is none, as in Protocol Buffers. */
function numberOf(fields: readonly MessageField[], number: number): number {
  const value = all(fields, number).at(-1)?.value ?? 0;
  if (typeof value === "number") return value;
  throw new UnreadableSource("expected a number in a message");
}

function bytesOf({ value }: MessageField): Uint8Array {
  if (typeof value !== "number") return value;
  throw new UnreadableSource("expected bytes in a message, but found a number");
}
