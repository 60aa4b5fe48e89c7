import { CHALLENGE_METHODS, type ChallengeMethod } from "./core/challenge_method.ts";
import { COMMON_NAME_RULES, type CommonNameRule } from "./core/common_name.ts";
import type { DatabasePlace } from "./core/database_place.ts";
import { LONGEST_LOCK_SECONDS } from "./core/lockout.ts";
import type { AppendPosition, LoginRules } from "./core/login_rules.ts";
import { Failure } from "./core/failure.ts";
import { parsePostgresUrl, postgresPlace } from "./core/postgres_url.ts";
import { hasControl, quoted } from "./text/printable.ts";

/** Where a decision's log line goes: standard error, syslog, or a file with this absolute path. */
export type LogTarget = "stderr" | "syslog" | `/${string}`;

/** Who checks username and password. */
export type PrimaryAuth = "pam" | "external";

/** One `totp…` setting: `setenv NAME VALUE` in the server's configuration. */
interface Setting<T> {
  /** The name, as in the guide that users follow. */
  name: string;
  /** What the setting does, for help and documentation. */
  meaning: string;
  /** What {@link Setting.parse} accepts, in words. */
  allowed: string;
  /** The default as text for {@link Setting.parse}, or in words if it is not a plain value. */
  default: string;
  /** The value for the program; undefined if the text is not allowed. */
  parse(text: string): T | undefined;
  /** Says what is wrong with a text that may have a password in it, and so must not be repeated. */
  objection?(text: string): string;
}

/** Longest challenge text that OpenVPN's own client passes on, in bytes of UTF-8. */
const MAX_TEXT_BYTES = 234;

/** Longest allowed wait, in seconds: an honest user in a network under attack waits that long, too. */
const MAX_WAIT_SECONDS = 600;

/** Longest path of a file, in bytes; SQLite accepts 512 including its suffixes. */
const MAX_PATH_BYTES = 500;

