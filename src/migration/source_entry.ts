import type { EpochMs } from "../core/epoch.ts";
import {
  areTotpParameters,
  SECRET_LENGTH,
  TOTP_ALGORITHMS,
  TOTP_DIGITS,
  TOTP_PERIOD,
} from "../core/totp_parameters.ts";
import { isUsername, USERNAME_ALLOWED } from "../core/username.ts";
import type { Obstacle } from "./reading.ts";

/** As many as other systems issue; a user with many more would be easy to guess for. */
const MAX_RECOVERY_CODES = 10;

/** An entry of a source that has not been checked yet. */
export interface SourceEntry {
  place: string;
  username: string;
  issuer?: string | null;
  /** Null if it could not be decoded. */
  secret: Uint8Array | null;
  /** How the secret is encoded, for an error. */
  encoding?: string;
  parameters?: { algorithm: string; digits: number; periodSeconds: number };
  recoveryCodes?: readonly string[];
  disabledAt?: EpochMs | null;
}

/** What keeps an entry from being imported; null for nothing. */
export function problemWith(entry: SourceEntry): Pick<Obstacle, "kind" | "reason"> | null {
  const broken = reasonUnreadable(entry);
  if (broken !== null) return { kind: "unreadable", reason: broken };
  const reason = reasonUncarried(entry);
  return reason === null ? null : { kind: "uncarried", reason };
}

function reasonUnreadable({ username, secret, encoding = "base32" }: SourceEntry): string | null {
  if (!isUsername(username)) return `that cannot be a username: expected ${USERNAME_ALLOWED}`;
  return secret === null ? `the secret is not ${encoding}` : null;
}

function reasonUncarried({ secret, parameters, recoveryCodes = [] }: SourceEntry): string | null {
  const { least, most } = SECRET_LENGTH;
  const length = secret?.length ?? 0;
  if (length < least || length > most) {
    return `the secret has ${length} bytes, but it must have ${least} to ${most}`;
  }
  if (parameters !== undefined && !areTotpParameters(parameters)) return PARAMETERS_ALLOWED;
  return recoveryCodes.length <= MAX_RECOVERY_CODES
    ? null
    : `there are ${recoveryCodes.length} recovery codes, but at most ${MAX_RECOVERY_CODES} are ` +
      "allowed: more would be easy to guess";
}

const PARAMETERS_ALLOWED =
  `the codes have unsupported parameters: allowed are ${
    TOTP_ALGORITHMS.join(", ")
  }, ${TOTP_DIGITS.least} to ${TOTP_DIGITS.most} digits, and a period of ${TOTP_PERIOD.least} to ` +
  `${TOTP_PERIOD.most} seconds`;
