import type { AnyCommand, Argument, Option } from "../command_line/commander.ts";

/** A word that could come next on the command line. */
export interface Candidate {
  value: string;
  description: string;
}

/** What could come next: words of the program's own, usernames, or paths. */
export type Completion =
  | { kind: "words"; candidates: Candidate[] }
  | { kind: "users"; before: string; mayBeginWithDash: boolean }
  | { kind: "files" };

/** What has been read of a command line. */
interface Position {
  command: AnyCommand;
  /** Arguments of the command so far. */
  argumentCount: number;
  /** The option that needs a value next. */
  awaiting: Option | null;
  given: Set<Option>;
  /** `--` was read: no more options. */
  isPastOptions: boolean;
  /** Values of the program's own options, by attribute: `db`. */
  values: Map<string, string>;
}

const NOTHING: Completion = { kind: "words", candidates: [] };

/**
 * Says what the last word could be, from what commander knows about the program: commands, options,
 * choices, and what the name of a value or an argument stands for (`user`, `file`, `path`,
 * `directory`, `command`).
 *
 * @param words the arguments before the last word
 * @param current the last word as typed so far
 * @returns what could be there, whether or not it begins like `current`, and the values of the program's
 * own options
 */
export function complete(
  program: AnyCommand,
  words: readonly string[],
  current: string,
): { completion: Completion; values: ReadonlyMap<string, string> } {
  const position: Position = {
    command: program,
    argumentCount: 0,
    awaiting: null,
    given: new Set(),
    isPastOptions: false,
    values: new Map(),
  };
  for (const word of words) advance(position, word);
  return { completion: next(position, current), values: position.values };
}

/** The commands of a program or a command that its help shows. */
export function visibleCommands(command: AnyCommand): AnyCommand[] {
  return command.createHelp().visibleCommands(command);
}

/** The options that a command takes: its own, and those of the program. */
export function optionsOf(command: AnyCommand): Option[] {
  const own = command.createHelp().visibleOptions(command);
  const shared = command.parent === null
    ? []
    : optionsOf(command.parent).filter(({ long }) =>
      long !== "--version" && own.every((option) => option.long !== long)
    );
  return [...own, ...shared];
}

function advance(position: Position, word: string): void {
  if (position.awaiting !== null) {
    take(position, position.awaiting, word);
    position.awaiting = null;
  } else if (position.isPastOptions || !/^-./.test(word)) {
    const { command } = position;
    const subcommand = command.commands.find((one) =>
      one.name() === word || one.aliases().includes(word)
    );
    if (subcommand !== undefined && position.argumentCount === 0) {
      position.command = subcommand;
    } else position.argumentCount++;
  } else if (word === "--") position.isPastOptions = true;
  else advanceOption(position, word);
}

function advanceOption(position: Position, word: string): void {
  const [, name, value] = word.match(/^(--[^=]+)=([^]*)$/) ?? [];
  const option = optionsOf(position.command).find(({ long, short }) =>
    (name ?? word) === long || word === short
  );
  if (option === undefined) return;
  position.given.add(option);
  if (value !== undefined) take(position, option, value);
  else if (option.required) position.awaiting = option;
}

function take({ values }: Position, option: Option, value: string): void {
  values.set(option.attributeName(), value);
}

function next(position: Position, current: string): Completion {
  const { command, awaiting, isPastOptions } = position;
  if (awaiting !== null) return valuesOf(awaiting, "", position);
  if (!isPastOptions && current.startsWith("-")) {
    const [before, name] = current.match(/^(--[^=]+)=/) ?? [];
    if (before === undefined) return optionsLeft(position);
    const option = optionsOf(command).find(({ long }) => long === name);
    return option === undefined ? NOTHING : valuesOf(option, before, position);
  }
  if (command.commands.length > 0 && position.argumentCount === 0) {
    return commandsOf(command, "");
  }
  const { registeredArguments: all } = command;
  const argument = all[position.argumentCount] ??
    (all.at(-1)?.variadic ? all.at(-1) : undefined);
  if (argument !== undefined) return valuesOf(argument, "", position);
  return isPastOptions ? NOTHING : optionsLeft(position);
}

function optionsLeft({ command, given }: Position): Completion {
  return {
    kind: "words",
    candidates: optionsOf(command)
      .filter((option) => !given.has(option) || option.variadic)
      .flatMap(({ long, short, description }) => {
        const value = long ?? short;
        return value === undefined ? [] : [{ value, description }];
      }),
  };
}

function commandsOf(command: AnyCommand, before: string): Completion {
  return {
    kind: "words",
    candidates: visibleCommands(command).map((one) => ({
      value: before + one.name(),
      description: one.summary() || one.description(),
    })),
  };
}

/** @param before the part of the current word before the value, such as `--sort=` */
function valuesOf(
  parameter: Option | Argument,
  before: string,
  { command, isPastOptions }: Position,
): Completion {
  const { argChoices } = parameter;
  if (argChoices !== undefined) {
    return {
      kind: "words",
      candidates: argChoices.map((choice) => ({
        value: before + choice,
        description: "",
      })),
    };
  }
  switch (nameOf(parameter)) {
    case "user":
      return {
        kind: "users",
        before,
        mayBeginWithDash: isPastOptions || before !== "",
      };
    case "file":
    case "path":
    case "directory":
      return { kind: "files" };
    case "command":
      return commandsOf(command.parent ?? command, before);
    default:
      return NOTHING;
  }
}

/** The name of an argument, or of an option's value: `user` of `--user <user>`. */
function nameOf(parameter: Option | Argument): string | undefined {
  return "flags" in parameter ? parameter.flags.match(/[<[]([^\]>.]+)/)?.[1] : parameter.name();
}
