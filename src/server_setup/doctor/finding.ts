import type { Directive } from "../openvpn_config/directive.ts";
import type { Assignment } from "../systemd/unit_file.ts";

/** How bad a finding is: a problem refuses logins, or lets in whom it should not. */
export type Level = "ok" | "warning" | "problem";

/** What is looked at, by the finding's id. Ids stay as they are: programs read them. */
export const FINDINGS = {
  config: "OpenVPN can read the configuration, and nobody else can write it",
  openvpn_version: "OpenVPN is 2.6.1 or newer",
  script_security: "`script-security` lets OpenVPN run the program",
  password_script: "`auth-user-pass-verify` runs this program",
  password_method: "the password comes by a file (`via-file`)",
  code_script: "`client-crresponse` runs this program",
  program_file: "the program can be run, and nobody else can write it",
  session_token: "`auth-gen-token` spares users a code at each renegotiation",
  challenge_time: "`reneg-sec`, `hand-window` leave the time for an answer",
  inactive: "`inactive` doesn't end the wait for an answer",
  dropped_rights: "OpenVPN's user can check passwords (`user`, `User=`)",
  password_factor: "something checks the password, once",
  unenrolled: "`totpUnenrolled` lets nobody in by the password alone",
  optional_username: "`auth-user-pass-optional` isn't set",
  management: "`management-client-auth` leaves logins to the program",
  chroot: "`chroot` doesn't hide the program",
  static_challenge: "`static-challenge` stands on clients alone",
  answers_in_log: "what OpenVPN logs of answers (`verb`)",
  settings: "each `totp…` setting is known, and has an allowed value",
  log: "the program's log lines arrive",
  tmp_dir: "OpenVPN's temporary files can be made, and read",
  unit: "the systemd unit that starts OpenVPN",
  unit_tasks: "the unit's limit of tasks leaves room",
  unit_memory: "the unit's memory rules let the program start",
  unit_capabilities: "the unit leaves the capabilities that PAM needs",
  unit_paths: "the unit shows database, key file and log to the program",
  database: "the database opens as at a login",
  database_write: "a login can write in the database",
  secrets: "each user's secret opens with the key file, and gives a code",
  pam_service: "the PAM service has a file",
  pam_start: "libpam loads, and begins with the service",
  clock: "the clock is right and kept so",
  password: "`--user`: PAM accepts the user's password",
} as const;

/** One of {@link FINDINGS}. */
export type FindingId = keyof typeof FINDINGS;

/** What came of looking at something. */
export interface Finding {
  id: FindingId;
  level: Level;
  what: string;
  /** Why it matters; null where all is well. */
  why: string | null;
  /** The line to put, exactly; null where there is none. */
  line: string | null;
  /** The command to run, exactly; null where there is none. */
  command: string | null;
  /** File and line that it stands in. */
  at: string | null;
}

/** What a finding has besides its id, level and `what`. */
interface More {
  line?: string | null;
  command?: string | null;
  at?: Directive | null;
}

/** All is well. */
export function ok(id: FindingId, what: string): Finding {
  return {
    ...{ id, level: "ok", what, why: null },
    ...{ line: null, command: null, at: null },
  };
}

/** Logins work, and something about them could be better. */
export function warning(
  id: FindingId,
  what: string,
  why: string,
  more: More = {},
): Finding {
  return make(id, "warning", what, why, more);
}

/** Logins fail, or are less safe than they look. */
export function problem(
  id: FindingId,
  what: string,
  why: string,
  more: More = {},
): Finding {
  return make(id, "problem", what, why, more);
}

/** What a line of a unit does to logins. */
export function problemInUnit(
  id: FindingId,
  { key, value, file, line }: Assignment,
  why: string,
  mend: string | null,
): Finding {
  const what = `${key}=${value} in the unit`;
  return { ...problem(id, what, why, { line: mend }), at: `${file}:${line}` };
}

function make(
  id: FindingId,
  level: Level,
  what: string,
  why: string,
  { line = null, command = null, at = null }: More,
): Finding {
  const place = at === null ? null : `${at.file}:${at.line}`;
  return { id, level, what, why, line, command, at: place };
}
