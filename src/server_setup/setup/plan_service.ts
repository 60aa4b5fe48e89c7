import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { commandWords, HOOKS, isOtherTotp } from "../configuration/hook_lines.ts";
import {
  HOOK_MARK,
  isOurManagement,
  servedSocket,
  SERVICE_HEADING,
  SERVICE_OPTIONS,
  serviceLines,
} from "../configuration/service_lines.ts";
import { settingLines } from "../configuration/setting_lines.ts";
import {
  type Config,
  type Directive,
  directivesNamed,
  lastNamed,
} from "../openvpn_config/directive.ts";
import { SETTINGS_FILE } from "../../service_options.ts";
import { ConfigEdit } from "./config_edit.ts";
import type { EditedLine } from "./lines.ts";
import { missingTokenLines } from "./plan.ts";
import { settingsFileLine } from "../../settings_file.ts";

/** What a configuration is to say after `setup --serve`. */
export interface ServiceWish {
  /** The configuration's path, as its directives give it. */
  path: string;
  /** The path of the server's management socket, which needs no quoting. */
  socket: string;
  /** Whether the administrator's own management clients are to go through the service. */
  hasProxy: boolean;
  /** Says whether a path leads to the program. */
  isProgram(path: string): boolean;
  /** The path of the key for session tokens, which needs no quoting; null for none. */
  tokenSecret: string | null;
}

/**
 * Edits a configuration so that OpenVPN asks the service. The hooks' lines, settings, and a management
 * interface of the administrator's are set aside as comments, so that the way back finds each in its
 * place.
 *
 * @param text the configuration, one character for each byte
 * @throws Failure `config_error`
 */
export function planService(text: string, config: Config, wish: ServiceWish): EditedLine[] {
  const edit = new ConfigEdit(text, wish.path);
  const needless = [
    ...hooksOf(config, wish),
    ...othersManagement(config, wish),
    ...settingLines(config).map(({ at, name, value }) => requireHere(at, wish, name, value)),
  ];
  for (const one of needless) edit.setAside(one, HOOK_MARK);
  const missing = missingLines(config, wish);
  const [place] = needless;
  if (missing.length > 0 && place !== undefined) edit.insertAfter(place.line, missing);
  else if (missing.length > 0) edit.append(missing);
  const tokenLines = missingTokenLines(config, wish);
  if (tokenLines.length > 0) edit.append(tokenLines);
  return edit.lines();
}

/** The hooks that run the program or an older script for TOTP. */
function hooksOf(config: Config, wish: Pick<ServiceWish, "isProgram">): Directive[] {
  return HOOKS.flatMap((hook) => directivesNamed(config, hook))
    .filter((hook) => isTotpHook(hook, wish));
}

/** Says whether a hook runs the program or an older script for TOTP. */
function isTotpHook(
  { words: [command = ""] }: Directive,
  { isProgram }: Pick<ServiceWish, "isProgram">,
): boolean {
  return isProgram(commandWords(command)[0] ?? "") || isOtherTotp(command);
}

/** The lines of a management interface that is not the service's. */
function othersManagement(config: Config, wish: ServiceWish): Directive[] {
  const ours = ourLines(config, wish);
  const others = SERVICE_OPTIONS.flatMap((name) => directivesNamed(config, name))
    .filter((one) => !ours.includes(one));
  const at = others.find(({ name }) => name === "management");
  if (at === undefined || isOurManagement(at) || wish.hasProxy) return others;
  throw new Failure(
    "config_error",
    `management is already set in ${at.file}:${at.line} (${quoted(at.words.join(" "))}), and ` +
      "OpenVPN has one management interface, for one client, which has to be the service: your own " +
      "tools can go through the service, at the same address or another one; name it with " +
      "--management-proxy (such as 127.0.0.1:7505), or remove the line if nothing uses it",
  );
}

/** A setting in another file cannot be set aside, and would be lost if it were left. */
function requireHere(at: Directive, wish: ServiceWish, name: string, value: string): Directive {
  if (at.file === wish.path) return at;
  throw new Failure(
    "config_error",
    `${name} is set in ${at.file}:${at.line}, which ${
      quoted(wish.path)
    } includes, and the service ` +
      `does not read it: write "${settingsFileLine(name, value)}" into ${SETTINGS_FILE}, remove ` +
      "the line there, then run setup again",
  );
}

/**
 * The service's lines that are there. Without its management socket, one that says the same is the
 * administrator's.
 */
function ourLines(config: Config, { socket }: ServiceWish): Directive[] {
  if (servedSocket(config) === null) return [];
  const lines = serviceLines(socket);
  return SERVICE_OPTIONS.flatMap((name) => directivesNamed(config, name))
    .filter((one) => lines.includes(lineOf(one)));
}

function lineOf({ name, words }: Directive): string {
  return [name, ...words].join(" ");
}

/** The service's lines that are not there yet, after their heading. */
function missingLines(config: Config, wish: ServiceWish): string[] {
  const there = ourLines(config, wish).map(lineOf);
  const missing = serviceLines(wish.socket).filter((line) => !there.includes(line));
  return missing.length === 0 ? [] : [SERVICE_HEADING, ...missing];
}

/**
 * Makes sure that an edit did what it should and nothing else.
 *
 * @throws Failure `config_error`
 */
export function requireServed(before: Config, after: Config, wish: ServiceWish): void {
  const isServed = after.error === null && missingLines(after, wish).length === 0 &&
    othersManagement(after, { ...wish, hasProxy: true }).length === 0 &&
    hooksOf(after, wish).length === 0 && settingLines(after).length === 0;
  if (isServed && othersIn(before, wish) === othersIn(after, wish)) return;
  throw new Failure(
    "config_error",
    `cannot change ${quoted(wish.path)} safely: remove the hooks' lines by hand, and add these: ` +
      serviceLines(wish.socket).join("; "),
  );
}

/** What the options say that neither way between hooks and service may change. */
export function othersIn(config: Config, wish: Pick<ServiceWish, "isProgram">): string {
  const settings = settingLines(config).map(({ at }) => at);
  const hooks = hooksOf(config, wish);
  const others = config.directives.filter((one) =>
    !EDITABLE.includes(one.name) && !settings.includes(one) && !hooks.includes(one)
  );
  return JSON.stringify(others.map(({ name, words, isInline }) => [name, words, isInline]));
}

const EDITABLE: readonly string[] = [
  ...SERVICE_OPTIONS,
  "auth-gen-token",
  "auth-gen-token-secret",
];

/** The configuration's own password file for its management interface, if it has one. */
export function managementPassword(config: Config): string | null {
  const at = lastNamed(config, "management");
  return at === null || isOurManagement(at) ? null : at.words[2] ?? null;
}
