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
} from "../configuration/hook_lines.ts";
import { type EditedLine, linesOf } from "./lines.ts";

/** What the lines are to say. */
export interface PlanOptions {
  /** Path of the configuration, as it stands in its directives. */
  path: string;
  /** The program's path, which can stand in a line as it is. */
  program: string;
  /** Says whether a path leads to the program. */
  isProgram(path: string): boolean;
  /** Take the place of a script that is none for TOTP. */
  replace: boolean;
}

const HEADING = "# TOTP and PAM authentication";

/** Options that an edit may change; all others stay as they are. */
const OURS: readonly string[] = [
  ...HOOKS,
  ...["script-security", "auth-gen-token", "static-challenge"],
];

/**
 * Edits a configuration so that OpenVPN asks the program: a line that is there is changed in its
 * place, what is missing comes at the end, what an older script left goes.
 *
 * @param text the configuration, a character each byte
 * @throws Failure `config_error` where that isn't safe
 */
export function planSetup(
  text: string,
  config: Config,
  options: PlanOptions,
): EditedLine[] {
  const plan = new Plan(text, config, options);
  plan.scriptSecurity();
  for (const hook of HOOKS) plan.hook(hook);
  plan.token();
  plan.leftovers();
  return plan.lines();
}

/**
 * Makes sure that an edit did what it should and nothing else.
 *
 * @throws Failure `config_error`
 */
export function requireSound(
  before: Config,
  after: Config,
  { program, isProgram, path }: PlanOptions,
): void {
  const others = ({ directives }: Config) =>
    JSON.stringify(
      directives.filter(({ name }) => !OURS.includes(name))
        .map(({ name, words, isInline }) => [name, words, isInline]),
    );
  const hasHooks = HOOKS.every((hook) => isProgram(pathIn(lastNamed(after, hook))));
  const level = parseInt(
    lastNamed(after, "script-security")?.words[0] ?? "1",
    10,
  );
  const isSound = after.error === null && hasHooks && level >= 2 &&
    others(before) === others(after);
  if (isSound) return;
  throw new Failure(
    "config_error",
    `cannot change ${quoted(path)} safely: put the lines in by hand: script-security 2; ${
      HOOKS.map((hook) => hookLine(hook, program)).join("; ")
    }; auth-gen-token`,
  );
}

function pathIn(directive: Directive | null): string {
  return commandWords(directive?.words[0] ?? "")[0] ?? "";
}

class Plan {
  readonly #lines: string[];
  readonly #config: Config;
  readonly #options: PlanOptions;
  /** By number: the new text without its end, null to remove the line. */
  readonly #edits = new Map<number, string | null>();
  readonly #hookLines: string[] = [];
  #needsToken = false;

  constructor(text: string, config: Config, options: PlanOptions) {
    this.#lines = linesOf(text);
    this.#config = config;
    this.#options = options;
  }

  scriptSecurity(): void {
    const last = lastNamed(this.#config, "script-security");
    if (last === null) this.#hookLines.push("script-security 2");
    else if (!(parseInt(last.words[0] ?? "", 10) >= 2)) {
      this.#change(last, "script-security 2");
    }
  }

  hook(hook: Hook): void {
    const all = directivesNamed(this.#config, hook);
    const last = all.at(-1);
    const line = hookLine(hook, this.#options.program);
    if (last === undefined) {
      this.#hookLines.push(line);
      return;
    }
    if (!this.#isRight(last)) {
      this.#requireReplaceable(last, line);
      this.#change(last, line);
    }
    // OpenVPN runs the last alone.
    for (const earlier of all.slice(0, -1)) {
      if (this.#isForTotp(earlier)) this.#remove(earlier);
    }
  }

  token(): void {
    this.#needsToken = lastNamed(this.#config, "auth-gen-token") === null;
  }

  /** A client's option, which earlier guides put on servers, too. */
  leftovers(): void {
    for (const one of directivesNamed(this.#config, "static-challenge")) {
      if (one.file === this.#options.path) this.#remove(one);
    }
  }

  lines(): EditedLine[] {
    const edited = this.#lines.map((old, i): EditedLine => {
      const edit = this.#edits.get(i + 1);
      if (edit === undefined) return { old, new: old };
      return { old, new: edit === null ? null : edit + endOf(old) };
    });
    return [...edited, ...this.#additions(edited)];
  }

  #isRight(directive: Directive): boolean {
    const [command = "", method] = directive.words;
    const isAlone = commandWords(command).length === 1;
    const isFile = directive.name === "client-crresponse" ||
      method === "via-file";
    return isAlone && isFile && this.#options.isProgram(pathIn(directive));
  }

  #isForTotp(directive: Directive): boolean {
    return this.#options.isProgram(pathIn(directive)) ||
      isOtherTotp(directive.words[0] ?? "");
  }

  #requireReplaceable(directive: Directive, line: string): void {
    if (this.#options.replace || this.#isForTotp(directive)) return;
    throw new Failure(
      "config_error",
      `${directive.name} in ${directive.file}:${directive.line} runs ${
        quoted(directive.words[0] ?? "")
      }, and OpenVPN runs one program alone: give its place to "${line}" by --replace, if its check ` +
        "may go",
    );
  }

  /** Indentation and a comment behind it stay. */
  #change(directive: Directive, line: string): void {
    const old = this.#textAt(directive, line);
    const [start] = old.match(/^(?:\xef\xbb\xbf)?[ \t]*/)!;
    const [comment = ""] = old.match(/[ \t]+[#;][^"']*$/) ?? [];
    this.#edits.set(directive.line, start + line + comment);
  }

  #remove(directive: Directive): void {
    this.#textAt(directive, null);
    this.#edits.set(directive.line, null);
  }

  /** The line that a directive stands in, without its end. */
  #textAt({ name, file, line }: Directive, wanted: string | null): string {
    if (file === this.#options.path) {
      return this.#lines[line - 1]!.replace(/\r?\n$/, "");
    }
    throw new Failure(
      "config_error",
      `${name} stands in ${file}:${line}, which ${quoted(this.#options.path)} includes: ${
        wanted === null ? "remove it there" : `change it there to "${wanted}"`
      }, and run setup again`,
    );
  }

  /** They come at the end; what has no line end there gets one. */
  #additions(edited: EditedLine[]): EditedLine[] {
    const blocks = [
      ...this.#hookLines.length === 0 ? [] : [[HEADING, ...this.#hookLines]],
      ...this.#needsToken ? [TOKEN_LINES] : [],
    ];
    if (blocks.length === 0) return [];
    const last = edited.findLast((line) => line.new !== null);
    const end = this.#lines[0]?.endsWith("\r\n") ? "\r\n" : "\n";
    if (last !== undefined && !last.new!.endsWith("\n")) last.new += end;
    const isEmptyBefore = last === undefined || last.new!.trim() === "";
    return blocks.flatMap((block, i) => [
      ...i === 0 && isEmptyBefore ? [] : [""],
      ...block,
    ]).map((line) => ({ old: null, new: line + end }));
  }
}

function endOf(line: string): string {
  return line.match(/\r?\n$/)?.[0] ?? "";
}
