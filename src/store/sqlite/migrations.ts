import type { DatabaseSync } from "node:sqlite";
import { Failure } from "../../core/failure.ts";
import { APPLICATION_ID } from "./header.ts";
import { makeSimilarNames } from "./similar_names.ts";

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

  `ALTER TABLE enrolments ADD COLUMN tokens_valid_from INTEGER NOT NULL DEFAULT 0;
   UPDATE enrolments SET tokens_valid_from = max(enrolled_at, coalesce(disabled_at, 0));

   -- When sessions may have begun that no code let in, of users who need not be enrolled.
   CREATE TABLE uncoded_sessions (
     username TEXT NOT NULL,
     since    INTEGER NOT NULL,
     until    INTEGER NOT NULL
   ) STRICT;

   CREATE INDEX uncoded_sessions_by_user ON uncoded_sessions (username, since);

   -- By then, OpenVPN had begun the last one, however long PAM was allowed to take.
   INSERT INTO uncoded_sessions
     SELECT username, 0, uncoded_at + 310000 FROM enrolments WHERE uncoded_at IS NOT NULL;

   DROP TABLE password_failures;

   CREATE TABLE place_failures (
     place   TEXT PRIMARY KEY,
     level   REAL NOT NULL,
     last_at INTEGER NOT NULL,
     gone_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;

   CREATE INDEX place_failures_by_age ON place_failures (gone_at);

   -- Networks that users have logged in from; the users need not be enrolled.
   CREATE TABLE known_places (
     place         TEXT PRIMARY KEY,
     username      TEXT NOT NULL,
     last_login_at INTEGER NOT NULL,
     failures      INTEGER NOT NULL,
     last_wrong    TEXT,
     last_wrong_at INTEGER,
     locks         INTEGER NOT NULL,
     locked_until  INTEGER
   ) STRICT, WITHOUT ROWID;

   CREATE INDEX known_places_by_age ON known_places (last_login_at);
   CREATE INDEX known_places_by_user ON known_places (username);

   -- Marks of wrong passwords, so that the same one counts once.
   CREATE TABLE wrong_passwords (
     place TEXT NOT NULL,
     mark  TEXT NOT NULL,
     until INTEGER NOT NULL,
     PRIMARY KEY (place, mark)
   ) STRICT, WITHOUT ROWID;

   CREATE INDEX wrong_passwords_by_age ON wrong_passwords (until);

   -- Attempts whose password another factor decides about, until they are answered; a row per place.
   CREATE TABLE open_attempts (
     attempt    TEXT NOT NULL,
     number     INTEGER NOT NULL,
     place      TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     PRIMARY KEY (attempt, number)
   ) STRICT, WITHOUT ROWID;

   CREATE INDEX open_attempts_by_place ON open_attempts (place, expires_at);
   CREATE INDEX open_attempts_by_age ON open_attempts (expires_at);

   ALTER TABLE decisions ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
   -- When the last of them was made; null where there is one.
   ALTER TABLE decisions ADD COLUMN last_at INTEGER;
   -- Counts the rows of each outcome. Rows of before have none: there may be millions, and a login,
   -- which has little time, may be the first to open the database. They go by their age.
   ALTER TABLE decisions ADD COLUMN number INTEGER;
   -- What refusals have in common that become one row.
   ALTER TABLE decisions ADD COLUMN fold TEXT;

   CREATE INDEX decisions_by_outcome ON decisions (outcome, number) WHERE number IS NOT NULL;
   CREATE INDEX decisions_by_fold ON decisions (fold, id) WHERE fold IS NOT NULL;`,

  // Everybody who is enrolled or exempt, by what similar names have in common (`similarityKey`); and
  // challenges by what may be forgotten.
  `CREATE TABLE similar_names (
     similarity_key TEXT NOT NULL,
     username       TEXT NOT NULL,
     PRIMARY KEY (similarity_key, username)
   ) STRICT, WITHOUT ROWID;

   -- Accepted challenges are kept for a day longer, and must not be looked at each time.
   CREATE INDEX challenges_to_forget ON challenges (expires_at) WHERE answer IS NOT 'accepted';`,
];

/**
 * The first version whose similar names have the keys of today's rule (`similarityKey`): another rule
 * needs another version, be its migration empty.
 */
const VERSION_WITH_NAMES = 8;

/** The schema version of an open database. */
export function schemaVersion(database: DatabaseSync): number {
  return database.prepare("PRAGMA user_version").get()!.user_version as number;
}

/** Says whether there is anything in a database. */
export function hasTables(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema").get() !== undefined;
}

/**
 * Says whether a database has triggers or views. We create none; they would act on our statements.
 * SQLite obeys them in whatever case their type is written.
 */
export function hasForeignRules(database: DatabaseSync): boolean {
  return database.prepare(
    "SELECT 1 FROM sqlite_schema WHERE lower(type) IN ('trigger', 'view')",
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
  const lacksNames = version < VERSION_WITH_NAMES && migrations.length >= VERSION_WITH_NAMES;
  if (version > 0 && lacksNames) makeSimilarNames(database);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.exec(`PRAGMA user_version = ${migrations.length}`);
}
