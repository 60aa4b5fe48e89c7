import {
  COMMON_PARAMETERS,
  TOTP_ALGORITHMS,
  type TotpParameters,
} from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { decodeHex } from "../text/hex.ts";
import type { Reading } from "./reading.ts";
import { COUNTED_CODES, DROPPED_PIN, ReadingBuilder } from "./reading_builder.ts";
import { splitWords } from "./shell_words.ts";
import type { SourceEntry } from "./source_entry.ts";
import { algorithmOf, decodeText, type Line, meantLines } from "./text.ts";

/** How codes of the type `totp` are made, which the file does not say. */
type Defaults = Pick<TotpParameters, "digits" | "periodSeconds">;

/** Types of tokens that cannot be imported, and why. */
const UNCARRIED = new Map([
  ["hotp", COUNTED_CODES],
  ["motp", "the token is for Mobile-OTP"],
  ["plain", "the token is a plain password, without codes"],
]);

/**
 * Reads the secrets file of openvpn-otp (and ppp-otp): `user server type:hash:encoding:key:pin:udid
 * client`, in words that may be quoted. There, an entry without everything up to the PIN lets
 * nobody in.
 *
 * @param defaults from the options of the plugin (`totp_step`, `totp_digits`)
 * @throws UnreadableSource
 */
export function readOtpSecrets(content: Uint8Array, defaults: Defaults): Reading {
  const reading = new ReadingBuilder();
  for (const line of meantLines(decodeText(content))) readLine(reading, line, defaults);
  return reading;
}

function readLine(reading: ReadingBuilder, { place, text }: Line, defaults: Defaults): void {
  const [username, , token, client] = splitWords(text) ?? [];
  if (username === undefined || token === undefined || client === undefined) {
    const reason = "expected a username, a server, a token and a client";
    return reading.unreadable(place, null, reason);
  }
  const [type = ""] = token.split(":");
  const why = UNCARRIED.get(type.toLowerCase());
  if (why === undefined) return readToken(reading, { place, username, token, defaults });
  reading.uncarried(place, username, why);
}

/** A line's token that is not of an {@link UNCARRIED} type. */
interface TotpToken {
  place: string;
  username: string;
  token: string;
  defaults: Defaults;
}

function readToken(reading: ReadingBuilder, { place, username, token, defaults }: TotpToken): void {
  const [type = "", hash = "", encoding = "", key, pin, ...others] = token.split(":");
  if (key === undefined || pin === undefined || others.length > 1) {
    const reason = "the token must be type:hash:encoding:key:pin:udid";
    return reading.unreadable(place, username, reason);
  }
  const times = timesOf(type.toLowerCase(), defaults);
  if (times === null) return reading.unreadable(place, username, "the token's type is unknown");
  const algorithm = algorithmOf(hash);
  if (!TOTP_ALGORITHMS.some((known) => known === algorithm)) {
    const reason = `the token's hash is not one of ${TOTP_ALGORITHMS.join(", ")}`;
    return reading.uncarried(place, username, reason);
  }
  const parameters = { algorithm, ...times };
  const isAdded = reading.add({ place, username, ...decodeKey(encoding, key), parameters });
  if (isAdded && pin !== "") reading.note(place, username, DROPPED_PIN);
}

function timesOf(type: string, { digits, periodSeconds }: Defaults): Defaults | null {
  if (type === "totp") return { digits, periodSeconds };
  return type === "totp-60-6" ? { digits: COMMON_PARAMETERS.digits, periodSeconds: 60 } : null;
}

function decodeKey(
  encoding: string,
  key: string,
): Required<Pick<SourceEntry, "secret" | "encoding">> {
  switch (encoding.toLowerCase()) {
    case "base32":
      return { secret: decodeBase32(key), encoding: "base32" };
    case "hex":
      return { secret: decodeHex(key), encoding: "hexadecimal" };
    case "text":
      return { secret: new TextEncoder().encode(key), encoding: "text" };
    default:
      return { secret: null, encoding: "base32, hex or text" };
  }
}