/** All settings. Values are checked before a login continues: a bad value refuses it. */
export const SETTINGS = {
  challengeTimeout: setting({
    name: "totpChallengeTimeout",
    meaning: "seconds that a user has to answer the challenge",
    allowed: "a whole number of seconds from 1 to 86400",
    default: "300",
    parse: wholeNumber(1, 86_400),
  }),
  challengeText: setting({
    name: "totpChallengeText",
    meaning: "text of the challenge, as the user sees it",
    allowed: `1 to ${MAX_TEXT_BYTES} bytes of UTF-8 on one line, without control characters`,
    default: "Please enter your TOTP code",
    parse: plainText(MAX_TEXT_BYTES),
  }),
  challengeMethods: setting({
    name: "totpChallengeMethods",
    meaning: "methods of getting a code from a client, in the order to try them",
    allowed: `a comma-separated list of ${CHALLENGE_METHODS.join(", ")}, each at most once; ` +
      "append must come before dynamic",
    default: "crtext,static,dynamic",
    parse: challengeMethods,
  }),
  appendPosition: setting<AppendPosition>({
    name: "totpAppendPosition",
    meaning: "where an appended code is: after the password (`suffix`) or before it (`prefix`)",
    allowed: "`suffix` or `prefix`",
    default: "suffix",
    parse: (text) => text === "suffix" || text === "prefix" ? text : undefined,
  }),
  bindAddress: setting({
    name: "totpBindAddress",
    meaning: "whether the code must come from the address that was challenged",
    allowed: "`yes` or `no`",
    default: "yes",
    parse: (text) => text === "yes" ? true : text === "no" ? false : undefined,
  }),
  commonName: setting<CommonNameRule>({
    name: "totpCommonName",
    meaning: "whether the login name must be the common name of the client's certificate",
    allowed: "`any`, `same` or `same-ignoring-case`",
    default: "any",
    parse: (text) => COMMON_NAME_RULES.find((rule) => rule === text),
  }),
  unenrolled: setting({
    name: "totpUnenrolled",
    meaning:
      "whether users who are not enrolled may log in by their password alone, with a warning in the log",
    allowed: "`deny` or `allow`",
    default: "deny",
    parse: (text) => text === "deny" || text === "allow" ? text : undefined,
  }),
  database: setting<string>({
    name: "totpDatabase",
    meaning: "database on a PostgreSQL server that several OpenVPN servers share",
    allowed: "`postgres://user@host/database`, with parameters of libpq; see docs/fleet.md",
    default: "none: the file of `totpTokenDbPath`",
    parse: (text) => "address" in parsePostgresUrl(text) ? text : undefined,
    objection(text) {
      const parsed = parsePostgresUrl(text);
      return "objection" in parsed ? parsed.objection : "";
    },
  }),
  databaseTimeoutSeconds: setting({
    name: "totpDatabaseTimeout",
    meaning: "seconds that a login waits for the PostgreSQL server before it is refused",
    allowed: "a whole number of seconds from 1 to 60",
    default: "5",
    parse: wholeNumber(1, 60),
  }),
  tokenDbPath: setting({
    name: "totpTokenDbPath",
    meaning: "path of the database, where there is no `totpDatabase`",
    allowed: "an absolute path to a file, at most 500 bytes",
    default: "/var/lib/openvpn-totp/token_index.sqlite3",
    parse: absolutePath,
  }),
  keyFile: setting({
    name: "totpKeyFile",
    meaning: "path of the key file that seals the secrets",
    allowed: "an absolute path to a file, at most 500 bytes",
    default: "/etc/openvpn-totp/key",
    parse: absolutePath,
  }),
  issuerName: setting({
    name: "totpIssuerName",
    meaning: "issuer that authenticator apps show; read by `enroll` and `import`",
    allowed: "1 to 128 bytes of UTF-8 on one line, without control characters and without a colon",
    default: "OpenVPN Server",
    parse: (text) => text.includes(":") ? undefined : plainText(128)(text),
  }),
  primaryAuth: setting<PrimaryAuth>({
    name: "totpPrimaryAuth",
    meaning: "who checks the password: PAM (`pam`), or another factor of OpenVPN (`external`)",
    allowed: "`pam` or `external`",
    default: "pam",
    parse: (text) => text === "pam" || text === "external" ? text : undefined,
  }),
  pamService: setting({
    name: "totpPamService",
    meaning: "PAM service that checks the password",
    allowed: "1 to 64 letters, digits, `_`, `-` and `.`, beginning with a letter, a digit or `_`",
    default: "`openvpn` if `/etc/pam.d/openvpn` exists, otherwise `login`",
    parse: (text) => /^\w[\w.-]{0,63}$/.test(text) ? text : undefined,
  }),
  pamTimeoutSeconds: setting({
    name: "totpPamTimeout",
    meaning: "seconds that PAM has to answer before the login is refused",
    allowed: "a whole number of seconds from 1 to 300",
    default: "15",
    parse: wholeNumber(1, 300),
  }),
  driftSteps: setting({
    name: "totpDriftSteps",
    meaning: "time steps before and after the current one whose codes are accepted too",
    allowed: "a whole number from 0 to 10",
    default: "1",
    parse: wholeNumber(0, 10),
  }),
  maxFailures: setting({
    name: "totpMaxFailures",
    meaning: "wrong codes in a row that lock a user's codes for a time",
    allowed: "a whole number from 1 to 100",
    default: "5",
    parse: wholeNumber(1, 100),
  }),
  lockoutSeconds: setting({
    name: "totpLockoutSeconds",
    meaning:
      "length of the first lock in seconds; each further lock within a day is twice as long, up to a day, " +
      "or an hour where the user has logged in lately",
    allowed: `a whole number of seconds from 1 to ${LONGEST_LOCK_SECONDS.known}`,
    default: "60",
    parse: wholeNumber(1, LONGEST_LOCK_SECONDS.known),
  }),
  freePasswords: setting({
    name: "totpFreePasswords",
    meaning:
      "failed logins of one user from one network before waits begin; an address has 5 times as many",
    allowed: "a whole number from 1 to 100",
    default: "3",
    parse: wholeNumber(1, 100),
  }),
  maxWaitSeconds: setting({
    name: "totpMaxWaitSeconds",
    meaning:
      "longest wait after failed logins, in seconds; waits begin at one second and double, and each " +
      "quiet time of this length takes one failure back",
    allowed: `a whole number of seconds from 1 to ${MAX_WAIT_SECONDS}`,
    default: "300",
    parse: wholeNumber(1, MAX_WAIT_SECONDS),
  }),
  auditDays: setting({
    name: "totpAuditDays",
    meaning: "days that the audit trail goes back",
    allowed: "a whole number from 1 to 3650",
    default: "90",
    parse: wholeNumber(1, 3650),
  }),
  auditRows: setting({
    name: "totpAuditRows",
    meaning: "largest number of decisions of each outcome that the audit trail keeps",
    allowed: "a whole number from 100 to 10000000",
    default: "100000",
    parse: wholeNumber(100, 10_000_000),
  }),
  log: setting<LogTarget>({
    name: "totpLog",
    meaning: "where the log line of each decision goes",
    allowed: "`stderr`, `syslog` or an absolute path to a file",
    default: "stderr",
    parse: (text) =>
      text === "stderr" || text === "syslog" ? text : absolutePath(text) as LogTarget | undefined,
  }),
};

