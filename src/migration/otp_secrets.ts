import {
  COMMON_PARAMETERS,
  TOTP_ALGORITHMS,
  type TotpParameters,
} from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { decodeHex } from "../text/hex.ts";
import { COUNTED_CODES, DROPPED_PIN, Findings, type Reading } from "./reading.ts";
import { splitWords } from "./shell_words.ts";
import { algorithmOf, decodeText, type Line, meantLines } from "./text.ts";

/** Kinds of entries that can't be carried over, and why. */
const UNCARRIED = new Map([
  ["hotp", COUNTED_CODES],
  ["motp", "the codes are of Mobile-OTP"],
  ["plain", "it is a plain password, without codes"],
]);

/**
 * Reads the secrets file of openvpn-otp (and ppp-otp): `user server type:hash:encoding:key:pin:udid
 * client`, in words that may be quoted. An entry that lacks any of it up to the PIN lets nobody in there.
 *
 * @param defaults how codes of the type `totp` are made, which the plugin's options say (`totp_step`,
 *   `totp_digits`) and not the file
 * @throws UnreadableSource
 */
export function readOtpSecrets(
  content: Uint8Array,
  defaults: Pick<TotpParameters, "digits" | "periodSeconds">,
): Reading {
  const findings = new Findings();
  for (const line of meantLines(decodeText(content))) {
    readLine(findings, line, defaults);
  }
  return findings;
}

function readLine(
  findings: Findings,
  { place, text }: Line,
  defaults: Pick<TotpParameters, "digits" | "periodSeconds">,
): void {
  const words = splitWords(text);
  const [username, , token, client] = words ?? [];
  if (username === undefined || token === undefined || client === undefined) {
    return findings.unreadable(
      place,
      null,
      "a line has a username, a server, a token and a client",
    );
  }
  const [type = "", hash = "", encoding = "", key, pin, ...others] = token
    .split(":");
  const why = UNCARRIED.get(type.toLowerCase());
  if (why !== undefined) return findings.uncarried(place, username, why);
  if (key === undefined || pin === undefined || others.length > 1) {
    return findings.unreadable(
      place,
      username,
      "a token is type:hash:encoding:key:pin:udid",
    );
  }
  const times = timesOf(type.toLowerCase(), defaults);
  if (times === null) {
    return findings.unreadable(place, username, "the token's type is unknown");
  }
  const algorithm = algorithmOf(hash);
  if (!TOTP_ALGORITHMS.some((known) => known === algorithm)) {
    return findings.uncarried(
      place,
      username,
      `the token's hash is none of ${TOTP_ALGORITHMS.join(", ")}`,
    );
  }
  const isAdded = findings.add({
    place,
    username,
    ...decodeKey(encoding.toLowerCase(), key),
    parameters: { algorithm, ...times },
  });
  if (isAdded && pin !== "") {
    findings.note(
      place,
      username,
      DROPPED_PIN,
    );
  }
}

function timesOf(
  type: string,
  defaults: Pick<TotpParameters, "digits" | "periodSeconds">,
): Pick<TotpParameters, "digits" | "periodSeconds"> | null {
  const { digits, periodSeconds } = defaults;
  if (type === "totp") return { digits, periodSeconds };
  return type === "totp-60-6" ? { digits: COMMON_PARAMETERS.digits, periodSeconds: 60 } : null;
}

function decodeKey(
  encoding: string,
  key: string,
): { secret: Uint8Array | null; encoding: string } {
  switch (encoding) {
    case "base32":
      return { secret: decodeBase32(key), encoding };
    case "hex":
      return { secret: decodeHex(key), encoding: "hexadecimal" };
    case "text":
      return { secret: new TextEncoder().encode(key), encoding };
    default:
      return { secret: null, encoding: "base32, hex or text" };
  }
}
