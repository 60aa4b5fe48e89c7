import type { AnyCommand } from "./commander.ts";

/** A command line, without the program's name, and what it does. */
export type Example = readonly [line: string, meaning: string];

const EXAMPLES = new WeakMap<AnyCommand, readonly Example[]>();

/** Gives a command examples, which its help and the man page show. */
export function addExamples(command: AnyCommand, examples: readonly Example[]): void {
  EXAMPLES.set(command, examples);
  const lines = examples.map(([line, meaning]) => `  # ${meaning}\n  openvpn-totp ${line}\n`);
  command.addHelpText("after", `\nExamples:\n${lines.join("")}`.trimEnd());
}

/** The examples of a command. */
export function examplesOf(command: AnyCommand): readonly Example[] {
  return EXAMPLES.get(command) ?? [];
}
