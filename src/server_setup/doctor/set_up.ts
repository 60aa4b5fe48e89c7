import type { HostFacts } from "../../store/open_store.ts";
import type { Config } from "../openvpn_config/directive.ts";
import type { Settings } from "../../settings.ts";
import type { PamStack } from "../pam_stack/read_pam_stack.ts";
import type { Unit } from "../systemd/unit_file.ts";
import type { ApparmorFacts } from "./apparmor_facts.ts";
import type { SelinuxFacts } from "./selinux_facts.ts";

/** A file that OpenVPN is configured to run. */
export interface Script {
  /** Its path without symbolic links; null if it does not exist, or is no file. */
  real: string | null;
  isExecutable: boolean;
  /** Who else could change it, in words; null if nobody could. */
  trouble: string | null;
}

/** A directory that files are created in. */
export interface Directory {
  uid: number;
  gid: number;
  mode: number;
}

/** What a login would find at the database's path. */
export type DatabaseState =
  | { state: "missing" }
  /** It cannot be used, or not be read without changing it. */
  | { state: "failed" | "unread"; message: string }
  | { state: "older"; version: number; known: number }
  | {
    state: "open";
    users: number;
    /** Length of the shortest codes; null if nobody is enrolled. */
    fewestDigits: number | null;
    /** How many secrets do not open, and why the first one does not. */
    closed: { count: number; message: string } | null;
    /** Why nothing can be written; null if it can. */
    writeTrouble: string | null;
  };

/** The user that OpenVPN runs the program as. */
export interface RunUser {
  name: string;
  /** Null if the system has no such user. */
  uid: number | null;
  gid: number | null;
}

/** The PAM service that checks passwords, and its rules. */
export interface PamStackFacts {
  service: string;
  auth: PamStack;
  account: PamStack;
  /** Whether its modules are given nothing but the password. */
  isGivenPasswordOnly: boolean;
  /** Accounts that it lets in with an empty password. */
  withoutPassword: readonly string[];
}

/** The service's settings' file, where a management client decides about logins. */
export interface ServiceSettingsFacts {
  path: string;
  /** Its values by name; empty if it cannot be used. */
  values: ReadonlyMap<string, string>;
  /** Why the service does not start with it; null if it does. */
  error: string | null;
}

/** A file or socket; null for nothing. */
export type FileFacts = (Directory & { isSocket: boolean }) | null;

/** A socket on this machine. */
export interface SocketFacts {
  path: string;
  file: FileFacts;
  directory: Directory | null;
  /** Who else could put another directory in its directory's place, in words. */
  trouble: string | null;
}

/** What of the service is there. */
export interface ServiceFacts {
  /** The user that it runs as. */
  user: RunUser;
  /** OpenVPN's management socket; null if it is none with a path. */
  management: SocketFacts | null;
  pam: SocketFacts;
  settingsFile: FileFacts;
  /** Its unit with drop-ins, and the management sockets that it names; null if there is none. */
  unit: { unit: Unit; sockets: readonly string[]; isAsWritten: boolean } | null;
  /** The programs of its unit and of the PAM helpers' unit, which root runs, by their paths. */
  programs: ReadonlyMap<string, Script>;
  /** Where its status is told, and whether anybody answers there; null if it is told nowhere. */
  status: { address: string; answers: boolean } | null;
}

/** Everything that the checks look at, gathered in advance: the checks themselves touch nothing. */
export interface SetUp {
  configPath: string;
  /** Includes the options on the command line of the unit, if there is a unit. */
  config: Config;
  /** Who else could change the configuration or a file that it includes, in words. */
  configTrouble: string | null;
  /** The path of this program without symbolic links. */
  program: string;
  /** The files that the hooks' commands name, by the first word of the command. */
  scripts: ReadonlyMap<string, Script>;
  openvpn: { path: string; version: string } | null;
  /** Why OpenVPN's version is not known; null if it is. */
  openvpnTrouble: string | null;
  unit: Unit | null;
  user: RunUser;
  /** Null if OpenVPN runs the program at hooks. */
  serviceSettings: ServiceSettingsFacts | null;
  /** Null as {@link SetUp.serviceSettings} is. */
  service: ServiceFacts | null;
  /** The default wherever a value is not allowed. */
  settings: Settings;
  /**
   * OpenVPN's key for session tokens, and who else can read or change it; null if it has no file.
   */
  tokenSecret: { path: string; trouble: string | null } | null;
  /**
   * OpenVPN's directory for temporary files; `info` is null if it does not exist, `trouble` says
   * who else could replace it.
   */
  tmpDir: { path: string; info: Directory | null; trouble: string | null };
  /** The directory of the log file, if `totpLog` names one. */
  logDirectory: Directory | null;
  /** Null if it was not looked for. */
  database: DatabaseState | null;
  /** The hosts of the database's URL; null if it is in a file, or was not looked for. */
  databaseHosts: readonly HostFacts[] | null;
  /** Null if PAM is not used. */
  pam: {
    service: string | null;
    serviceTrouble: string | null;
    startTrouble: string | null;
  } | null;
  /** The rules that check passwords; null if neither the program nor a plugin uses PAM. */
  pamStack: PamStackFacts | null;
  clock: { year: number; isSynchronised: boolean | null };
  /** Null if the kernel does not use it. */
  apparmor: ApparmorFacts | null;
  /** Null if the kernel does not use it. */
  selinux: SelinuxFacts | null;
}

/** What the configuration's own lines, and those of the unit, are checked by. */
export type LineFacts = Omit<
  SetUp,
  | "configTrouble"
  | "scripts"
  | "service"
  | "database"
  | "databaseHosts"
  | "pam"
  | "pamStack"
  | "clock"
  | "apparmor"
  | "selinux"
>;
