import { basename, dirname, resolve } from "node:path/posix";
import type { EpochMs } from "../../core/epoch.ts";
import { isClockSynchronised } from "../../system/clock.ts";
import { findAccount } from "../../system/accounts.ts";
import { SETTINGS_FILE } from "../../service_options.ts";
import type { Settings } from "../../settings.ts";
import { readEffectiveConfig, unitFor } from "../configuration/effective_config.ts";
import { commandWords, HOOKS, isOtherTotp } from "../configuration/hook_lines.ts";
import { isServiceMode } from "../configuration/service_lines.ts";
import { type Config, directivesNamed, lastNamed } from "../openvpn_config/directive.ts";
import type { ReadFile } from "../openvpn_config/read_config.ts";
import { needsOf } from "../apparmor/needs.ts";
import { commandOf, lastOf, type Unit } from "../systemd/unit_file.ts";
import { gatherApparmor } from "./apparmor_facts.ts";
import { directoryAt, readersOf, scriptAt, troubleAbove, troubleOf } from "./file_facts.ts";
import { findOpenvpn } from "./openvpn_version.ts";
import { pamStackOf } from "./pam_stack_facts.ts";
import { probePam } from "./probe_pam.ts";
import { examineServer, rehearseDatabase } from "./rehearsal.ts";
import { gatherSelinux } from "./selinux_facts.ts";
import { gatherService, readServiceSettings } from "./service_facts.ts";
import type { LineFacts, RunUser, Script, SetUp } from "./set_up.ts";
import { areFilesNamed, settingsIn, settingsOf, variablesIn } from "./settings_in_config.ts";

/** Where to look. */
export interface GatherOptions {
  configPath: string;
  /** OpenVPN's program, if it is neither the unit's nor in one of the usual places. */
  openvpn: string | undefined;
  readFile: ReadFile;
  now(): EpochMs;
}

/** What the configuration's lines are gathered with. */
type LineOptions = Omit<GatherOptions, "now"> & {
  /** This program's path. */
  program: string;
  /** The service's settings. */
  settingsPath: string;
};

/** Gathers everything that the checks look at; changes nothing. */
export async function gatherSetUp({ now, ...options }: GatherOptions): Promise<SetUp> {
  const lines = gatherLines({
    ...options,
    program: Deno.execPath(),
    settingsPath: SETTINGS_FILE,
  });
  const { configPath, config, settings, serviceSettings } = lines;
  const service = serviceSettings === null
    ? null
    : await gatherService(config, serviceSettings.path);
  const user = service?.user ?? lines.user;
  const values = serviceSettings?.values ?? variablesIn(config);
  const pam = settings.primaryAuth === "pam" ? probePam(settings) : null;
  const scripts = scriptsIn(config);
  return {
    ...lines,
    configTrouble: configTrouble(configPath, config),
    scripts,
    service,
    ...areFilesNamed(values)
      ? await rehearse(settings, { user, isService: service !== null }, now())
      : NO_DATABASE,
    pam,
    pamStack: pamStackOf(config, settings, pam),
    clock: { year: new Date(now()).getUTCFullYear(), isSynchronised: isSynchronised() },
    ...gatherConfinement(lines, scripts, now()),
  };
}

/** What the kernel's security modules have to say about OpenVPN, and what it runs. */
function gatherConfinement(
  { config, settings, openvpn, program, serviceSettings }: LineFacts,
  scripts: ReadonlyMap<string, Script>,
  now: EpochMs,
): Pick<SetUp, "apparmor" | "selinux"> {
  const found = [...new Set([...scripts.values()].flatMap(({ real }) => real ?? []))];
  const programs = found.length === 0 ? [program] : found;
  const isService = serviceSettings !== null;
  return {
    apparmor: gatherApparmor(() => needsOf({ programs, config, isService }), now),
    selinux: gatherSelinux({ openvpn: openvpn?.path ?? null, programs, settings }),
  };
}

/**
 * Gathers what the checks of the configuration's lines look at: neither the database nor PAM.
 */
