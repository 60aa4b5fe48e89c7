import { dirname, resolve } from "node:path/posix";
import type { EpochMs } from "../../core/epoch.ts";
import { isClockSynchronised } from "../../system/clock.ts";
import { findAccount } from "../../system/accounts.ts";
import type { Settings } from "../../settings.ts";
import { unitNameFor } from "../configuration/config_file.ts";
import { readEffectiveConfig } from "../configuration/effective_config.ts";
import { commandWords, HOOKS } from "../configuration/hook_lines.ts";
import { type Config, directivesNamed, lastNamed } from "../openvpn_config/directive.ts";
import type { ReadFile } from "../openvpn_config/read_config.ts";
import { readUnit } from "../systemd/read_unit.ts";
import { lastOf, type Unit } from "../systemd/unit_file.ts";
import { directoryAt, readersOf, scriptAt, troubleAbove, troubleOf } from "./file_facts.ts";
import { findOpenvpn } from "./openvpn_version.ts";
import { pamStackOf } from "./pam_stack_facts.ts";
import { probePam } from "./probe_pam.ts";
import { rehearseDatabase } from "./rehearsal.ts";
import type { LineFacts, RunUser, Script, SetUp } from "./set_up.ts";
import { areFilesNamed, settingsIn } from "./settings_in_config.ts";

/** Where to look. */
export interface GatherOptions {
  configPath: string;
  /** OpenVPN's program, if it is not in one of the usual places. */
  openvpn: string | undefined;
  readFile: ReadFile;
  now(): EpochMs;
}

/** Gathers everything that the checks look at; changes nothing. */
export async function gatherSetUp({ now, ...options }: GatherOptions): Promise<SetUp> {
  const lines = gatherLines({ ...options, program: Deno.execPath() });
  const { configPath, config, settings, user } = lines;
  const pam = settings.primaryAuth === "pam" ? probePam(settings) : null;
  return {
    ...lines,
    configTrouble: configTrouble(configPath, config),
    scripts: scriptsIn(config),
    database: areFilesNamed(config) ? await rehearse(settings, user, now()) : null,
    pam,
    pamStack: pamStackOf(config, settings, pam),
    clock: { year: new Date(now()).getUTCFullYear(), isSynchronised: isSynchronised() },
  };
}

/**
 * Gathers what the checks of the configuration's lines look at: neither the database nor PAM.
 *
 * @param options `program` is this program's path
 */
export function gatherLines(
  { configPath, openvpn, readFile, program }: Omit<GatherOptions, "now"> & { program: string },
): LineFacts {
  const unit = unitFor(configPath);
  const config = readEffectiveConfig(configPath, unit, readFile);
  const user = runUser(config, unit);
  const settings = settingsIn(config);
  return {
    configPath,
    config,
    program: Deno.realPathSync(program),
    openvpn: findOpenvpn(openvpn),
    unit,
    user,
    settings,
    tokenSecret: tokenSecretIn(config),
    tmpDir: tmpDirIn(config, user),
    logDirectory: settings.log.startsWith("/") ? directoryAt(dirname(settings.log)) : null,
  };
}

/** Distributions have one unit for each of the two directories. */
function unitFor(configPath: string): Unit | null {
  const name = unitNameFor(configPath);
  return name === null ? null : readUnit(`${name}.service`);
}

function configTrouble(configPath: string, { files }: Config): string | null {
  const troubles = [...new Set([configPath, ...files])].map(troubleOf);
  return troubles.find((trouble) => trouble !== null) ?? null;
}

function runUser(config: Config, unit: Unit | null): RunUser {
  const name = lastNamed(config, "user")?.words[0] ??
    (unit === null ? null : lastOf(unit, "User")?.value) ?? "root";
  const account = /^\d+$/.test(name) ? { uid: Number(name), gid: null } : findAccount(name);
  return { name, uid: account?.uid ?? null, gid: account?.gid ?? null };
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
  const path = resolve(config.directory, lastNamed(config, "tmp-dir")?.words[0] ?? "/tmp");
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
  { uid, ...user }: RunUser,
  now: EpochMs,
): Promise<SetUp["database"]> {
  return uid === null ? null : await rehearseDatabase(settings, { ...user, uid }, now);
}

/** Null if the system does not say. */
function isSynchronised(): boolean | null {
  try {
    return isClockSynchronised();
  } catch {
    return null;
  }
}