/** All settings. */
export interface Settings extends LoginRules {
  challengeText: string;
  /** Where the database is. */
  database: DatabasePlace;
  keyFile: string;
  primaryAuth: PrimaryAuth;
  /** Null if none was set. */
  pamService: string | null;
  pamTimeoutSeconds: number;
  log: LogTarget;
  issuerName: string;
}

/** Reads a variable from the environment; undefined if it is not set. */
export type ReadVariable = (name: string) => string | undefined;

/** The result of reading each setting separately. */
export interface ReadSettings {
  /** The settings that are valid. */
  good: Partial<Settings>;
  /** What is wrong with the first invalid setting; null if all are valid. */
  failure: Failure | null;
}

/**
 * How each setting is read. A login needs no issuer name, but otherwise nobody would notice a bad
 * one.
 */
const READERS: { [Name in keyof Settings]: (read: ReadVariable) => Settings[Name] } = {
  challengeTimeoutSeconds: (read) => readSetting(SETTINGS.challengeTimeout, read),
  challengeText: (read) => readSetting(SETTINGS.challengeText, read),
  challengeMethods: (read) => readSetting(SETTINGS.challengeMethods, read),
  appendPosition: (read) => readSetting(SETTINGS.appendPosition, read),
  bindAddress: (read) => readSetting(SETTINGS.bindAddress, read),
  commonName: (read) => readSetting(SETTINGS.commonName, read),
  unenrolled: (read) => readSetting(SETTINGS.unenrolled, read),
  database: (read) => readDatabasePlace(read),
  keyFile: (read) => readSetting(SETTINGS.keyFile, read),
  primaryAuth: (read) => readSetting(SETTINGS.primaryAuth, read),
  pamService(read) {
    const text = read(SETTINGS.pamService.name);
    return text === undefined ? null : checkSetting(SETTINGS.pamService, "totpPamService", text);
  },
  pamTimeoutSeconds: (read) => readSetting(SETTINGS.pamTimeoutSeconds, read),
  driftSteps: (read) => readSetting(SETTINGS.driftSteps, read),
  lockout: (read) => ({
    maxFailures: readSetting(SETTINGS.maxFailures, read),
    lockoutSeconds: readSetting(SETTINGS.lockoutSeconds, read),
  }),
  throttle: (read) => ({
    freeFailures: readSetting(SETTINGS.freePasswords, read),
    maxWaitSeconds: readSetting(SETTINGS.maxWaitSeconds, read),
  }),
  audit: (read) => ({
    maxDays: readSetting(SETTINGS.auditDays, read),
    maxRows: readSetting(SETTINGS.auditRows, read),
  }),
  log: (read) => readSetting(SETTINGS.log, read),
  issuerName: (read) => readSetting(SETTINGS.issuerName, read),
};

/**
 * Reads each setting once from the environment that OpenVPN provides. It never throws: if a setting
 * is bad, logging and recording the refusal still need the others.
 */
export function readEachSetting(read: ReadVariable): ReadSettings {
  const good: Record<string, unknown> = {};
  let failure: Failure | null = null;
  for (const [name, readOne] of Object.entries(READERS)) {
    try {
      good[name] = readOne(read);
    } catch (error) {
      failure ??= error instanceof Failure
        ? error
        : new Failure("bad_setting", "a setting cannot be read");
    }
  }
  return { good: good as Partial<Settings>, failure };
}

