import assert from "node:assert/strict";
import { makeAccount } from "./accounts.ts";
import { mustRun, type Output, run } from "./command.ts";
import { copyProgram, keyFileOf, makeTestDirectory, on, PROGRAM } from "./program.ts";

/** No command takes that long; one that waits for ever is ended. */
const BOUND_SECONDS = 60;

/** Status of a command that `timeout` has ended. */
const TOO_LONG = 124;

/** A directory of an unprivileged user, with a database, and files of root's. */
export interface ForeignPlace extends AsyncDisposable {
  uid: number;
  gid: number;
  /** Only root may enter it; it has a `canary`. */
  rootOnly: string;
  /** The user's own directory. */
  own: string;
  db: string;
  key: string;
  /** An OpenVPN configuration that drops its privileges to the user. */
  config: string;
  /** Runs a command as root, within a bounded time. */
  asRoot(args: readonly string[], stdin?: string): Promise<Output>;
  /** Runs a command as the user whom the database belongs to. */
  asUser(args: readonly string[]): Promise<Output>;
  /** What `stat` says of everything that is root's, and its content. */
  rootsFiles(): string;
  /** Makes sure that everything in the user's directory belongs to the user. */
  requireOwned(): Promise<void>;
}

/** Makes an account, and a directory for it as docs/codes-only.md tells. */
export async function makeForeignPlace(): Promise<ForeignPlace> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await makeTestDirectory());
  const { username } = stack.use(await makeAccount());
  const uid = Number(await mustRun("id", ["-u", username]));
  const gid = Number(await mustRun("id", ["-g", username]));
  await Deno.chmod(directory.path, 0o755);
  const copy = await copyProgram(directory.path);
  const own = `${directory.path}/own`;
  const rootOnly = `${directory.path}/root`;
  await mustRun("install", ["-d", "-o", username, "-g", username, "-m", "0700", own]);
  await Deno.mkdir(rootOnly, { mode: 0o700 });
  await Deno.writeTextFile(`${rootOnly}/canary`, "root's own", { mode: 0o600 });
  const db = `${own}/db`;
  const config = `${rootOnly}/server.conf`;
  await Deno.writeTextFile(config, configLines(username, db));
  const rest = stack.move();
  return {
    uid,
    gid,
    rootOnly,
    own,
    db,
    key: keyFileOf(db),
    config,
    async asRoot(args, stdin) {
      const paths = args[0] === "doctor" ? [] : on(db);
      const words = [`${BOUND_SECONDS}`, PROGRAM, ...paths, ...args];
      const output = await run("timeout", words, stdin === undefined ? {} : { stdin });
      assert.notEqual(output.status, TOO_LONG, `${args.join(" ")} does not end`);
      return output;
    },
    asUser: (args) => run("setpriv", [...idsOf(username), copy, ...on(db), ...args], { cwd: "/" }),
    rootsFiles: () => filesIn(rootOnly),
    async requireOwned() {
      const others = await mustRun("find", [own, "!", "-uid", `${uid}`]);
      assert.equal(others, "", "everything belongs to the user");
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

function idsOf(username: string): string[] {
  return ["--reuid", username, "--regid", username, "--clear-groups"];
}

function configLines(username: string, db: string): string {
  return [
    `user ${username}`,
    "script-security 2",
    `auth-user-pass-verify ${PROGRAM} via-file`,
    `client-crresponse ${PROGRAM}`,
    "auth-gen-token",
    "setenv totpPrimaryAuth external",
    `setenv totpTokenDbPath ${db}`,
    `setenv totpKeyFile ${keyFileOf(db)}`,
    "",
  ].join("\n");
}

function filesIn(directory: string): string {
  return [...Deno.readDirSync(directory)].map(({ name }) => {
    const path = `${directory}/${name}`;
    const { ino, mode, uid, size, mtime } = Deno.lstatSync(path);
    const bytes = Deno.readFileSync(path).toBase64();
    return JSON.stringify({ name, ino, mode, uid, size, mtime, bytes });
  }).sort().join("\n");
}
