import { SCRATCH_DIGITS } from "../core/code.ts";
import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { type Reading, UnreadableSource } from "./reading.ts";
import { COUNTED_CODES, ReadingBuilder } from "./reading_builder.ts";
import { decodeText, wholeNumber } from "./text.ts";

/** Options that have no counterpart for a single user, and why they need none. */
const NOT_CARRIED: Record<string, string> = {
  RATE_LIMIT: "repeated wrong codes lock the user for a while instead",
  WINDOW_SIZE: "totpDriftSteps sets it for all users",
  TIME_SKEW: "the phone's clock must be right to within totpDriftSteps",
  DISALLOW_REUSE: "no code can be used twice",
  RESETTING_TIME_SKEW: "it matters only to the PAM module",
};

/** What the PAM module records about earlier logins (grace_period). */
const LAST_LOGIN = /^LAST[0-9]+$/;

/** The largest file that the PAM module accepts, in bytes. */
const MAX_BYTES = 65_536;

/** The longest time step that the PAM module works with, in seconds. */
const MAX_STEP_SECONDS = 60;

/**
 * An option behind a quote and a blank. Early versions wrote `"RATE_LIMIT`, and no version reads an
 * option without the blank: it has no effect there, and so none here.
 */
const OPTION = /^"( ?)([A-Z0-9_]+)(?: (.*))?$/;

/** As the PAM module recognises one; any other line ends its list of scratch codes. */
const SCRATCH_CODE = new RegExp(`^[1-9][0-9]{${SCRATCH_DIGITS - 1}}$`);

/**
 * Reads a file of Google Authenticator's PAM module, `.google_authenticator` (FILEFORMAT in its
 * sources): the secret, options after `" `, and scratch codes.
 *
 * @param username the user that the file belongs to, which the file does not say
 * @throws UnreadableSource if it is not such a file
 */
export function readGoogleAuthenticator(content: Uint8Array, username: string): Reading {
  if (content.length > MAX_BYTES) {
    throw new UnreadableSource(`it is larger than ${MAX_BYTES} bytes`);
  }
  const [secret = "", ...lines] = decodeText(content).split(/\r?\n/);
  const options = new Map<string, string>();
  const recoveryCodes: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const option = line.match(OPTION);
    if (option !== null) {
      const [, blank, name, value = ""] = option;
      // If an option is repeated, the PAM module reads the first one.
      if (blank !== "" && !options.has(name!)) options.set(name!, value);
    } else if (SCRATCH_CODE.test(line)) recoveryCodes.push(line);
    else {
      throw new UnreadableSource(`line ${index + 2} is neither an option nor a scratch code`);
    }
  }
  return judged(username, secret, options, recoveryCodes);
}

function judged(
  username: string,
  secret: string,
  options: ReadonlyMap<string, string>,
  recoveryCodes: readonly string[],
): Reading {
  const reading = new ReadingBuilder();
  const place = "line 1";
  const reason = reasonAgainst(options);
  if (reason !== null) {
    reading.uncarried(place, username, reason);
    return reading;
  }
  const isAdded = reading.add({
    place,
    username,
    secret: decodeSecret(secret),
    parameters: {
      ...COMMON_PARAMETERS,
      periodSeconds: wholeNumber(options.get("STEP_SIZE") ?? "30"),
    },
    recoveryCodes: [...new Set(recoveryCodes)],
  });
  if (!isAdded) return reading;
  for (const name of options.keys()) {
    const why = NOT_CARRIED[name];
    if (why !== undefined) reading.note(place, username, `${name}: ${why}`);
  }
  return reading;
}

/** Why a user with such options cannot be imported; null if they can. */
function reasonAgainst(options: ReadonlyMap<string, string>): string | null {
  if (options.has("HOTP_COUNTER")) return COUNTED_CODES;
  if (options.has("OTP_DISABLED")) {
    return "the user logs in without a code (OTP_DISABLED): use exempt for that";
  }
  if (!options.has("TOTP_AUTH")) return "TOTP_AUTH is missing";
  if (Number(options.get("STEP_SIZE")) > MAX_STEP_SECONDS) {
    return `STEP_SIZE is over ${MAX_STEP_SECONDS}, so the PAM module accepts no codes`;
  }
  const unknown = [...options.keys()].find((name) =>
    NOT_CARRIED[name] === undefined && !LAST_LOGIN.test(name) &&
    name !== "TOTP_AUTH" && name !== "STEP_SIZE"
  );
  return unknown === undefined ? null : `the option ${unknown} is unknown`;
}

/** The PAM module also takes digits that are easily mistaken for letters. */
function decodeSecret(secret: string): Uint8Array | null {
  return decodeBase32(secret.replaceAll("0", "O").replaceAll("1", "L").replaceAll("8", "B"));
}
