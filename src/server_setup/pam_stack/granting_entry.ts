import { actionFor } from "./control.ts";
import type { StackEntry } from "./read_pam_stack.ts";

/** The results that a module may have; each is tried. */
export type ResultsOf = (entry: StackEntry) => readonly string[];

/** More states than any stack can be in. */
const MAX_STATES = 100_000;

/** What libpam thinks so far. */
interface Impression {
  kind: "none" | "good" | "bad";
  isSuccess: boolean;
}

const NONE: Impression = { kind: "none", isSuccess: false };

/** A moment while libpam runs a stack (_pam_dispatch_aux() in its pam_dispatch.c). */
interface State {
  at: number;
  /** The substacks that the last rule was in. */
  level: number;
  impression: Impression;
  /** The impression when each substack was entered, by level. */
  saved: readonly Impression[];
  /** The last rule that granted access. */
  granting: number | null;
}

/**
 * Looks for results of the modules with which a stack succeeds.
 *
 * @returns the rule that then decides; null if the stack always fails
 */
export function grantingEntry(
  entries: readonly StackEntry[],
  resultsOf: ResultsOf,
): StackEntry | null {
  const states: State[] = [{ at: 0, level: 0, impression: NONE, saved: [NONE], granting: null }];
  const seen = new Set<string>();
  for (let state = states.pop(); state !== undefined; state = states.pop()) {
    const entry = entries[state.at];
    if (entry === undefined) {
      const { impression: { kind, isSuccess }, granting } = state;
      if (kind === "good" && isSuccess) return entries[granting!]!;
      continue;
    }
    const { granting: _, ...rest } = state;
    const key = JSON.stringify(rest);
    if (seen.has(key) || seen.size > MAX_STATES) continue;
    seen.add(key);
    states.push(...nextStates(entries, entry, entered(state, entry), resultsOf));
  }
  return null;
}

/** Remembers the impression where a substack begins. */
function entered(state: State, { level }: StackEntry): State {
  if (state.level >= level) return { ...state, level };
  const saved = state.saved.slice(0, level);
  saved[level] = state.impression;
  return { ...state, level, saved };
}

function nextStates(
  entries: readonly StackEntry[],
  entry: StackEntry,
  state: State,
  resultsOf: ResultsOf,
): State[] {
  if (entry.isHead) return [{ ...state, at: state.at + 1 }];
  return resultsOf(entry).map((result) => afterResult(entries, entry, state, result));
}

function afterResult(
  entries: readonly StackEntry[],
  { control, level }: StackEntry,
  state: State,
  result: string,
): State {
  const { at, impression } = state;
  const action = actionFor(control, result);
  const next = { ...state, at: at + 1 };
  if (typeof action === "number") return afterJump(entries, state, action);
  switch (action) {
    case "ignore":
      return next;
    case "reset":
      return { ...next, impression: state.saved[level] ?? NONE };
    case "bad":
    case "die": {
      const bad = { ...next, impression: { kind: "bad", isSuccess: false } as const };
      return action === "die" ? { ...bad, at: endOf(entries, at) } : bad;
    }
    case "ok":
    case "done": {
      const counts = impression.kind === "none" ||
        impression.kind === "good" && impression.isSuccess;
      const isSuccess = result === "success";
      const after: State = counts
        ? {
          ...next,
          impression: { kind: "good", isSuccess },
          granting: isSuccess ? at : state.granting,
        }
        : next;
      const isDecided = action === "done" && after.impression.kind === "good";
      return isDecided ? { ...after, at: endOf(entries, at) } : after;
    }
  }
}

/** Where it goes on once a decision has been made: behind the present substack. */
function endOf(entries: readonly StackEntry[], at: number): number {
  const { level } = entries[at]!;
  const after = entries.findIndex((entry, i) => i > at && entry.level < level);
  return after === -1 ? entries.length : after;
}

/** Skips rules, a substack as one; a jump beyond the end of the present substack fails. */
function afterJump(entries: readonly StackEntry[], state: State, count: number): State {
  const { level } = entries[state.at]!;
  let at = state.at + 1;
  for (let left = count; left > 0; left--) {
    if (at >= entries.length || entries[at]!.level < level) {
      return { ...state, at, impression: { kind: "bad", isSuccess: false } };
    }
    at++;
    while (at < entries.length && entries[at]!.level > level) at++;
  }
  return { ...state, at };
}
