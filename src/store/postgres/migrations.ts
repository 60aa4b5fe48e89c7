/** A step of the schema's history. */
export interface Migration {
  sql: string;
  /** The lowest version that a program must know to use the schema from here on. */
  oldestProgram: number;
}

/**
 * The schema's history: entry N leads from version N to N + 1. An entry that has been released is never
 * changed; a change of the schema is a new entry.
 *
 * The tables are those of SQLite's newest schema, with the same columns. Columns of moments (`…_at`,
 * `since`, `until`) are of `EpochMs`. Texts are compared by their bytes, whatever the database's locale.
 */
export const MIGRATIONS: readonly Migration[] = [{
  oldestProgram: 1,
  sql: `CREATE SCHEMA openvpn_totp;
REVOKE ALL ON SCHEMA openvpn_totp FROM PUBLIC;

CREATE TABLE openvpn_totp.schema_version (
  version        integer NOT NULL,
  -- The lowest version that a program must know.
  oldest_program integer NOT NULL
);
CREATE UNIQUE INDEX schema_version_is_one ON openvpn_totp.schema_version ((true));
INSERT INTO openvpn_totp.schema_version VALUES (0, 0);

-- Stays empty; whoever must be alone locks it.
CREATE TABLE openvpn_totp.turns (
);

-- There is room for the next version of a row beside it, so that a login touches no index.
CREATE TABLE openvpn_totp.enrolments (
  username          text COLLATE "C" PRIMARY KEY,
  secret            bytea NOT NULL,
  key_id            text COLLATE "C" NOT NULL,
  algorithm         text COLLATE "C" NOT NULL,
  digits            bigint NOT NULL,
  period            bigint NOT NULL,
  issuer            text COLLATE "C" NOT NULL,
  enrolled_at       bigint NOT NULL,
  tokens_valid_from bigint NOT NULL,
  disabled_at       bigint,
  last_login_at     bigint,
  last_step         bigint,
  -- When the user last came in without a code.
  uncoded_at        bigint,
  failures          bigint NOT NULL DEFAULT 0,
  last_wrong        text COLLATE "C",
  last_wrong_at     bigint,
  locks             bigint NOT NULL DEFAULT 0,
  locked_until      bigint
) WITH (fillfactor = 75);

CREATE INDEX enrolments_by_key ON openvpn_totp.enrolments (key_id);

CREATE TABLE openvpn_totp.challenges (
  attempt     text COLLATE "C" PRIMARY KEY,
  username    text COLLATE "C" NOT NULL
    REFERENCES openvpn_totp.enrolments (username) ON DELETE CASCADE,
  login_name  text COLLATE "C" NOT NULL,
  common_name text COLLATE "C",
  address     text COLLATE "C",
  created_at  bigint NOT NULL,
  expires_at  bigint NOT NULL,
  answer      text COLLATE "C" CHECK (answer IN ('accepted', 'refused'))
);

CREATE INDEX challenges_by_user ON openvpn_totp.challenges (username);
CREATE INDEX challenges_by_expiry ON openvpn_totp.challenges (expires_at);
-- Accepted challenges are kept for a day longer, and must not be looked at each time.
CREATE INDEX challenges_to_forget ON openvpn_totp.challenges (expires_at)
  WHERE answer IS DISTINCT FROM 'accepted';

-- Names that users logged in with where PAM knows them by another.
CREATE TABLE openvpn_totp.login_names (
  login_name text COLLATE "C" PRIMARY KEY,
  username   text COLLATE "C" NOT NULL
    REFERENCES openvpn_totp.enrolments (username) ON DELETE CASCADE
);

CREATE INDEX login_names_by_user ON openvpn_totp.login_names (username);

-- A mark is an HMAC of the code with the user's secret.
CREATE TABLE openvpn_totp.recovery_codes (
  username text COLLATE "C" NOT NULL
    REFERENCES openvpn_totp.enrolments (username) ON DELETE CASCADE,
  mark     text COLLATE "C" NOT NULL,
  PRIMARY KEY (username, mark)
);

-- Users who need no code; they need not be enrolled.
CREATE TABLE openvpn_totp.exemptions (
  username text COLLATE "C" PRIMARY KEY,
  since    bigint NOT NULL,
  until    bigint,
  network  text COLLATE "C"
);

-- When the log last had what it need not have each time.
CREATE TABLE openvpn_totp.notices (
  notice  text COLLATE "C" PRIMARY KEY,
  said_at bigint NOT NULL
);

-- When sessions may have begun that no code let in, of users who need not be enrolled.
CREATE TABLE openvpn_totp.uncoded_sessions (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  username text COLLATE "C" NOT NULL,
  since    bigint NOT NULL,
  until    bigint NOT NULL
);

CREATE INDEX uncoded_sessions_by_user ON openvpn_totp.uncoded_sessions (username, since, id);

CREATE TABLE openvpn_totp.place_failures (
  place   text COLLATE "C" PRIMARY KEY,
  level   double precision NOT NULL,
  last_at bigint NOT NULL,
  gone_at bigint NOT NULL
);

CREATE INDEX place_failures_by_age ON openvpn_totp.place_failures (gone_at);

-- Networks that users have logged in from; the users need not be enrolled.
CREATE TABLE openvpn_totp.known_places (
  place         text COLLATE "C" PRIMARY KEY,
  username      text COLLATE "C" NOT NULL,
  last_login_at bigint NOT NULL,
  failures      bigint NOT NULL,
  last_wrong    text COLLATE "C",
  last_wrong_at bigint,
  locks         bigint NOT NULL,
  locked_until  bigint
);

CREATE INDEX known_places_by_age ON openvpn_totp.known_places (last_login_at);
CREATE INDEX known_places_by_user ON openvpn_totp.known_places (username);
CREATE INDEX known_places_with_failures ON openvpn_totp.known_places (username)
  WHERE failures > 0 OR locked_until IS NOT NULL;

-- Marks of wrong passwords, so that the same one counts once.
CREATE TABLE openvpn_totp.wrong_passwords (
  place text COLLATE "C" NOT NULL,
  mark  text COLLATE "C" NOT NULL,
  until bigint NOT NULL,
  PRIMARY KEY (place, mark)
);

CREATE INDEX wrong_passwords_by_age ON openvpn_totp.wrong_passwords (until);

-- Attempts whose password another factor decides about, until they are answered; a row per place.
CREATE TABLE openvpn_totp.open_attempts (
  attempt    text COLLATE "C" NOT NULL,
  number     bigint NOT NULL,
  place      text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (attempt, number)
);

CREATE INDEX open_attempts_by_place ON openvpn_totp.open_attempts (place, expires_at);
CREATE INDEX open_attempts_by_age ON openvpn_totp.open_attempts (expires_at);

CREATE TABLE openvpn_totp.decisions (
  -- In the order of the transactions' beginning: rows may become visible in another one.
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          bigint NOT NULL,
  login_name  text COLLATE "C",
  username    text COLLATE "C",
  address     text COLLATE "C",
  common_name text COLLATE "C",
  step        text COLLATE "C" NOT NULL,
  outcome     text COLLATE "C" NOT NULL
    CHECK (outcome IN ('challenged', 'accepted', 'refused', 'unchanged')),
  accepted_by text COLLATE "C",
  reason      text COLLATE "C",
  detail      text COLLATE "C",
  count       bigint NOT NULL DEFAULT 1,
  -- When the last of them was made; null where there is one.
  last_at     bigint,
  -- Counts the rows of each outcome, with gaps.
  number      bigint NOT NULL,
  -- A hash of what refusals have in common that become one row.
  fold        bytea,
  -- The transaction that last changed the row.
  xid         xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE INDEX decisions_by_outcome ON openvpn_totp.decisions (outcome, number);
CREATE INDEX decisions_by_fold ON openvpn_totp.decisions (fold, id) WHERE fold IS NOT NULL;
CREATE INDEX decisions_by_change ON openvpn_totp.decisions (xid, id);

CREATE SEQUENCE openvpn_totp.challenged_numbers;
CREATE SEQUENCE openvpn_totp.accepted_numbers;
CREATE SEQUENCE openvpn_totp.refused_numbers;
CREATE SEQUENCE openvpn_totp.unchanged_numbers;

-- Everybody who is enrolled or exempt, by what similar names have in common.
CREATE TABLE openvpn_totp.similar_names (
  similarity_key text COLLATE "C" NOT NULL,
  username       text COLLATE "C" NOT NULL,
  PRIMARY KEY (similarity_key, username)
);
`,
}];

/** The version of the schema that this program makes and uses. */
export const SCHEMA_VERSION = MIGRATIONS.length;
