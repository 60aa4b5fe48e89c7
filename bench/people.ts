import { Secret } from "otpauth";
import { changeAccounts, removeAccount } from "../tests/lab/accounts.ts";
import { mustRun } from "../tests/lab/command.ts";
import { OWN_PREFIX } from "../tests/lab/owner.ts";
import { PROGRAM } from "../tests/lab/program.ts";

/** Somebody with an account, a password, and a secret for codes. */
export interface Person {
  username: string;
  password: string;
  /** In base32. */
  secret: string;
}

/** People with accounts on this machine, which are removed at the end of the scope. */
export interface People extends AsyncDisposable {
  all: readonly Person[];
}

/** Makes accounts for this many people. */
export async function makePeople(count: number): Promise<People> {
  await using stack = new AsyncDisposableStack();
  const all: Person[] = [];
  for (let n = 0; n < count; n++) {
    const username = `${OWN_PREFIX}${n}`;
    stack.defer(() => removeAccount(username));
    await changeAccounts("useradd", [
      ...["--system", "--no-user-group", "--gid", "nogroup"],
      ...["--no-create-home", "--no-log-init", "--shell", "/usr/sbin/nologin", username],
    ]);
    const secret = new Secret({ size: 20 }).base32;
    all.push({ username, password: `pw ${crypto.randomUUID()}`, secret });
  }
  const lines = all.map(({ username, password }) => `${username}:${password}\n`);
  await changeAccounts("chpasswd", [], { stdin: lines.join("") });
  const rest = stack.move();
  return { all, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/**
 * Enrols people with the secrets that they have.
 *
 * @param where the options that say where the database and the key file are
 */
export async function enrolPeople(
  where: readonly string[],
  people: readonly Person[],
): Promise<void> {
  const uris = people.map(({ username, secret }) =>
    `otpauth://totp/VPN:${username}?secret=${secret}&issuer=VPN\n`
  );
  await mustRun(PROGRAM, [...where, "import", "--yes", "--format", "uris", "-"], {
    stdin: uris.join(""),
  });
}
