import { resolve } from "node:path/posix";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import {
  type Config,
  type Directive,
  directivesNamed,
  lastNamed,
} from "../openvpn_config/directive.ts";
import {
  commandWords,
  type Hook,
  hookLine,
  HOOKS,
  isOtherTotp,
  TOKEN_LINES,
  tokenSecretLines,
} from "../configuration/hook_lines.ts";
import { tooFrequentRenewal } from "../configuration/session_times.ts";
import { ConfigEdit } from "./config_edit.ts";
import type { EditedLine } from "./lines.ts";

/** What a configuration is to say after the setup. */
export interface SetupWish {
  /** The configuration's path, as its directives give it. */
  path: string;
  /** The program's path, which needs no quoting. */
  program: string;
  /** Says whether a path leads to the program. */
  isProgram(path: string): boolean;
  /** Whether to replace a script that is not for TOTP. */
  replace: boolean;
  /** The path of the key for session tokens, which needs no quoting; null for none. */
  tokenSecret: string | null;
}

const HEADING = "# TOTP and PAM authentication";

/**
 * Edits a configuration so that OpenVPN asks the program: changes existing lines in place, adds
 * missing lines at the end, and removes what an older script left behind.
 *
 * @param text the configuration, one character for each byte
 * @throws Failure `config_error` if that would not be safe
 */
export function planSetup(text: string, config: Config, wish: SetupWish): EditedLine[] {
  const edit = new ConfigEdit(text, wish.path);
  const missing = [
    ...requireScriptSecurity(edit, config),
    ...HOOKS.flatMap((hook) => requireHook(edit, config, hook, wish)),
  ];
  removeStaticChallenge(edit, config, wish);
  if (missing.length > 0) edit.append([HEADING, ...missing]);
  const tokenLines = missingTokenLines(config, wish);
  if (tokenLines.length > 0) edit.append(tokenLines);
  return edit.lines();
}

/**
 * The lines about session tokens that are missing; a key that is set already is not replaced.
 *
 * @throws Failure `config_error` if another key is set, or if OpenVPN would not start with the lines
 */
export function missingTokenLines(
  config: Config,
  { tokenSecret }: Pick<SetupWish, "tokenSecret">,
): string[] {
  const hasTokens = lastNamed(config, "auth-gen-token") !== null;
  if (!hasTokens) requireRareRenewal(config);
  return [
    ...hasTokens ? [] : TOKEN_LINES,
    ...requireTokenSecret(config, tokenSecret),
  ];
}

/** @throws Failure `config_error` if OpenVPN would not start with `auth-gen-token` */
function requireRareRenewal(config: Config): void {
  const tooFrequent = tooFrequentRenewal(config);
  if (tooFrequent === null) return;
  const { seconds, least, line, at } = tooFrequent;
  const [origin, place] = at === null
    ? ["OpenVPN's default", "into the configuration"]
    : [`${at.file}:${at.line}`, "there"];
  throw new Failure(
    "config_error",
    `reneg-sec is ${seconds} (${origin}), and with auth-gen-token OpenVPN does not start below ` +
      `${least}, which is twice hand-window: write "${line}" ${place}, then run setup again; ` +
      "session tokens keep renegotiations from asking for codes",
  );
}

function requireTokenSecret(config: Config, tokenSecret: string | null): string[] {
  if (tokenSecret === null) return [];
  const last = lastNamed(config, "auth-gen-token-secret");
  if (last === null) return tokenSecretLines(tokenSecret);
  if (!last.isInline && resolve(config.directory, last.words[0] ?? "") === tokenSecret) return [];
  throw new Failure(
    "config_error",
    `auth-gen-token-secret is already set in ${last.file}:${last.line}: leave out --token-secret, ` +
      "or remove that line first",
  );
}

/** Corrects the line; returns it if it is missing. */
function requireScriptSecurity(edit: ConfigEdit, config: Config): string[] {
  const line = "script-security 2";
  const last = lastNamed(config, "script-security");
  if (last === null) return [line];
  const isEnough = parseInt(last.words[0] ?? "", 10) >= 2;
  if (!isEnough) edit.change(last, line);
  return [];
}

/** Corrects a hook's line; returns it if it is missing. */
function requireHook(edit: ConfigEdit, config: Config, hook: Hook, wish: SetupWish): string[] {
  const all = directivesNamed(config, hook);
  const last = all.at(-1);
  const line = hookLine(hook, wish.program);
  if (last === undefined) return [line];
  if (!isRight(last, wish)) {
    if (!wish.replace && !isForTotp(last, wish)) throw taken(last, line);
    edit.change(last, line);
  }
  // OpenVPN runs only the last one.
  for (const earlier of all.slice(0, -1)) {
    if (isForTotp(earlier, wish)) edit.remove(earlier);
  }
  return [];
}

/** It is an option for clients, but earlier guides put it on servers, too. */
function removeStaticChallenge(edit: ConfigEdit, config: Config, { path }: SetupWish): void {
  for (const one of directivesNamed(config, "static-challenge")) {
    if (one.file === path) edit.remove(one);
  }
}

function isRight(directive: Directive, { isProgram }: SetupWish): boolean {
  const [command = "", method] = directive.words;
  const [program = "", ...args] = commandWords(command);
  const isFile = directive.name === "client-crresponse" || method === "via-file";
  return args.length === 0 && isFile && isProgram(program);
}

function isForTotp({ words: [command = ""] }: Directive, { isProgram }: SetupWish): boolean {
  return isProgram(commandWords(command)[0] ?? "") || isOtherTotp(command);
}

function taken({ name, file, line: number, words }: Directive, line: string): Failure {
  return new Failure(
    "config_error",
    `${name} in ${file}:${number} runs ${quoted(words[0] ?? "")}, and OpenVPN runs only one ` +
      `program there: if you can do without that program's check, replace it with "${line}" by ` +
      "using --replace",
  );
}
