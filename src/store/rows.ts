import type { CodeFailures } from "../core/lockout.ts";
import type { Challenge } from "../core/challenge.ts";
import type { AuditRow } from "../core/decision.ts";
import type { Exemption } from "../core/exemption.ts";
import { Failure } from "../core/failure.ts";
import { quoted } from "../text/printable.ts";
import {
  areTotpParameters,
  type TotpAlgorithm,
  type TotpParameters,
} from "../core/totp_parameters.ts";
import type { Enrolment, SealedSecret } from "../core/enrolment.ts";
import type { StoredUser } from "./enrolment_store.ts";

/** A row by its columns' names, which are the same in all engines; the tables guarantee the types. */
type Row = Record<string, unknown>;

/**
 * Reads a row of `enrolments`, with the number of the user's `recovery_codes`.
 *
 * @throws Failure `database_corrupt` where codes would be easier to guess than they may be
 */
export function enrolmentOf(row: Row): Enrolment {
  return {
    username: row.username as string,
    parameters: parametersOf(row),
    secret: secretOf(row),
    issuer: row.issuer as string,
    enrolledAt: row.enrolled_at as number,
    lastLoginAt: row.last_login_at as number | null,
    lastTimeStep: row.last_step as number | null,
    failures: failuresOf(row),
    disabledAt: row.disabled_at as number | null,
    uncodedLoginAt: row.uncoded_at as number | null,
    tokensValidFrom: row.tokens_valid_from as number,
    recoveryCodes: row.recovery_codes as number,
  };
}

/** Reads the secret out of a row of `enrolments`. */
export function secretOf(row: Row): SealedSecret {
  return { keyId: row.key_id as string, bytes: row.secret as Uint8Array<ArrayBuffer> };
}

/** Reads the wrong codes out of a row of `enrolments` or `known_places`. */
export function failuresOf(row: Row): CodeFailures {
  return {
    count: row.failures as number,
    lastWrong: row.last_wrong as string | null,
    lastWrongAt: row.last_wrong_at as number | null,
    locks: row.locks as number,
    lockedUntil: row.locked_until as number | null,
  };
}

function parametersOf(row: Row): TotpParameters {
  const parameters = {
    algorithm: row.algorithm as TotpAlgorithm,
    digits: row.digits as number,
    periodSeconds: row.period as number,
  };
  if (areTotpParameters(parameters)) return parameters;
  throw new Failure(
    "database_corrupt",
    `the enrolment of ${quoted(row.username as string)} has codes of ` +
      `${quoted(parameters.algorithm)}, ${parameters.digits} digits and ` +
      `${parameters.periodSeconds} seconds, which openvpn-totp does not create: restore the database ` +
      "from a backup, or enrol the user again (delete, then enroll)",
  );
}

/** Reads a row of `challenges`. */
export function challengeOf(row: Row): Challenge {
  return {
    id: row.attempt as string,
    username: row.username as string,
    loginName: row.login_name as string,
    commonName: row.common_name as string | null,
    address: row.address as string | null,
    createdAt: row.created_at as number,
    expiresAt: row.expires_at as number,
    answer: row.answer as Challenge["answer"],
  };
}

/** Reads a row of `exemptions`. */
export function exemptionOf(row: Row): Exemption {
  return {
    username: row.username as string,
    until: row.until as number | null,
    from: row.network as string | null,
    since: row.since as number,
  };
}

/**
 * Puts together what is stored of users.
 *
 * @param usernames in which order; names without any row are left out
 */
export function storedUsersOf(
  usernames: readonly string[],
  rows: { enrolments: readonly Row[]; exemptions: readonly Row[] },
): StoredUser[] {
  const enrolments = new Map(rows.enrolments.map((row) => [row.username, enrolmentOf(row)]));
  const exemptions = new Map(rows.exemptions.map((row) => [row.username, exemptionOf(row)]));
  return usernames.map((username) => ({
    username,
    enrolment: enrolments.get(username) ?? null,
    exemption: exemptions.get(username) ?? null,
  })).filter(({ enrolment, exemption }) => enrolment !== null || exemption !== null);
}

/** Reads a row of `decisions`. */
export function decisionOf(row: Row): AuditRow {
  return {
    at: row.at as number,
    loginName: row.login_name as string | null,
    username: row.username as string | null,
    address: row.address as string | null,
    commonName: row.common_name as string | null,
    step: row.step as AuditRow["step"],
    outcome: row.outcome as AuditRow["outcome"],
    by: row.accepted_by as string | null,
    reason: row.reason as string | null,
    detail: row.detail as string | null,
    count: row.count as number,
    lastAt: (row.last_at ?? row.at) as number,
  };
}
