import type { Directive } from "../openvpn_config/directive.ts";
import type { Assignment } from "../systemd/unit_file.ts";

/** How bad a finding is: a problem causes logins to be refused, or lets in people it should not. */
export type Level = "ok" | "warning" | "problem";

/**
 * What each check looks at, by the finding's id. The ids never change, since programs read them.
 */
export const FINDINGS = {
  config: "OpenVPN can read the configuration, and nobody else can write it",
  openvpn_version: "OpenVPN is 2.6.1 or newer",
  script_security: "`script-security` allows OpenVPN to run the program",
  password_script: "`auth-user-pass-verify` runs this program",
  password_method: "the password is passed in a file (`via-file`)",
  code_script: "`client-crresponse` runs this program",
  program_file: "the program can be run, and nobody else can write it",
  session_token: "`auth-gen-token` saves users from entering a code at each renegotiation",
  token_secret: "`auth-gen-token-secret` keeps tokens valid when OpenVPN restarts",
  token_crash: "no session token can crash OpenVPN (`external-auth`)",
  challenge_time: "`reneg-sec` and `hand-window` leave enough time to answer",
  inactive: "`inactive` does not cut short the wait for an answer",
  dropped_rights: "the user that OpenVPN runs as can check passwords (`user`, `User=`)",
  password_factor: "something checks the password, and only once",
  unenrolled: "`totpUnenrolled` lets nobody in with just a password",
  common_name: "clients have certificates whose names `totpCommonName` can compare",
  optional_username: "`auth-user-pass-optional` is not set",
  management: "hooks or the service decide about logins, not both, and nobody else can",
  management_socket: "service: only the service can use OpenVPN's management socket",
  pam_socket: "service: only the service can have PAM check passwords",
  service_settings: "service: its settings' file can be read, and nobody but root can write it",
  service_user: "service: the system has its user",
  service_unit: "service: its unit names this server's management socket",
  service_running: "service: whether it answers",
  chroot: "`chroot` does not hide the program",
  static_challenge: "`static-challenge` is set on clients only",
  answers_in_log: "whether OpenVPN logs users' answers (`verb`)",
  settings: "each `totp…` setting is known and has an allowed value",
  guessing: "how likely it is that a code is guessed in a day",
  log: "the program's log lines are kept",
  tmp_dir: "OpenVPN's temporary files can be created and read",
  unit: "which systemd unit starts OpenVPN",
  unit_tasks: "the unit's task limit leaves enough room",
  unit_memory: "the unit's memory rules let the program start",
  unit_capabilities: "the unit keeps the capabilities that PAM needs",
  unit_paths: "the unit gives the program access to its database, key file and log",
  unit_network: "the unit lets the program reach its database on a PostgreSQL server",
  apparmor: "AppArmor lets OpenVPN do what logins need",
  selinux: "SELinux lets the program out of OpenVPN's domain",
  database: "the database opens as it would for a login",
  database_write: "a login can write to the database",
  database_server:
    "PostgreSQL: a server is reached, of version 13 or later, with the encoding UTF8",
  database_role: "PostgreSQL: the role of logins has no more rights than they need",
  database_tls: "PostgreSQL: nobody can read or change what is said to the server",
  database_commit: "PostgreSQL: used codes stay used when a server crashes or another takes over",
  database_clock: "PostgreSQL: this machine's clock agrees with the database's",
  database_time: "PostgreSQL: how long a round trip takes",
  secrets: "each user's secret opens with the key file and gives a code",
  pam_service: "the PAM service has a file",
  pam_start: "libpam loads and starts with the service",
  pam_codes: "no module of the PAM service asks for another code",
  pam_stack: "the rules of the PAM service refuse wrong passwords, and only those",
  clock: "the clock is right and is kept synchronised",
  password: "`--user`: PAM accepts the user's password",
  any_password: "`--user`: PAM refuses a random password",
} as const;

/** One of {@link FINDINGS}. */
export type FindingId = keyof typeof FINDINGS;

/** The result of one check. */
export interface Finding {
  id: FindingId;
  level: Level;
  what: string;
  /** Why it matters; null if all is well. */
  why: string | null;
  /** The exact line to put into the configuration or the unit; null if there is none. */
  line: string | null;
  /** The exact command to run; null if there is none. */
  command: string | null;
  /** The file and line that it is about. */
  at: string | null;
}

/** What to do about a finding, and where. */
interface Advice {
  line?: string | null;
  command?: string | null;
  at?: Pick<Directive, "file" | "line"> | null;
}

/** All is well. */
export function ok(id: FindingId, what: string): Finding {
  return { id, level: "ok", what, why: null, ...advised({}) };
}

/** Logins work, but something about them could be better. */
export function warning(id: FindingId, what: string, why: string, advice: Advice = {}): Finding {
  return { id, level: "warning", what, why, ...advised(advice) };
}

/** Logins fail, or are less safe than they look. */
export function problem(id: FindingId, what: string, why: string, advice: Advice = {}): Finding {
  return { id, level: "problem", what, why, ...advised(advice) };
}

/** A problem that a line of the systemd unit causes; `line` is what to put in its place. */
export function problemInUnit(
  id: FindingId,
  at: Assignment,
  why: string,
  line: string | null,
): Finding {
  return problem(id, `${at.key}=${at.value} in the unit`, why, { line, at });
}

function advised({ line = null, command = null, at = null }: Advice) {
  return { line, command, at: at === null ? null : `${at.file}:${at.line}` };
}
