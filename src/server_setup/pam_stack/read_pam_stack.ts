import { PAM_DIRECTORIES } from "../../pam/choose_pam_service.ts";
import { messageOf } from "../../text/message_of.ts";
import { ALWAYS_BAD, type Control, readControl } from "./control.ts";
import { type RuleLine, ruleLines, ruleWords } from "./rule.ts";

/** libpam's own bound for files that include each other (PAM_SUBSTACK_MAX_LEVEL). */
const MAX_DEPTH = 16;

/** More rules than any stack has, but few enough to read them in no time. */
const MAX_RULES = 1000;

/** Types of rules (pam.conf(5)). */
export type RuleType = "auth" | "account";

/** A rule, as libpam runs it. */
export interface StackEntry {
  file: string;
  line: number;
  /** How many substacks it is in. */
  level: number;
  control: Control;
  /** Its module's name, such as `pam_unix`; null for the head of a substack, or a broken rule. */
  module: string | null;
  args: readonly string[];
  /** The head of a substack does nothing itself, but a jump counts it and what is in it as one. */
  isHead: boolean;
}

/** A place in a service's files, and what is wrong there. */
export interface StackTrouble {
  file: string;
  line: number;
  message: string;
}

/** The rules of one type, in the order in which libpam runs them. */
export interface PamStack {
  entries: readonly StackEntry[];
  /** The first rule that libpam cannot carry out, or that this reader cannot follow. */
  trouble: StackTrouble | null;
}

/** Reads a file of PAM's configuration; a file that is too large or no file is an error. */
export type ReadPamFile = (path: string) => Uint8Array;

/**
 * Reads a service's rules of one type as libpam does: with `include`, `substack`, and Debian's
 * `@include`.
 *
 * @param service a name, or an absolute path
 */
export function readPamStack(service: string, type: RuleType, read: ReadPamFile): PamStack {
  const reader = new StackReader(type, read);
  reader.readService(service, { level: 0, depth: 0, at: { file: service, line: 1 } });
  return reader;
}

/** Where a file is included from. */
interface Inclusion {
  level: number;
  depth: number;
  at: { file: string; line: number };
}

class StackReader implements PamStack {
  readonly entries: StackEntry[] = [];
  trouble: StackTrouble | null = null;
  readonly #type: RuleType;
  readonly #read: ReadPamFile;
  #rules = 0;

  constructor(type: RuleType, read: ReadPamFile) {
    this.#type = type;
    this.#read = read;
  }

  readService(name: string, inclusion: Inclusion): void {
    const found = this.#find(name, inclusion);
    if (found === null) {
      if (this.trouble !== null) this.#addBroken(inclusion);
      return;
    }
    const { file, content } = found;
    for (const rule of ruleLines(content)) {
      if (++this.#rules > MAX_RULES) {
        this.#report({ file, line: rule.line }, `there are more than ${MAX_RULES} rules`);
        return;
      }
      this.#readRule(rule, { ...inclusion, at: { file, line: rule.line } });
    }
  }

  #find(name: string, { depth, at }: Inclusion): { file: string; content: string } | null {
    if (depth >= MAX_DEPTH) {
      this.#report(at, `files include each other more than ${MAX_DEPTH} levels deep`);
      return null;
    }
    const files = name.startsWith("/")
      ? [name]
      : PAM_DIRECTORIES.map((directory) => `${directory}/${name}`);
    for (const file of files) {
      try {
        return { file, content: new TextDecoder().decode(this.#read(file)) };
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        this.#report(at, `cannot read ${file}: ${messageOf(error)}`);
        return null;
      }
    }
    // libpam takes a service without a file for one without rules.
    if (depth > 0) this.#report(at, `there is no file ${files.join(" or ")}`);
    return null;
  }

  #readRule({ text }: RuleLine, place: Inclusion): void {
    const [first = "", ...rest] = ruleWords(text);
    const included = { ...place, depth: place.depth + 1 };
    if (first.toLowerCase() === "@include") return this.readService(rest[0] ?? "", included);
    const type = first.replace(/^-/, "").toLowerCase();
    const [field, module, ...args] = rest;
    if (!["auth", "account", "password", "session"].includes(type)) {
      // libpam takes it for a rule of the type that is asked for.
      this.#report(
        place.at,
        `"${first}" is not a rule type: expected auth, account, password or session`,
      );
      return this.#addBroken(place);
    }
    if (type !== this.#type) return;
    if (field === undefined || module === undefined) {
      this.#report(place.at, "the rule is incomplete: expected a type, a control and a module");
      return this.#addBroken(place);
    }
    switch (field.toLowerCase()) {
      case "include":
        return this.readService(module, included);
      case "substack":
        this.#add(place, { control: ALWAYS_BAD, module: null, args: [], isHead: true });
        return this.readService(module, { ...included, level: place.level + 1 });
    }
    const control = readControl(field);
    this.#add(place, { control, module: moduleName(module), args, isHead: false });
  }

  #addBroken(place: Inclusion): void {
    this.#add(place, { control: ALWAYS_BAD, module: null, args: [], isHead: false });
  }

  #add(
    { level, at: { file, line } }: Inclusion,
    rule: Pick<StackEntry, "control" | "module" | "args" | "isHead">,
  ): void {
    this.entries.push({ file, line, level, ...rule });
  }

  #report({ file, line }: { file: string; line: number }, message: string): void {
    this.trouble ??= { file, line, message };
  }
}

/** A module's name without its directory and ending. */
function moduleName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.so[.\d]*$/, "");
}
