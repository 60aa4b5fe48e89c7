import assert from "node:assert/strict";
import { parseLogfmt } from "./logfmt.ts";

/** The result of a call. */
export interface CallOutput {
  status: number;
  stdout: string;
  stderr: string;
}

const STATUSES: Record<string, number> = {
  accepted: 0,
  unchanged: 0,
  challenged: 2,
  refused: 1,
};

/**
 * Asserts that a call printed one line of the documented form with the exit status that belongs to
 * it, and nothing else.
 */
export function assertForm(
  { status, stdout }: CallOutput,
  lines: string,
): void {
  assert.equal(stdout, "");
  assert.match(lines, /^[^\n]+\n$/, JSON.stringify(lines.slice(0, 2000)));
  const fields = parseLogfmt(lines.slice(0, -1));
  const names = fields.map(([name]) => name);
  assert.deepEqual(names.slice(0, 4), ["time", "program", "step", "outcome"]);
  assert.equal(new Set(names).size, names.length);
  const { outcome, by, reason, detail = "" } = Object.fromEntries(fields);
  const expected = by === "dynamic" ? 1 : STATUSES[outcome!];
  assert.equal(expected, status, lines);
  const isGoing = outcome === "accepted" || outcome === "challenged";
  assert.equal(by !== undefined, isGoing);
  if (outcome === "refused") assert(reason !== undefined);
  // An unexpected error is refused, too, but the program should have expected it.
  assert.doesNotMatch(detail, /^unexpected/, lines);
}

/** Asserts that neither secrets nor codes are revealed. */
export function assertSilent(
  said: string,
  secrets: readonly string[],
  codes: readonly string[],
): void {
  const text = said.replace(/^time=\S+/, "");
  for (const secret of secrets) assert(!text.includes(secret), text);
  for (const code of codes.filter((code) => /^\d{6}$/.test(code))) {
    assert.doesNotMatch(text, new RegExp(`(?<!\\d)${code}(?!\\d)`));
  }
}
