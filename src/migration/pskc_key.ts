import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { quoted } from "../text/printable.ts";
import type { PskcField, PskcFields } from "./pskc_fields.ts";
import { COUNTED_CODES, DROPPED_PIN, type ReadingBuilder } from "./reading_builder.ts";
import { algorithmOf, wholeNumber } from "./text.ts";

/**
 * The profiles of time-based and of counter-based codes (RFC 6030 section 10.1,
 * draft-hoyer-keyprov-pskc-algorithm-profiles section 4); older files have `#` before the name.
 */
const TOTP = /^urn:ietf:params:xml:ns:keyprov:pskc[:#]totp$/i;
const HOTP = /^urn:ietf:params:xml:ns:keyprov:pskc[:#]hotp$/i;

/** Adds the key of a key package. */
export function addKeyPackage(reading: ReadingBuilder, place: string, fields: PskcFields): void {
  const issuer = fields.get("Key/Issuer") || null;
  const username = userOf(fields);
  const reason = reasonAgainst(fields);
  if (reason !== null) return reading.uncarried(place, username || null, reason, issuer);
  if (username === "" && !reading.hasOwner) {
    return reading.uncarried(place, null, namelessReason(fields), issuer);
  }
  const isAdded = reading.add({
    place,
    username,
    issuer,
    secret: decodeBase64(fields.get("Key/Data/Secret/PlainValue") ?? ""),
    encoding: "base64",
    parameters: parametersOf(fields),
  });
  if (isAdded && fields.has("Key/Policy/PINPolicy")) {
    reading.note(place, reading.users.at(-1)!.username, DROPPED_PIN);
  }
}

/** Why a key cannot be imported; null if it can. */
function reasonAgainst(fields: PskcFields): string | null {
  const algorithm = fields.get("Key@Algorithm") ?? "";
  if (HOTP.test(algorithm)) return COUNTED_CODES;
  if (!TOTP.test(algorithm)) return "the key is not one for time-based codes (TOTP)";
  if ((fields.get(`${FORMAT}@Encoding`) ?? "DECIMAL") !== "DECIMAL") {
    return "the codes are not decimal digits";
  }
  if (["true", "1"].includes(fields.get(`${FORMAT}@CheckDigits`) ?? "false")) {
    return "the codes end in a check digit";
  }
  return /^0*$/.test(fields.get("Key/Data/Time/PlainValue") ?? "")
    ? null
    : "the token's time does not begin at 0 (Time)";
}

const FORMAT = "Key/AlgorithmParameters/ResponseFormat" satisfies string;

function parametersOf(fields: PskcFields) {
  const { algorithm, digits, periodSeconds } = COMMON_PARAMETERS;
  const number = (field: PskcField, common: number) =>
    wholeNumber(fields.get(field) ?? String(common));
  return {
    algorithm: algorithmOf(fields.get("Key/AlgorithmParameters/Suite") || algorithm),
    digits: number(`${FORMAT}@Length`, digits),
    periodSeconds: number("Key/Data/TimeInterval/PlainValue", periodSeconds),
  };
}

/** The user's name, which may be a distinguished name (RFC 4514) that begins with it. */
function userOf(fields: PskcFields): string {
  const id = fields.get("Key/UserId") || fields.get("DeviceInfo/UserId") || "";
  return id.match(/^(?:UID|CN)=([^,+\\"]+)(?:,|$)/i)?.[1]?.trim() ?? id;
}

function namelessReason(fields: PskcFields): string {
  const serial = fields.get("DeviceInfo/SerialNo");
  return "the key names no user (UserId)" +
    (serial === undefined ? "" : `, only the serial number ${quoted(serial)}`) +
    ": a file with this key alone can be given as USER=FILE";
}

/** Null for text that is not base64; white space in it means nothing (RFC 2045). */
function decodeBase64(text: string): Uint8Array | null {
  const plain = text.replace(/\s/g, "");
  try {
    return plain === "" ? null : Uint8Array.fromBase64(plain);
  } catch {
    return null;
  }
}
