import type { AnyCommand, Argument, Option } from "../command_line/commander.ts";
import { type Position, positionAfter } from "./position.ts";
import { optionsOf, visibleCommands } from "./shown.ts";

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

const NOTHING: Completion = { kind: "words", candidates: [] };

/**
 * Says what the last word could be, from what commander knows about the program: commands, options,
 * choices, and what the name of a value or an argument stands for (`user`, `file`, `path`,
 * `directory`, `command`).
 *
 * @param words the arguments before the last word
 * @param current the last word as typed so far
 * @returns what could be there, whether or not it begins like `current`, and the values of the
 * program's own options
 */
export function complete(
  program: AnyCommand,
  words: readonly string[],
  current: string,
): { completion: Completion; values: ReadonlyMap<string, string> } {
  const position = positionAfter(program, words);
  return { completion: next(position, current), values: position.values };
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
      candidates: argChoices.map((choice) => ({ value: before + choice, description: "" })),
    };
  }
  switch (nameOf(parameter)) {
    case "user":
      return { kind: "users", before, mayBeginWithDash: isPastOptions || before !== "" };
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
