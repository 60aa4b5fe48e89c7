import type { AnyCommand, Option } from "../command_line/commander.ts";
import { optionsOf } from "./shown.ts";

/** What has been read of a command line. */
export interface Position {
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

/** Reads the words of a command line. */
export function positionAfter(program: AnyCommand, words: readonly string[]): Position {
  const position: Position = {
    command: program,
    argumentCount: 0,
    awaiting: null,
    given: new Set(),
    isPastOptions: false,
    values: new Map(),
  };
  for (const word of words) advance(position, word);
  return position;
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
