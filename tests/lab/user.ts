import { makeAccount } from "./accounts.ts";
import { playAttempt, type PlayedAttempt } from "./hook_call.ts";
import { enroll, makeTestDirectory } from "./program.ts";

/** What {@link withUser} needs from the machine. */
export const ROOT_AND_ACCOUNT = ["root", "useradd"] as const;

/** One line of the program's log. */
export const LOG_LINE = /^time=\S+ program=openvpn-totp step=\S+ outcome=\S+ .*\n$/;

/** An enrolled account. */
export interface EnrolledUser {
  username: string;
  password: string;
  secret: string;
  db: string;
  /** The test's own directory, with the database and OpenVPN's files in it. */
  directory: string;
  /** A login attempt of this user. */
  attempt(settings?: Record<string, string>): Promise<PlayedAttempt>;
}

/** Runs a test with an enrolled account, which is removed at its end. */
export async function withUser(
  test: (user: EnrolledUser) => Promise<void>,
): Promise<void> {
  await using directory = await makeTestDirectory();
  await using account = await makeAccount();
  const { username, password } = account;
  const { path, db } = directory;
  const secret = await enroll(db, username);
  await test({
    username,
    password,
    secret,
    db,
    directory: path,
    attempt: (settings = {}) => playAttempt(path, { totpTokenDbPath: db, ...settings }),
  });
}
