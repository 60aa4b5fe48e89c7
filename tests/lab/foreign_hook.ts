import assert from "node:assert/strict";
import { makeAccount } from "./accounts.ts";
import { mustRun } from "./command.ts";
import { type ForeignPlace, makeForeignPlace } from "./foreign_place.ts";
import { playAttempt, type PlayedAttempt } from "./hook_call.ts";

/** What {@link makeForeignHook} needs from the machine. */
export const ROOT_AND_ACCOUNT = ["root", "useradd"] as const;

/** Root's hooks on another user's database, in which an account is enrolled. */
export interface ForeignHook extends AsyncDisposable {
  place: ForeignPlace;
  username: string;
  password: string;
  secret: string;
  /** A login attempt; OpenVPN's files are in a directory that only root may enter. */
  attempt(settings?: Record<string, string>): Promise<PlayedAttempt>;
}

/** Makes an account that is enrolled in another user's database, and OpenVPN's place. */
export async function makeForeignHook(): Promise<ForeignHook> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makeForeignPlace());
  const { username, password } = stack.use(await makeAccount());
  const { status, stdout, stderr } = await place.asRoot(["enroll", username]);
  assert.equal(status, 0, stderr);
  const [, secret] = stdout.split("\n");
  const tmp = `${place.rootOnly}/../openvpn`;
  await Deno.mkdir(tmp, { mode: 0o700 });
  const rest = stack.move();
  return {
    place,
    username,
    password,
    secret: secret!,
    attempt: (settings = {}) =>
      playAttempt(tmp, {
        totpTokenDbPath: place.db,
        totpKeyFile: place.key,
        totpPamService: "login",
        ...settings,
      }),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** Keeps a copy of the user's directory where only root may enter; gives its path. */
export async function savedCopy({ own, rootOnly }: ForeignPlace): Promise<string> {
  const saved = `${rootOnly}/saved.tar`;
  await mustRun("tar", ["-C", own, "-cf", saved, "."]);
  return saved;
}
