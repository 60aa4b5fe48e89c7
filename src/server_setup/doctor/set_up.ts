import type { Config } from "../openvpn_config/directive.ts";
import type { Settings } from "../../settings.ts";
import type { Unit } from "../systemd/unit_file.ts";

/** A file that OpenVPN is told to run. */
export interface Script {
  /** Without symbolic links; null when it isn't there. */
  real: string | null;
  isExecutable: boolean;
  /** Who else could change it, in words; null for nobody. */
  trouble: string | null;
}

/** A directory that files are made in. */
export interface Directory {
  uid: number;
  gid: number;
  mode: number;
}

/** How a login would find the database. */
export type DatabaseState =
  | { state: "missing" }
  | { state: "failed"; message: string }
  | { state: "older"; version: number; known: number }
  | {
    state: "open";
    users: number;
    /** Secrets that don't open, and why the first doesn't. */
    closed: { count: number; message: string } | null;
    /** Why nothing can be written. */
    writeTrouble: string | null;
  };

/** Whom OpenVPN runs the program as. */
export interface RunUser {
  name: string;
  /** Null for a name that the system doesn't know. */
  uid: number | null;
  gid: number | null;
}

/** All that the checks look at, gathered beforehand: they themselves touch nothing. */
export interface SetUp {
  configPath: string;
  /** What the unit's command line says, too, where there is a unit. */
  config: Config;
  /** Who else could change the configuration, or what it includes, in words. */
  configTrouble: string | null;
  /** This program, without symbolic links. */
  program: string;
  /** What the hooks' commands name, by their first word. */
  scripts: ReadonlyMap<string, Script>;
  openvpn: { path: string; version: string } | null;
  unit: Unit | null;
  user: RunUser;
  /** The default where a value isn't allowed. */
  settings: Settings;
  /** OpenVPN's key for session tokens, and who else can read or change it; null without a file. */
  tokenSecret: { path: string; trouble: string | null } | null;
  /**
   * OpenVPN's directory for temporary files; `info` is null when there is none, `trouble` says who else
   * could exchange it.
   */
  tmpDir: { path: string; info: Directory | null; trouble: string | null };
  /** The directory of the log's file, where `totpLog` names one. */
  logDirectory: Directory | null;
  /** Null where it wasn't looked for. */
  database: DatabaseState | null;
  /** Null where PAM isn't asked. */
  pam: {
    service: string | null;
    serviceTrouble: string | null;
    startTrouble: string | null;
  } | null;
  clock: { year: number; isSynchronised: boolean | null };
}
