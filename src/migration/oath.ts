import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeHex } from "../text/hex.ts";
import type { Reading } from "./reading.ts";
import { COUNTED_CODES, DROPPED_PIN, ReadingBuilder } from "./reading_builder.ts";
import { decodeText, type Line, meantLines } from "./text.ts";

/** `HOTP/T30/6`: time steps of 30 seconds, 6 digits. `HOTP` and `HOTP/E/6` depend on a counter. */
const TYPE = /^HOTP(?:\/(?:E|T([0-9]{1,4})))?(?:\/([0-9]))?$/;

/**
 * Reads a users file of the OATH Toolkit (`pam_oath`, `users.oath`): type, username, PIN, secret in
 * hexadecimal, and then data about earlier logins. Apache's mod_authn_otp uses the same format.
 *
 * @throws UnreadableSource
 */
export function readOath(content: Uint8Array): Reading {
  const reading = new ReadingBuilder();
  for (const line of meantLines(decodeText(content))) readLine(reading, line);
  return reading;
}

function readLine(reading: ReadingBuilder, { place, text }: Line): void {
  const [type = "", username, pin, secret] = text.trim().split(/[ \t]+/);
  if (username === undefined || pin === undefined || secret === undefined) {
    return reading.unreadable(place, null, "expected a type, a username, a PIN and a secret");
  }
  if (/^MOTP(\/|$)/.test(type)) {
    return reading.uncarried(place, username, "the token is for Mobile-OTP");
  }
  const parts = type.match(TYPE);
  if (parts === null) return reading.unreadable(place, username, "the type is unknown");
  const [, period, digits = String(COMMON_PARAMETERS.digits)] = parts;
  if (period === undefined) return reading.uncarried(place, username, COUNTED_CODES);
  const isAdded = reading.add({
    place,
    username,
    secret: decodeHex(secret),
    encoding: "hexadecimal",
    parameters: {
      algorithm: COMMON_PARAMETERS.algorithm,
      digits: Number(digits),
      periodSeconds: Number(period),
    },
  });
  if (isAdded && pin !== "-" && pin !== "+") reading.note(place, username, DROPPED_PIN);
}
