import { statfsSync } from "node:fs";
import { TOTP } from "otpauth";
import { fileURLToPath } from "node:url";
import { mustRun, type Output, run, type RunOptions } from "./command.ts";
import { reachablePlace } from "./reachable_place.ts";
import { OWN_PREFIX } from "./owner.ts";

/** The variable in which a script passes the path of the program that it has built to its tests. */
export const PROGRAM_VARIABLE = "OVTOTP_PROGRAM";

/** The program that a build makes. */
export const BUILT_PROGRAM = fileURLToPath(
  new URL("../../dist/openvpn-totp", import.meta.url),
);

/** The program under test: a run's own copy, or the last build. */
export const PROGRAM = Deno.env.get(PROGRAM_VARIABLE) ?? BUILT_PROGRAM;

/** A test's own directory, removed at the end of its scope. */
export interface TestDirectory extends AsyncDisposable {
  path: string;
  /** Path of a database in the directory; the database does not exist yet. */
  db: string;
}

/**
 * Where a test's directory may be if nothing depends on a disk; undefined for the usual place.
 *
 * @param room how many bytes must be free
 */
export function memoryDirectory(room = 0): string | undefined {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize >= room ? "/dev/shm" : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes a directory for a test, which no other user may enter.
 *
 * @param dir where to make it, if not in the usual place
 */
export async function makeTestDirectory(
  dir = reachablePlace(),
): Promise<TestDirectory> {
  const path = await Deno.makeTempDir({ prefix: OWN_PREFIX, dir });
  return {
    path,
    db: `${path}/db/token_index.sqlite3`,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}

/**
 * Copies the program into a directory, for users who can't reach it or as one that may be changed.
 *
 * @returns the copy's path
 */
export async function copyProgram(directory: string): Promise<string> {
  const copy = `${directory}/openvpn-totp`;
  // In a process of its own: what another test starts while this one has the copy open for writing
  // would keep it so for a moment, and then it can't be run (ETXTBSY in execve(2)).
  await mustRun("cp", [PROGRAM, copy]);
  return copy;
}

/** Writes a script that can be run at once; in a process of its own, for the reason above. */
export async function writeScript(path: string, text: string): Promise<void> {
  await mustRun("sh", ["-c", 'cat > "$0" && chmod 755 "$0"', path], { stdin: text });
}

/** Options that name a test's database, and the key file beside it. */
export function on(db: string): string[] {
  return ["--db", db, "--key", keyFileOf(db)];
}

/** Path of the key file of a test's database. */
export function keyFileOf(db: string): string {
  return `${db}.key`;
}

/** Runs an admin command on a database. */
export function admin(
  db: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Output> {
  return run(PROGRAM, [...on(db), ...args], options);
}

/**
 * Enrols a user for the first time or again.
 *
 * @returns the secret in base32
 */
export async function enroll(db: string, username: string): Promise<string> {
  const args = [...on(db), "enroll", "--replace", "--", username];
  const [, secret] = (await mustRun(PROGRAM, args)).split("\n");
  return secret!;
}

/**
 * Enrols a user as if a second ago: a session token, whose time is in seconds, would otherwise count
 * as older than the enrolment.
 */
export async function enrollBeforeToken(
  db: string,
  username: string,
): Promise<string> {
  const secret = await enroll(db, username);
  const sql = "UPDATE enrolments SET tokens_valid_from = tokens_valid_from - 1000";
  await mustRun("sqlite3", [db, sql]);
  return secret;
}

/** Gives a user new recovery codes. */
export async function mustGiveRecoveryCodes(
  db: string,
  username: string,
): Promise<string[]> {
  const args = [...on(db), "recovery", "--", username];
  return (await mustRun(PROGRAM, args)).trim().split("\n");
}

/**
 * The code of a secret, computed by a second implementation; `offset` is in time steps from now.
 */
export function codeOf(secret: string, offset = 0): string {
  return new TOTP({ secret }).generate({
    timestamp: Date.now() + offset * 30_000,
  });
}

/** A code that is wrong for more than an hour around now. */
export function wrongCodeOf(secret: string): string {
  return wrongCodesOf(secret, 1)[0]!;
}

/** Different codes that are wrong for more than an hour around now. */
export function wrongCodesOf(secret: string, count: number): string[] {
  const right = Array.from({ length: 261 }, (_, i) => codeOf(secret, i - 130));
  return Array.from(
    { length: count + right.length },
    (_, n) => String(n).padStart(6, "0"),
  ).filter((code) => !right.includes(code)).slice(0, count);
}

/** Base64 of a text, as a client sends its answer. */
export function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
