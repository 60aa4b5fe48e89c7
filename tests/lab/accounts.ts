import { mustRun, run, type RunOptions } from "./command.ts";
import { newName } from "./owner.ts";

/**
 * Held while accounts are changed: two changes at once would fail, even from different test runs.
 */
const LOCK = "/run/lock/ovtotp-t";

/** A system account made for a test, and removed at the end of its scope. */
export interface Account extends AsyncDisposable {
  username: string;
  password: string;
}

/** Makes a system account without a home directory, with this password. */
export async function makeAccount(
  password = `pw ${crypto.randomUUID()}`,
): Promise<Account> {
  const username = newName();
  await using stack = new AsyncDisposableStack();
  await changeAccounts("useradd", [
    ...["--no-create-home", "--shell", "/usr/sbin/nologin", username],
  ]);
  stack.defer(() => removeAccount(username));
  await changeAccounts("chpasswd", [], { stdin: `${username}:${password}\n` });
  const rest = stack.move();
  return { username, password, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/**
 * Runs a command that changes the machine's accounts, such as `usermod`, while no other test does.
 *
 * @returns its standard output
 * @throws Error if it fails
 */
export function changeAccounts(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return mustRun("flock", [LOCK, command, ...args], options);
}

/** Removes an account if it exists. */
export async function removeAccount(username: string): Promise<void> {
  await run("flock", [LOCK, "userdel", "--force", username]);
}
