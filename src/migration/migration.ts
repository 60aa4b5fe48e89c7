import { accountOf } from "./label.ts";
import { type Field, readFields, textOf } from "./protobuf.ts";
import { COUNTED_CODES, Findings, type Reading, UnreadableSource } from "./reading.ts";
import { decodeText, type Line, meantLines } from "./text.ts";
import { decodePercent } from "./uris.ts";

const LINK = /^otpauth-migration:\/\/offline\/?\?(?:[^#]*&)?data=([^&#]+)/;

/** The app's numbers for a hash; 0 is what it leaves out. */
const ALGORITHMS = ["SHA1", "SHA1", "SHA256", "SHA512", "MD5"];

/** The app's numbers for how many digits. */
const DIGITS = [6, 6, 8];

/** The app's codes have no other period. */
const PERIOD_SECONDS = 30;

/** The app's numbers for the kind of codes. */
const HOTP = 1;
const TOTP = 2;

/** A part of an export: the app shows several QR codes where there are many accounts. */
interface Part {
  batch: number;
  index: number;
  size: number;
}

/**
 * Reads what Google Authenticator's app exports: links with a message of Protocol Buffers, one for
 * each QR code, a line each.
 *
 * @throws UnreadableSource for a broken link, and for one that is missing
 */
export function readMigration(content: Uint8Array): Reading {
  const findings = new Findings();
  const parts: Part[] = [];
  for (const line of meantLines(decodeText(content))) {
    const fields = readFields(payloadOf(line));
    for (const [index, account] of all(fields, 1).entries()) {
      addAccount(
        findings,
        `${line.place}, account ${index + 1}`,
        readFields(bytesOf(account)),
      );
    }
    noteUncounted(findings, line.place, numberOf(fields, 3));
    parts.push({
      size: numberOf(fields, 3),
      index: numberOf(fields, 4),
      batch: numberOf(fields, 5),
    });
  }
  requireAllParts(parts);
  return findings;
}

function payloadOf({ place, text }: Line): Uint8Array {
  const data = decodePercent(text.trim().match(LINK)?.[1] ?? "");
  const plain = data?.replaceAll("-", "+").replaceAll("_", "/")
    .replace(/=+$/, "");
  if (plain === undefined || !/^[A-Za-z0-9+/]+$/.test(plain)) {
    throw new UnreadableSource(`${place} is no link of an export`);
  }
  try {
    return Uint8Array.fromBase64(plain);
  } catch {
    throw new UnreadableSource(`${place} is cut short`);
  }
}

function addAccount(
  findings: Findings,
  place: string,
  fields: readonly Field[],
): void {
  const { username, issuer } = accountOf(
    textOf(fields, 2) ?? "",
    textOf(fields, 3),
  );
  const type = numberOf(fields, 6);
  if (type === HOTP) {
    return findings.uncarried(
      place,
      username,
      COUNTED_CODES,
    );
  }
  if (type !== TOTP) {
    return findings.uncarried(place, username, "the kind of codes is unknown");
  }
  const secret = all(fields, 1).at(-1);
  findings.add({
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

/** A link that was cut between two fields looks so, too. */
function noteUncounted(findings: Findings, place: string, size: number): void {
  const user = findings.users.at(-1);
  if (size > 0 || user === undefined) return;
  const text = "the link doesn't say how many QR codes the export has: " +
    "make sure that no user is missing";
  findings.note(place, user.username, text);
}

/** Of a part that isn't there nobody would notice that its users are missing. */
function requireAllParts(parts: readonly Part[]): void {
  const seen = new Map<number, Set<number>>();
  for (const { batch, index } of parts) {
    seen.set(batch, (seen.get(batch) ?? new Set()).add(index));
  }
  for (const { batch, size } of parts) {
    const count = seen.get(batch)!.size;
    if (count >= size) continue;
    throw new UnreadableSource(
      `it has ${count} of the ${size} QR codes of an export: all are needed, a line each`,
    );
  }
}

function all(fields: readonly Field[], number: number): Field[] {
  return fields.filter((field) => field.number === number);
}

/** A number, of which the last counts; 0 where there is none, as Protocol Buffers say. */
function numberOf(fields: readonly Field[], number: number): number {
  const value = all(fields, number).at(-1)?.value ?? 0;
  if (typeof value === "number") return value;
  throw new UnreadableSource("a number in it is none");
}

function bytesOf({ value }: Field): Uint8Array {
  if (typeof value !== "number") return value;
  throw new UnreadableSource("a part of it is a number");
}
