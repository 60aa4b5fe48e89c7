import { decodeBase32 } from "../text/base32.ts";
import { EXPORT_FORMAT, EXPORT_VERSION } from "./export_format.ts";
import { Findings, type Reading, UnreadableSource } from "./reading.ts";
import { decodeText } from "./text.ts";

/**
 * Reads what `openvpn-totp export --format json` writes.
 *
 * @throws UnreadableSource
 */
export function readExportFile(content: Uint8Array): Reading {
  const file = parse(decodeText(content));
  if (!isObject(file) || file.format !== EXPORT_FORMAT) {
    throw new UnreadableSource("it is no export of openvpn-totp");
  }
  if (file.version !== EXPORT_VERSION || !Array.isArray(file.users)) {
    throw new UnreadableSource(
      `it is of another version than ${EXPORT_VERSION}`,
    );
  }
  const findings = new Findings();
  for (const [index, user] of file.users.entries()) {
    addUser(findings, `user ${index + 1}`, user);
  }
  return findings;
}

function addUser(findings: Findings, place: string, user: unknown): void {
  if (!isObject(user)) {
    return findings.unreadable(place, null, "it is no object");
  }
  const { username, issuer, secret, algorithm, digits, periodSeconds } = user;
  const disabledAt = momentOf(user.disabledAt);
  const isWhole = typeof username === "string" && typeof issuer === "string" &&
    typeof secret === "string" && typeof algorithm === "string" &&
    typeof digits === "number" && typeof periodSeconds === "number" &&
    disabledAt !== undefined;
  if (!isWhole) {
    return findings.unreadable(
      place,
      typeof username === "string" ? username : null,
      "something of it is missing, or of another type",
    );
  }
  const isAdded = findings.add({
    place,
    username,
    issuer,
    secret: decodeBase32(secret),
    parameters: { algorithm, digits, periodSeconds },
    disabledAt,
  });
  if (isAdded && user.recoveryCodesLeft !== 0) {
    findings.note(
      place,
      username,
      "recovery codes aren't part of an export: give new ones with recovery",
    );
  }
}

/** Milliseconds since 1970-01-01T00:00:00Z; undefined for what is neither a moment nor null. */
function momentOf(value: unknown): number | null | undefined {
  if (value === null) return null;
  const isMoment = typeof value === "string" &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
  const ms = isMoment ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error repeats what it met.
    throw new UnreadableSource("it is not JSON");
  }
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
