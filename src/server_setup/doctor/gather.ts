import { dirname, resolve } from "node:path/posix";
import { isClockSynchronised } from "../../system/clock.ts";
import { findAccount } from "../../system/libc.ts";
import { type Config, directivesNamed, lastNamed } from "../openvpn_config/directive.ts";
import { readCommandLine, readConfig, type ReadFile } from "../openvpn_config/read_config.ts";
import { choosePamService } from "../../pam/choose_pam_service.ts";
import { PamService } from "../../pam/pam_service.ts";
import { readSettings, SETTINGS, type Settings } from "../../settings.ts";
import { readUnit } from "../systemd/read_unit.ts";
import { commandOf, lastOf, type Unit } from "../systemd/unit_file.ts";
import { unitNameFor } from "../configuration/config_file.ts";
import { commandWords, HOOKS } from "../configuration/hook_lines.ts";
import { directoryAt, readersOf, scriptAt, troubleAbove, troubleOf } from "./file_facts.ts";
import { findOpenvpn } from "./openvpn_version.ts";
import { rehearseDatabase } from "./rehearsal.ts";
import type { RunUser, Script, SetUp } from "./set_up.ts";

/** Where to look. */
export interface GatherOptions {
  configPath: string;
  /** OpenVPN's program, where it isn't in one of the usual places. */
  openvpn: string | undefined;
  readFile: ReadFile;
  now(): number;
}

/** Gathers what the checks look at; changes nothing. */
export async function gatherSetUp(
  { configPath, openvpn, readFile, now }: GatherOptions,
): Promise<SetUp> {
  const unit = unitFor(configPath);
  const config = readEffective(configPath, unit, readFile);
  const user = runUser(config, unit);
  const settings = settingsIn(config);
  const tmpDir = resolve(
    config.directory,
    lastNamed(config, "tmp-dir")?.words[0] ?? "/tmp",
  );
  return {
    configPath,
    config,
    configTrouble: [...new Set([configPath, ...config.files])].map(troubleOf)
      .find((trouble) => trouble !== null) ?? null,
    program: Deno.realPathSync(Deno.execPath()),
    scripts: scriptsIn(config),
    openvpn: findOpenvpn(openvpn),
    unit,
    user,
    settings,
    tokenSecret: tokenSecretIn(config),
    tmpDir: {
      path: tmpDir,
      info: directoryAt(tmpDir),
      trouble: troubleAbove(tmpDir, user.uid ?? 0),
    },
    logDirectory: settings.log.startsWith("/") ? directoryAt(dirname(settings.log)) : null,
    database: user.uid === null || !areFilesNamed(config)
      ? null
      : await rehearseDatabase(settings, { ...user, uid: user.uid }, now()),
    pam: settings.primaryAuth === "pam" ? probePam(settings) : null,
    clock: {
      year: new Date(now()).getUTCFullYear(),
      isSynchronised: isSynchronised(),
    },
  };
}

/**
 * The settings as the hook reads them, from what OpenVPN puts into its environment; the default where
 * a value isn't allowed, so that the rest can be looked at, too.
 */
export function settingsIn(config: Config): Settings {
  const variables = variablesIn(config);
  for (const { name } of badSettings(variables)) variables.delete(name);
  return readSettings((name) => variables.get(name));
}

function variablesIn(config: Config): Map<string, string> {
  return new Map(
    directivesNamed(config, "setenv").map(({ words }) => [words[0] ?? "", words[1] ?? ""] as const),
  );
}

/** The settings whose value isn't allowed. */
function badSettings(
  variables: ReadonlyMap<string, string>,
): { name: string }[] {
  return Object.values(SETTINGS).filter(({ name, parse }) => {
    const value = variables.get(name);
    return value !== undefined && parse(value) === undefined;
  });
}

/** Says whether it is known where the program's files are to lie. */
function areFilesNamed(config: Config): boolean {
  const bad = badSettings(variablesIn(config)).map(({ name }) => name);
  return [SETTINGS.tokenDbPath, SETTINGS.keyFile]
    .every(({ name }) => !bad.includes(name));
}

/** Distributions have one unit for each of the two directories. */
function unitFor(configPath: string): Unit | null {
  const name = unitNameFor(configPath);
  return name === null ? null : readUnit(`${name}.service`);
}

/** What the unit's command line says counts, too; another configuration's doesn't. */
function readEffective(
  configPath: string,
  unit: Unit | null,
  readFile: ReadFile,
): Config {
  const command = unit === null ? null : commandOf(unit);
  if (unit !== null && command !== null) {
    const { words: [, ...args], at } = command;
    const directory = lastOf(unit, "WorkingDirectory")?.value ?? "/";
    const config = readCommandLine(args, at, { directory, readFile });
    const isNamed = config.directives.some(({ name, words: [path = ""] }) =>
      name === "config" && resolve(dirname(configPath), path) === configPath
    );
    if (isNamed) return config;
  }
  return readConfig(configPath, { directory: dirname(configPath), readFile });
}

function runUser(config: Config, unit: Unit | null): RunUser {
  const name = lastNamed(config, "user")?.words[0] ??
    (unit === null ? null : lastOf(unit, "User")?.value) ?? "root";
  const account = /^\d+$/.test(name) ? { uid: Number(name), gid: null } : findAccount(name);
  return { name, uid: account?.uid ?? null, gid: account?.gid ?? null };
}

/** The file of the key that session tokens are made with, where one is named. */
function tokenSecretIn(config: Config): SetUp["tokenSecret"] {
  const at = lastNamed(config, "auth-gen-token-secret");
  const [name] = at?.words ?? [];
  if (at === null || at.isInline || name === undefined) return null;
  const path = resolve(config.directory, name);
  return { path, trouble: troubleOf(path) ?? readersOf(path) };
}

function scriptsIn(config: Config): Map<string, Script> {
  const commands = HOOKS.flatMap((hook) => directivesNamed(config, hook))
    .map(({ words }) => commandWords(words[0] ?? "")[0] ?? "");
  return new Map(commands.map((path) => [
    path,
    scriptAt(resolve(config.directory, path)),
  ]));
}

function probePam(settings: Settings): NonNullable<SetUp["pam"]> {
  let service: string;
  try {
    service = choosePamService(settings.pamService);
  } catch (error) {
    const serviceTrouble = messageOf(error);
    return { service: null, serviceTrouble, startTrouble: null };
  }
  const probed = { service, serviceTrouble: null };
  try {
    const trouble = new PamService(service, settings.pamTimeoutSeconds).probe();
    const startTrouble = trouble === null
      ? null
      : `pam_start gives ${trouble} for the service ${service}`;
    return { ...probed, startTrouble };
  } catch (error) {
    return { ...probed, startTrouble: messageOf(error) };
  }
}

function isSynchronised(): boolean | null {
  try {
    return isClockSynchronised();
  } catch {
    return null;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
