import assert from "node:assert/strict";
import type { Account } from "../lab/accounts.ts";
import type { Output } from "../lab/command.ts";
import { playAttempt, type PlayedAttempt } from "../lab/hook_call.ts";
import { admin, enroll, keyFileOf } from "../lab/program.ts";
import { type Books, readBooks } from "./books.ts";

/** Where calls are killed: a database that stays, with somebody in it. */
export interface Scene {
  directory: string;
  db: string;
  account: Account;
}

/** A call that may be killed at any moment. */
export interface Victim {
  /** Runs it inside another command that may kill it, such as `timeout` or `strace`. */
  run(wrap: readonly string[]): Promise<Output>;
  /** The files that it changes. */
  files: string[];
  /**
   * Goes on without any repair, and asserts that what the call does was done wholly or not at all,
   * and that its files and what it printed are true.
   *
   * @returns whether it was done
   */
  check(output: Output): Promise<boolean>;
}

/** Prepares a call, with users of its own. */
export type MakeVictim = (scene: Scene) => Victim | Promise<Victim>;

let users = 0;

/** Name of a user of a victim's own. */
export const newName = () => `victim${++users}`;

/** A user of its own who was challenged. */
export async function challenged(directory: string, db: string) {
  const username = newName();
  const secret = await enroll(db, username);
  const attempt = await play(directory, db, { totpPrimaryAuth: "external" });
  const { status, stderr } = await attempt.password(username, "x");
  assert.equal(status, 2, stderr);
  return { username, secret, attempt };
}

/** An attempt from a network of its own: failures of others there would make it wait. */
export function play(
  directory: string,
  db: string,
  settings: Record<string, string>,
): Promise<PlayedAttempt> {
  const n = ++users;
  return playAttempt(directory, {
    totpTokenDbPath: db,
    untrusted_ip: `10.${(n >> 8) & 255}.${n & 255}.1`,
    ...settings,
  });
}

/** The files that a command changes, or a login's call. */
export function filesOf(db: string, attempt?: PlayedAttempt): string[] {
  const directory = db.slice(0, db.lastIndexOf("/"));
  const ours = [directory, db, `${db}-journal`, keyFileOf(db)];
  return attempt === undefined ? ours : [
    ...ours,
    ...Object.values(attempt.files),
  ];
}

/** The program first, which must work as if nothing had happened; then a look from outside. */
export async function goOn(db: string): Promise<Books> {
  const { status, stdout, stderr } = await admin(db, ["list", "--json"]);
  assert.equal(status, 0, stderr);
  const books = readBooks(db);
  const listed = JSON.parse(stdout) as { username: string }[];
  assert.deepEqual(
    listed.map(({ username }) => username),
    [...books.enrolments.keys()],
  );
  return books;
}
