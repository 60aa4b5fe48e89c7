import { type Enrolment, replaced, type SealedSecret } from "../../core/enrolment.ts";
import {
  alreadyEnrolled,
  type EnrolOptions,
  type NewEnrolment,
  UnknownKeys,
} from "../enrolment_store.ts";
import type { Connection, Value } from "./connection.ts";
import { keyIdsIn } from "./enrolments.ts";
import { clearKnownPlaces, forgetKnownPlaces } from "./places.ts";
import { insertRecoveryCodes } from "./recovery_codes.ts";
import { addSimilarNames } from "./similar_names.ts";
import { usersNamed } from "./users.ts";

/** `EnrolmentStore.enrol`. */
export async function enrol(
  connection: Connection,
  enrolments: readonly NewEnrolment[],
  { mayReplace, knownKeys }: EnrolOptions,
): Promise<void> {
  const unknown = (await keyIdsIn(connection)).filter((id) => !knownKeys.includes(id));
  if (unknown.length > 0) throw new UnknownKeys(unknown);
  for (let rest = enrolments; rest.length > 0;) {
    const round = firstOfEachUser(rest);
    await enrolUsers(connection, [...round.values()], mayReplace);
    rest = rest.filter((enrolment) => round.get(enrolment.username) !== enrolment);
  }
}

/** One enrolment per user: a further one of the same user replaces it. */
function firstOfEachUser(enrolments: readonly NewEnrolment[]): Map<string, NewEnrolment> {
  const first = new Map<string, NewEnrolment>();
  for (const enrolment of enrolments) {
    if (!first.has(enrolment.username)) first.set(enrolment.username, enrolment);
  }
  return first;
}

/** Enrols users who differ. The number of statements does not depend on the number of users. */
async function enrolUsers(
  connection: Connection,
  enrolments: readonly NewEnrolment[],
  mayReplace: EnrolOptions["mayReplace"],
): Promise<void> {
  const usernames = enrolments.map(({ username }) => username);
  const earlier = await earlierOf(connection, usernames);
  const added: string[] = [];
  const kept: string[] = [];
  for (const username of usernames) {
    if (!earlier.has(username)) added.push(username);
    else if (mayReplace(username)) kept.push(username);
    else throw alreadyEnrolled(username);
  }
  if (kept.length > 0) {
    await connection.run(
      "DELETE FROM openvpn_totp.enrolments WHERE username = ANY ($1::text[])",
      [kept],
    );
    await clearKnownPlaces(connection, kept);
  }
  // Where a user was known without a code, nothing is known of whoever has only the password.
  if (added.length > 0) await forgetKnownPlaces(connection, added);
  await insert(connection, enrolments, earlier);
  await addSimilarNames(connection, usernames);
  await insertRecoveryCodes(
    connection,
    enrolments.flatMap(({ username, recoveryMarks }) =>
      recoveryMarks.map((mark) => ({ username, mark }))
    ),
  );
}

async function earlierOf(
  connection: Connection,
  usernames: readonly string[],
): Promise<Map<string, Enrolment>> {
  const users = await usersNamed(connection, usernames);
  return new Map(
    users.flatMap(({ username, enrolment }) =>
      enrolment === null ? [] : [[username, enrolment] as const]
    ),
  );
}

async function insert(
  connection: Connection,
  enrolments: readonly NewEnrolment[],
  earlier: ReadonlyMap<string, Enrolment>,
): Promise<void> {
  const rows = enrolments.map((enrolment) => ({
    ...enrolment,
    ...replaced(earlier.get(enrolment.username) ?? null, enrolment),
  }));
  await connection.run(
    `INSERT INTO openvpn_totp.enrolments (username, secret, key_id, algorithm, digits, period,
       issuer, enrolled_at, tokens_valid_from, disabled_at, last_step)
     SELECT username, decode(secret, 'hex'), key_id, algorithm, digits, period,
       issuer, enrolled_at, enrolled_at, disabled_at, last_step
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
       $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])
       AS added (username, secret, key_id, algorithm, digits, period,
         issuer, enrolled_at, disabled_at, last_step)`,
    columns(rows, [
      (row) => row.username,
      (row) => row.secret.bytes.toHex(),
      (row) => row.secret.keyId,
      (row) => row.parameters.algorithm,
      (row) => row.parameters.digits,
      (row) => row.parameters.periodSeconds,
      (row) => row.issuer,
      (row) => row.enrolledAt,
      (row) => row.disabledAt,
      (row) => row.lastTimeStep,
    ]),
  );
}

/** `EnrolmentStore.replaceSecrets`. */
export async function replaceSecrets(
  connection: Connection,
  secrets: readonly { enrolment: Enrolment; sealed: SealedSecret }[],
): Promise<void> {
  await connection.run(
    `UPDATE openvpn_totp.enrolments
     SET secret = decode(sealed.secret, 'hex'), key_id = sealed.key_id
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
       AS sealed (username, earlier, secret, key_id)
     WHERE enrolments.username = sealed.username
       AND enrolments.secret = decode(sealed.earlier, 'hex')`,
    columns(secrets, [
      ({ enrolment }) => enrolment.username,
      ({ enrolment }) => enrolment.secret.bytes.toHex(),
      ({ sealed }) => sealed.bytes.toHex(),
      ({ sealed }) => sealed.keyId,
    ]),
  );
}

/** Makes an array of each column of rows. */
function columns<T>(
  rows: readonly T[],
  cells: readonly ((row: T) => string | number | null)[],
): Value[] {
  return cells.map((cell) => rows.map(cell));
}
