import { Secret } from "otpauth";
import { Vault } from "../../src/secrets/vault.ts";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../src/store/sqlite/enrolment_store.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { newEnrolment } from "./secrets.ts";

/** A user to enrol. */
export interface NewUser {
  username: string;
  /** Base32. */
  secret: string;
}

/** A user with a secret of their own. */
export function newUser(username: string): NewUser {
  return { username, secret: new Secret({ size: 20 }).base32 };
}

/** Enrols users in this process, in one transaction: a command for each would take long. */
export async function enrolMany(
  path: string,
  keyFile: string,
  users: readonly NewUser[],
): Promise<void> {
  using database = await openDatabase(path, { create: true, busyTimeoutMs: 10_000 });
  const store = new SqliteEnrolmentStore(database);
  const vault = new Vault(keyFile);
  const enrolments = [];
  for (const { username, secret } of users) {
    const bytes = new Redacted(Secret.fromBase32(secret).bytes);
    enrolments.push(newEnrolment(username, await vault.seal(bytes, username)));
  }
  await store.enrol(enrolments, { mayReplace: () => false, knownKeys: vault.keyIds() });
}