/**
 * All settings, if all of them are valid.
 *
 * @throws Failure `bad_setting` that names the setting, the value and what is allowed
 */
export function requireSettings({ good, failure }: ReadSettings): Settings {
  if (failure !== null) throw failure;
  return good as Settings;
}

/**
 * Reads all settings from the environment.
 *
 * @throws Failure as {@link requireSettings}
 */
export function readSettings(read: ReadVariable): Settings {
  return requireSettings(readEachSetting(read));
}

/**
 * Reads one setting, or returns its default.
 *
 * @throws Failure `bad_setting`
 */
export function readSetting<T>(setting: Setting<T>, read: ReadVariable): T {
  return checkSetting(setting, setting.name, read(setting.name));
}

/**
 * Checks a text against a setting's rule; without a text, returns the default.
 *
 * @param source what the error names: the setting, or the option that stands for it
 * @throws Failure `bad_setting`, or `usage` if the value came from an option
 */
export function checkSetting<T>(
  setting: Setting<T>,
  source: string,
  text: string | undefined,
): T {
  const value = setting.parse(text ?? setting.default);
  if (value !== undefined) return value;
  const objection = setting.objection?.(text ?? "");
  throw new Failure(
    source === setting.name ? "bad_setting" : "usage",
    objection === undefined
      ? `${source} is ${quoted(text ?? "")}, expected ${setting.allowed}`
      : `${source} is not allowed: ${objection}; expected ${setting.allowed}`,
  );
}

/**
 * Where the database is: on a server if `totpDatabase` is set, otherwise in a file. Both are checked,
 * as a bad value is a mistake in any case.
 *
 * @param passFile where the password is if the URL does not say
 * @throws Failure `bad_setting`
 */
export function readDatabasePlace(
  read: ReadVariable,
  passFile: string | null = null,
): DatabasePlace {
  const path = readSetting(SETTINGS.tokenDbPath, read);
  const timeoutSeconds = readSetting(SETTINGS.databaseTimeoutSeconds, read);
  const given = read(SETTINGS.database.name);
  if (given === undefined) return { engine: "sqlite", path };
  const url = checkSetting(SETTINGS.database, SETTINGS.database.name, given);
  return postgresPlace(url, timeoutSeconds * 1000, passFile)!;
}

/** Gives each entry of {@link SETTINGS} its own type. */
function setting<T>(setting: Setting<T>): Setting<T> {
  return setting;
}

function wholeNumber(
  least: number,
  most: number,
): (text: string) => number | undefined {
  return (text) => {
    const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
    return number >= least && number <= most ? number : undefined;
  };
}

/**
 * Parses the list of methods. Every client supports the dynamic challenge, so `append` after it
 * would never be reached.
 */
function challengeMethods(text: string): ChallengeMethod[] | undefined {
  const methods = text.split(",").map((name) =>
    CHALLENGE_METHODS.find((method) => method === name.trim())
  );
  const known = methods.filter((method) => method !== undefined);
  const isOnce = new Set(known).size === methods.length;
  const append = known.indexOf("append");
  const dynamic = known.indexOf("dynamic");
  const isReached = append === -1 || dynamic === -1 || append < dynamic;
  return known.length === methods.length && isOnce && isReached ? known : undefined;
}

function plainText(maxBytes: number): (text: string) => string | undefined {
  return (text) => {
    // Every character is at least one byte, so text that is far too long need not be encoded.
    if (text.length > maxBytes) return undefined;
    const bytes = new TextEncoder().encode(text).length;
    const isAllowed = bytes > 0 && bytes <= maxBytes && text.trim() !== "" &&
      !hasControl(text);
    return isAllowed ? text : undefined;
  };
}

function absolutePath(text: string): string | undefined {
  if (text.length > MAX_PATH_BYTES) return undefined;
  const bytes = new TextEncoder().encode(text).length;
  const isAllowed = bytes <= MAX_PATH_BYTES && text.startsWith("/") &&
    !text.endsWith("/") &&
    !hasControl(text);
  return isAllowed ? text : undefined;
}