export function gatherLines(
  { configPath, openvpn, readFile, program, settingsPath }: LineOptions,
): LineFacts {
  const unit = unitFor(configPath);
  const config = readEffectiveConfig(configPath, unit, readFile);
  const user = runUser(config, unit);
  const serviceSettings = decidesService(config, program)
    ? readServiceSettings(settingsPath, readFile)
    : null;
  const settings = serviceSettings === null
    ? settingsIn(config)
    : settingsOf(serviceSettings.values);
  return {
    configPath,
    config,
    program: Deno.realPathSync(program),
    ...findOpenvpn(openvpn, startedBy(unit)),
    unit,
    user,
    serviceSettings,
    settings,
    tokenSecret: tokenSecretIn(config),
    tmpDir: tmpDirIn(config, user),
    logDirectory: settings.log.startsWith("/") ? directoryAt(dirname(settings.log)) : null,
  };
}

/** The program that a unit starts; null if it is not known. */
function startedBy(unit: Unit | null): string | null {
  return unit === null ? null : commandOf(unit)?.words[0] ?? null;
}

/** Says whether the configuration leaves logins to a management client. */
function decidesService(config: Config, program: string): boolean {
  return isServiceMode(config, ({ words: [command = ""] }) => {
    const [path = ""] = commandWords(command);
    const isOurs = scriptAt(resolve(config.directory, path)).real === Deno.realPathSync(program);
    return isOurs || basename(path) === "openvpn-totp" || isOtherTotp(command);
  });
}

function configTrouble(configPath: string, { files }: Config): string | null {
  const troubles = [...new Set([configPath, ...files])].map(troubleOf);
  return troubles.find((trouble) => trouble !== null) ?? null;
}

function runUser(config: Config, unit: Unit | null): RunUser {
  const name = lastNamed(config, "user")?.words[0] ??
    (unit === null ? null : lastOf(unit, "User")?.value) ?? "root";
  const account = /^\d+$/.test(name) ? { uid: uidOf(name), gid: null } : findAccount(name);
  return { name, uid: account?.uid ?? null, gid: account?.gid ?? null };
}

/** Null for a number that no user can have. */
function uidOf(digits: string): number | null {
  const LARGEST = 0xffff_fffe;
  return Number(digits) <= LARGEST ? Number(digits) : null;
}

/** The file with the key for session tokens, if the configuration names one. */
function tokenSecretIn(config: Config): SetUp["tokenSecret"] {
  const at = lastNamed(config, "auth-gen-token-secret");
  const [name] = at?.words ?? [];
  if (at === null || at.isInline || name === undefined) return null;
  const path = resolve(config.directory, name);
  return { path, trouble: troubleOf(path) ?? readersOf(path) };
}

function tmpDirIn(config: Config, user: RunUser): SetUp["tmpDir"] {
  const name = lastNamed(config, "tmp-dir")?.words[0] ?? "/tmp";
  // Without a name, there is no directory; resolve() would give the one that it begins from.
  const path = name === "" ? "" : resolve(config.directory, name);
  return { path, info: directoryAt(path), trouble: troubleAbove(path, user.uid ?? 0) };
}

function scriptsIn(config: Config): Map<string, Script> {
  const scripts = new Map<string, Script>();
  for (const { words: [command = ""] } of HOOKS.flatMap((hook) => directivesNamed(config, hook))) {
    const [path = ""] = commandWords(command);
    scripts.set(path, scriptAt(resolve(config.directory, path)));
  }
  return scripts;
}

async function rehearse(
  settings: Settings,
  { user, isService }: { user: RunUser; isService: boolean },
  now: EpochMs,
): Promise<Pick<SetUp, "database" | "databaseHosts">> {
  const { uid } = user;
  if (uid === null) return NO_DATABASE;
  const process = { user: { ...user, uid }, isService };
  return {
    database: await rehearseDatabase(settings, process, now),
    databaseHosts: await examineServer(settings, process),
  };
}

const NO_DATABASE = { database: null, databaseHosts: null };

/** Null if the system does not say. */
function isSynchronised(): boolean | null {
  try {
    return isClockSynchronised();
  } catch {
    return null;
  }
}
