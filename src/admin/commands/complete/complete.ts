import { printable } from "../../../text/printable.ts";
import type { AnyCommand } from "../../command_line/commander.ts";
import { insertion, splitLine } from "../../completion/bash_line.ts";
import { type Candidate, complete, type Completion } from "../../completion/candidates.ts";
import { type AdminContext, withStore } from "../../context.ts";

/** How long to wait for a list of names, in milliseconds. */
const BUSY_TIMEOUT_MS = 300;

/**
 * `complete`, which the completion scripts run: prints what could come next (`words` or `files`),
 * then the words, one per line. Where the database can't be read, there are no usernames among
 * them.
 *
 * @param words for bash, readline's word, the line up to the cursor and the home directory; for the
 * others, the current word and those before it, without quotes
 */
export async function answerShell(
  context: AdminContext,
  program: AnyCommand,
  shell: string,
  words: readonly string[],
): Promise<void> {
  context.out(
    shell === "bash"
      ? await forBash(context, program, words)
      : await forOthers(context, program, words),
  );
}

async function forOthers(
  context: AdminContext,
  program: AnyCommand,
  [current = "", ...before]: readonly string[],
): Promise<string> {
  const answer = await ask(context, program, before, current);
  return lines(
    answer.kind,
    answer.candidates.map(({ value, description }) =>
      description === "" ? value : `${value}\t${description}`
    ),
  );
}

async function forBash(
  context: AdminContext,
  program: AnyCommand,
  [end = "", line = "", home = ""]: readonly string[],
): Promise<string> {
  const words = splitLine(line);
  const { value: current, raw } = words.pop()!;
  const before = words.slice(1).map(({ raw, value }) =>
    raw.startsWith("~/") ? home + value.slice(1) : value
  );
  const answer = await ask(context, program, before, current);
  return lines(
    answer.kind,
    answer.candidates.filter(({ value }) => value.startsWith(current))
      .map(({ value }) => insertion(value, raw, end))
      .filter((text) => text !== null),
  );
}

/** What could come next, with usernames where they can be read. */
async function ask(
  context: AdminContext,
  program: AnyCommand,
  before: readonly string[],
  current: string,
): Promise<{ kind: "words" | "files"; candidates: Candidate[] }> {
  const { completion, values } = complete(program, before, current);
  if (completion.kind === "files") return { kind: "files", candidates: [] };
  return {
    kind: "words",
    candidates: completion.kind === "words"
      ? completion.candidates
      : await usersAsked({ ...context, db: values.get("db") }, completion),
  };
}

async function usersAsked(
  context: AdminContext,
  { before, mayBeginWithDash }: Completion & { kind: "users" },
): Promise<Candidate[]> {
  let names: string[];
  try {
    const options = { create: false, busyTimeoutMs: BUSY_TIMEOUT_MS };
    names = await withStore(context, options, async (store) => {
      const pages = await Array.fromAsync(store.users());
      return pages.flatMap((users) => users.map(({ username }) => username));
    });
  } catch {
    // Somebody who may not see the users, or has none, types on without.
    return [];
  }
  // A shell shows names as they are: names that could act on the terminal are left out.
  return names.filter((name) => printable(name) === name)
    .filter((name) => mayBeginWithDash || !name.startsWith("-"))
    .map((name) => ({ value: before + name, description: "" }));
}

function lines(kind: string, rest: readonly string[]): string {
  return [kind, ...rest].map((line) => `${line}\n`).join("");
}
