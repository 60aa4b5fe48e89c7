import { filePathOf } from "../../core/database_place.ts";
import { dirname } from "node:path/posix";
import { Failure } from "../../core/failure.ts";
import { isLocal } from "../../core/postgres_url.ts";
import { quoted } from "../../text/printable.ts";
import { readSettings, type Settings } from "../../settings.ts";
import { parseSettingsFile } from "../../settings_file.ts";
import { SETTINGS_FILE } from "../../service_options.ts";
import type { SettingLine } from "../configuration/setting_lines.ts";
import { STATE_DIRECTORY } from "../units/names.ts";
import { SERVICE_UNIT_PATH, serviceFiles } from "../units/service_files.ts";
import { type ServedServer, serversIn, type ServiceUnitOptions } from "../units/service_unit.ts";
import { type FileChange, type FilePlace, originalAt, planFile } from "./file_change.ts";
import { moveSettings } from "./move_settings.ts";

/** Where the service's files are, and what is there. */
export interface ServicePlace extends FilePlace {
  /** Whether files may be replaced that somebody has changed. */
  replace: boolean;
}

/** What the service's files become. */
export interface ServiceChanges {
  files: readonly FileChange[];
  /** The service's settings afterwards. */
  settings: Settings;
  /** Values that are set, by name. */
  values: ReadonlyMap<string, string>;
  /** In words, what changes for the server. */
  changes: readonly string[];
  /** The servers that the service had before, and those that it has afterwards. */
  before: readonly ServedServer[];
  servers: readonly ServedServer[];
}

/**
 * Plans the service's files for one more server.
 *
 * @param moved the settings of the server's configuration
 * @throws Failure `config_error`, `bad_setting`, `untrusted_path`
 */
export function planServiceFiles(
  server: ServedServer,
  program: string,
  moved: readonly SettingLine[],
  place: ServicePlace,
): ServiceChanges {
  const before = serversBefore(place);
  const others = before.filter(({ socket }) => socket !== server.socket);
  const known = before.find(({ socket }) => socket === server.socket);
  const proxy = server.proxy ?? known?.proxy ?? null;
  const servers = known === undefined
    ? [...before, { ...server, proxy }]
    : before.map((one) => one === known ? { ...server, proxy } : one);
  const twice = others.find((one) => proxy !== null && one.proxy === proxy);
  if (twice !== undefined) throw proxyTaken(twice);
  const text = textAt(SETTINGS_FILE, place);
  const { text: next, values, changes } = moveSettings(moved, {
    path: place.root + SETTINGS_FILE,
    text,
    isShared: others.length > 0,
  });
  const settings = readSettings((name) => values.get(name));
  const files = serviceFiles({ program, servers, ...neededBy(settings) })
    .flatMap((file) => planFile(file, place, place.replace) ?? []);
  const settingsFile = next === null ? [] : [settingsChange(next, place)];
  return { files: [...settingsFile, ...files], settings, values, changes, before, servers };
}

/**
 * Plans the service's files without one of its servers. If it was the only one, they stay: the service
 * has to be ended before its unit is removed.
 *
 * @throws Failure `config_error`, `bad_setting`, `untrusted_path`
 */
export function planServiceWithout(
  socket: string,
  program: string,
  place: ServicePlace,
): ServiceChanges {
  const text = textAt(SETTINGS_FILE, place) ?? "";
  const values = parseSettingsFile(text, `${place.root}${SETTINGS_FILE}`);
  const settings = readSettings((name) => values.get(name));
  const before = serversBefore(place);
  const servers = before.filter((one) => one.socket !== socket);
  const isNeeded = servers.length > 0 && servers.length < before.length;
  const options = { program, servers, ...neededBy(settings) };
  const files = !isNeeded ? [] : serviceFiles(options)
    .filter(({ path }) => path === SERVICE_UNIT_PATH)
    .flatMap((file) => planFile(file, place, place.replace) ?? []);
  return { files, settings, values, changes: [], before, servers };
}

function serversBefore(place: ServicePlace): ServedServer[] {
  return serversIn(textAt(SERVICE_UNIT_PATH, place) ?? "");
}

/** What the settings need of the unit. */
function neededBy(settings: Settings): Pick<ServiceUnitOptions, "writable" | "reachesNetwork"> {
  const { database } = settings;
  const reachesNetwork = database.engine === "postgres" &&
    !database.hosts.every(({ host }) => isLocal(host));
  return { writable: writableBy(settings), reachesNetwork };
}

/** The directories that the unit has to make writable, beside its own one. */
function writableBy({ database, log }: Settings): string[] {
  const paths = [filePathOf(database) ?? [], log.startsWith("/") ? log : []].flat();
  const directories = paths.map((path) => dirname(path))
    .filter((path) => !`${path}/`.startsWith(`${STATE_DIRECTORY}/`));
  const odd = directories.find((path) => !/^\/[\w.+@-][\w./+@-]*$/.test(path));
  if (odd === undefined) return [...new Set(directories)];
  throw new Failure(
    "config_error",
    `the service writes to ${
      quoted(odd)
    } (totpTokenDbPath, totpLog), which its unit cannot name: ` +
      "choose a path of letters, digits and ._/+@-",
  );
}

function settingsChange(text: string, place: FilePlace): FileChange {
  const original = originalAt(SETTINGS_FILE, place);
  const content = new TextEncoder().encode(text);
  return { path: place.root + SETTINGS_FILE, content, original, keepsCopy: original !== null };
}

function textAt(path: string, place: FilePlace): string | null {
  const original = originalAt(path, place);
  return original === null ? null : new TextDecoder().decode(original.content);
}

function proxyTaken({ socket, proxy }: ServedServer): Failure {
  return new Failure(
    "config_error",
    `--management-proxy ${proxy} is already that of ${socket}: choose another address`,
  );
}
