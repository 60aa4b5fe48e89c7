import { SCRATCH_DIGITS } from "../core/code.ts";
import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { COUNTED_CODES, Findings, type Reading, UnreadableSource } from "./reading.ts";
import { decodeText, wholeNumber } from "./text.ts";

/** Options that have no counterpart for one user, and why they needn't. */
const NOT_CARRIED: Record<string, string> = {
  RATE_LIMIT: "wrong codes lock the user's codes for a time instead",
  WINDOW_SIZE: "totpDriftSteps says it for all users",
  TIME_SKEW: "a phone's clock must be right, within totpDriftSteps",
  DISALLOW_REUSE: "a code always counts once",
  RESETTING_TIME_SKEW: "it belongs to the PAM module's own work",
};

/** What the PAM module notes of earlier logins (grace_period). */
const LAST_LOGIN = /^LAST[0-9]+$/;

/** The largest file that the PAM module takes. */
const MAX_BYTES = 65_536;

/** The longest time step with which the PAM module lets anybody in, in seconds. */
const MAX_STEP_SECONDS = 60;

/** What the PAM module takes for one: a line with anything else ends its list of them. */
const SCRATCH_CODE = new RegExp(`^[1-9][0-9]{${SCRATCH_DIGITS - 1}}$`);

/**
 * Reads a file of Google Authenticator's PAM module, `.google_authenticator` (FILEFORMAT in its
 * sources): the secret, options behind `" `, and scratch codes.
 *
 * @param username whose file it is: it doesn't say so itself
 * @throws UnreadableSource where it is no such file
 */
export function readGoogleAuthenticator(
  content: Uint8Array,
  username: string,
): Reading {
  if (content.length > MAX_BYTES) {
    throw new UnreadableSource(`it has more than ${MAX_BYTES} bytes`);
  }
  const [secret = "", ...lines] = decodeText(content).split(/\r?\n/);
  const options = new Map<string, string>();
  const recoveryCodes: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const option = line.match(/^" ([A-Z0-9_]+)(?: (.*))?$/);
    if (option !== null) {
      const [, name, value = ""] = option;
      // Of one that is there twice, the PAM module reads the first.
      if (!options.has(name!)) options.set(name!, value);
    } else if (SCRATCH_CODE.test(line)) recoveryCodes.push(line);
    else {
      throw new UnreadableSource(
        `line ${index + 2} is neither an option nor a scratch code`,
      );
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
  const findings = new Findings();
  const place = "line 1";
  const reason = reasonAgainst(options);
  if (reason !== null) {
    findings.uncarried(place, username, reason);
    return findings;
  }
  const isAdded = findings.add({
    place,
    username,
    secret: decodeBase32(secret),
    parameters: {
      ...COMMON_PARAMETERS,
      periodSeconds: wholeNumber(options.get("STEP_SIZE") ?? "30"),
    },
    recoveryCodes: [...new Set(recoveryCodes)],
  });
  if (!isAdded) return findings;
  for (const name of options.keys()) {
    const why = NOT_CARRIED[name];
    if (why !== undefined) findings.note(place, username, `${name}: ${why}`);
  }
  return findings;
}

/** Why such a user can't be carried over; null where they can. */
function reasonAgainst(options: ReadonlyMap<string, string>): string | null {
  if (options.has("HOTP_COUNTER")) {
    return COUNTED_CODES;
  }
  if (options.has("OTP_DISABLED")) {
    return "the user logs in without a code (OTP_DISABLED): that is what exempt is for";
  }
  if (!options.has("TOTP_AUTH")) return "TOTP_AUTH is missing";
  if (Number(options.get("STEP_SIZE")) > MAX_STEP_SECONDS) {
    return `STEP_SIZE is over ${MAX_STEP_SECONDS}: the PAM module lets nobody in with it`;
  }
  const unknown = [...options.keys()].find((name) =>
    NOT_CARRIED[name] === undefined && !LAST_LOGIN.test(name) &&
    name !== "TOTP_AUTH" && name !== "STEP_SIZE"
  );
  return unknown === undefined ? null : `the option ${unknown} is unknown`;
}
