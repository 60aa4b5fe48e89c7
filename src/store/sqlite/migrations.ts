import type { DatabaseSync } from "node:sqlite";
import { Failure } from "../../core/failure.ts";
import { APPLICATION_ID } from "./header.ts";

/**
 * The schema's history: entry N leads from version N to N + 1 (`PRAGMA user_version`). An entry that
 * has been released is never changed; a change of the schema is a new entry.
 *
 * Columns of moments (`…_at`, `since`, `until`) are of `EpochMs`.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE enrolments (
     username      TEXT PRIMARY KEY,
     secret        BLOB NOT NULL,
     issuer        TEXT NOT NULL,
     enrolled_at   INTEGER NOT NULL,
     last_login_at INTEGER,
     last_step     INTEGER
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE challenges (
     attempt     TEXT PRIMARY KEY,
     username    TEXT NOT NULL REFERENCES enrolments (username) ON DELETE CASCADE,
     login_name  TEXT NOT NULL,
     common_name TEXT,
     address     TEXT,
     created_at  INTEGER NOT NULL,
     expires_at  INTEGER NOT NULL,
     answer      TEXT CHECK (answer IN ('accepted', 'refused'))
   ) STRICT, WITHOUT ROWID;

   CREATE INDEX challenges_by_user ON challenges (username);
   CREATE INDEX challenges_by_expiry ON challenges (expires_at);

   -- Names that users logged in with where PAM knows them by another.
   CREATE TABLE login_names (
     login_name TEXT PRIMARY KEY,
     username   TEXT NOT NULL REFERENCES enrolments (username) ON DELETE CASCADE
   ) STRICT, WITHOUT ROWID;

   CREATE INDEX login_names_by_user ON login_names (username);`,

  `ALTER TABLE enrolments ADD COLUMN failures     INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE enrolments ADD COLUMN last_wrong   TEXT;
   ALTER TABLE enrolments ADD COLUMN last_wrong_at INTEGER;
   ALTER TABLE enrolments ADD COLUMN locks        INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE enrolments ADD COLUMN locked_until INTEGER;`,

  `CREATE TABLE password_failures (
     place   TEXT PRIMARY KEY,
     count   INTEGER NOT NULL,
     last_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;

   CREATE INDEX password_failures_by_age ON password_failures (last_at);`,

  // Secrets from before this weren't sealed, and don't open any more: their users are enrolled anew.
  `ALTER TABLE enrolments ADD COLUMN key_id TEXT NOT NULL DEFAULT 'none';
   UPDATE enrolments SET secret = x'';

   CREATE TABLE decisions (
     id          INTEGER PRIMARY KEY,
     at          INTEGER NOT NULL,
     login_name  TEXT,
     username    TEXT,
     address     TEXT,
     common_name TEXT,
     step        TEXT NOT NULL,
     outcome     TEXT NOT NULL,
     accepted_by TEXT,
     reason      TEXT,
     detail      TEXT
   ) STRICT;`,

  `ALTER TABLE enrolments ADD COLUMN disabled_at INTEGER;
   -- When the user last came in without a code.
   ALTER TABLE enrolments ADD COLUMN uncoded_at INTEGER;

   -- A mark is an HMAC of the code with the user's secret.
   CREATE TABLE recovery_codes (
     username TEXT NOT NULL REFERENCES enrolments (username) ON DELETE CASCADE,
     mark     TEXT NOT NULL,
     PRIMARY KEY (username, mark)
   ) STRICT, WITHOUT ROWID;

   -- Users who need no code; they need not be enrolled.
   CREATE TABLE exemptions (
     username TEXT PRIMARY KEY,
     since    INTEGER NOT NULL,
     until    INTEGER,
     network  TEXT
   ) STRICT, WITHOUT ROWID;

   -- When the log last had what it need not have each time.
   CREATE TABLE notices (
     notice  TEXT PRIMARY KEY,
     said_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,

  // How codes are made of the secret.
  `ALTER TABLE enrolments ADD COLUMN algorithm TEXT NOT NULL DEFAULT 'SHA1';
   ALTER TABLE enrolments ADD COLUMN digits INTEGER NOT NULL DEFAULT 6;
   ALTER TABLE enrolments ADD COLUMN period INTEGER NOT NULL DEFAULT 30;`,
];

/** The schema version of an open database. */
export function schemaVersion(database: DatabaseSync): number {
  return database.prepare("PRAGMA user_version").get()!.user_version as number;
}

/** Says whether there is anything in a database. */
export function hasTables(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema").get() !== undefined;
}

/** Says whether a database has triggers or views. We create none; they would act on our statements. */
export function hasForeignRules(database: DatabaseSync): boolean {
  return database.prepare(
    "SELECT 1 FROM sqlite_schema WHERE type IN ('trigger', 'view')",
  ).get() !== undefined;
}

/**
 * Brings the schema up to date. Call it within a write transaction: all of it happens or nothing.
 *
 * @throws Failure `database_newer` when a newer program made the schema
 */
export function migrate(
  database: DatabaseSync,
  path: string,
  migrations: readonly string[] = MIGRATIONS,
): void {
  const version = schemaVersion(database);
  if (version < 0 || version === 0 && hasTables(database)) {
    throw new Failure(
      "database_corrupt",
      `${path} has schema version ${version}, which no openvpn-totp wrote: restore a backup`,
    );
  }
  if (version > migrations.length) {
    throw new Failure(
      "database_newer",
      `${path} has schema version ${version}, but this program knows versions up to ` +
        `${migrations.length}: install the newer openvpn-totp that wrote it`,
    );
  }
  for (const migration of migrations.slice(version)) database.exec(migration);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.exec(`PRAGMA user_version = ${migrations.length}`);
}
