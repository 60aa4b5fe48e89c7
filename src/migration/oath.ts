import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeHex } from "../text/hex.ts";
import { COUNTED_CODES, DROPPED_PIN, Findings, type Reading } from "./reading.ts";
import { decodeText, type Line, meantLines } from "./text.ts";

/** `HOTP/T30/6`: time steps of 30 seconds, 6 digits. `HOTP` and `HOTP/E/6` are counted. */
const TYPE = /^HOTP(?:\/(?:E|T([0-9]{1,4})))?(?:\/([0-9]))?$/;

/**
 * Reads a users file of the OATH Toolkit (`pam_oath`, `users.oath`): type, username, PIN and secret in
 * hexadecimal, then what it notes of earlier logins. Apache's mod_authn_otp has the same.
 *
 * @throws UnreadableSource
 */
export function readOath(content: Uint8Array): Reading {
  const findings = new Findings();
  for (const line of meantLines(decodeText(content))) readLine(findings, line);
  return findings;
}

function readLine(findings: Findings, { place, text }: Line): void {
  const [type, username, pin, secret] = text.trim().split(/[ \t]+/);
  if (username === undefined || pin === undefined || secret === undefined) {
    return findings.unreadable(
      place,
      null,
      "a line has a type, a username, a PIN and a secret",
    );
  }
  if (/^MOTP(\/|$)/.test(type!)) {
    return findings.uncarried(place, username, "the codes are of Mobile-OTP");
  }
  const parts = type!.match(TYPE);
  if (parts === null) {
    return findings.unreadable(place, username, "the type is unknown");
  }
  const [, period, digits] = parts;
  if (period === undefined) {
    return findings.uncarried(
      place,
      username,
      COUNTED_CODES,
    );
  }
  const isAdded = findings.add({
    place,
    username,
    secret: decodeHex(secret),
    encoding: "hexadecimal",
    parameters: {
      algorithm: COMMON_PARAMETERS.algorithm,
      digits: Number(digits ?? COMMON_PARAMETERS.digits),
      periodSeconds: Number(period),
    },
  });
  if (isAdded && pin !== "-" && pin !== "+") {
    findings.note(
      place,
      username,
      DROPPED_PIN,
    );
  }
}
