import { mustRun, run } from "./command.ts";

/** What the names of all accounts made here begin with. */
export const ACCOUNT_PREFIX = "ovtotp-t";

/** Held while accounts are changed: two `useradd` at once would fail. */
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
  const username = `${ACCOUNT_PREFIX}${crypto.randomUUID().slice(0, 8)}`;
  await mustRun("flock", [
    LOCK,
    "useradd",
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    username,
  ]);
  const account: Account = {
    username,
    password,
    [Symbol.asyncDispose]: () => removeAccount(username),
  };
  try {
    await mustRun("flock", [LOCK, "chpasswd"], {
      stdin: `${username}:${password}\n`,
    });
  } catch (error) {
    await removeAccount(username);
    throw error;
  }
  return account;
}

/** Removes the accounts that an interrupted run left. */
export async function removeLeftoverAccounts(): Promise<void> {
  const names = (await Deno.readTextFile("/etc/passwd")).split("\n")
    .map((line) => line.split(":")[0] ?? "");
  for (const name of names) {
    if (name.startsWith(ACCOUNT_PREFIX)) await removeAccount(name);
  }
}

async function removeAccount(username: string): Promise<void> {
  await run("flock", [LOCK, "userdel", "--force", username]);
}
