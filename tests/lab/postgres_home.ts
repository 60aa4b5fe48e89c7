import { makeAccount } from "./accounts.ts";
import { mustRun } from "./command.ts";
import { makeTestDirectory, memoryDirectory } from "./program.ts";

/** Who may enter the directory: others too, as they need sockets and certificates in it. */
const ENTERED_BY_ALL = 0o711;

/**
 * Bytes that must be free for data in memory, where `initdb` takes half the time: other tests have
 * theirs there, too, and a container often has only 64 MB.
 */
const ROOM = 2 ** 31;

/** Where servers have their files, and whom they run as; all is removed at the end of its scope. */
export interface PostgresHome extends AsyncDisposable {
  path: string;
  /** Where servers have their data, perhaps in memory. The program may read nothing there. */
  dataPlace: string;
  /** Who the servers run as; null for whoever runs the tests. PostgreSQL refuses to run as root. */
  account: { username: string; uid: number; gid: number } | null;
  /** The system's names of those that may act as the superuser over the socket. */
  administrators: string[];
}

/**
 * Makes a directory for servers, and an account for them if root runs the tests.
 *
 * @param isDurable the servers are to keep their data on a disk
 */
export async function makePostgresHome(isDurable: boolean): Promise<PostgresHome> {
  await using stack = new AsyncDisposableStack();
  const account = Deno.uid() === 0 ? await accountIn(stack) : null;
  const { path } = stack.use(await makeTestDirectory());
  const memory = isDurable ? undefined : memoryDirectory(ROOM);
  const { path: dataPlace } = stack.use(await makeTestDirectory(memory));
  for (const place of [path, dataPlace]) await Deno.chmod(place, ENTERED_BY_ALL);
  const own = (await mustRun("id", ["--user", "--name"])).trim();
  const rest = stack.move();
  return {
    path,
    dataPlace,
    account,
    administrators: account === null ? [own] : [own, account.username],
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** Makes a directory in the home that belongs to the servers' account. */
export async function makeServersDirectory(
  { path, account }: Pick<PostgresHome, "path" | "account">,
  name: string,
  mode = 0o700,
): Promise<string> {
  const directory = `${path}/${name}`;
  await Deno.mkdir(directory);
  // Without the umask, which would take the others' rights from it.
  await Deno.chmod(directory, mode);
  if (account !== null) await Deno.chown(directory, account.uid, account.gid);
  return directory;
}

/** Makes a directory for a server's data. */
export function makeDataDirectory(home: PostgresHome, name: string): Promise<string> {
  return makeServersDirectory({ ...home, path: home.dataPlace }, name);
}

/** The command that runs another as the servers' account, and ends it with this process. */
export function asServersAccount(
  { account }: PostgresHome,
  command: readonly string[],
): string[] {
  const user = account === null
    ? []
    : ["--reuid", `${account.uid}`, "--regid", `${account.gid}`, "--clear-groups"];
  // SIGQUIT makes PostgreSQL end at once, and take its children along.
  return ["setpriv", ...user, "--pdeathsig", "QUIT", ...command];
}

/** Runs a command as the servers' account to its end. */
export async function mustRunAsServers(
  home: PostgresHome,
  command: readonly string[],
): Promise<string> {
  const [program, ...args] = asServersAccount(home, command);
  return await mustRun(program!, args, { cwd: "/", env: { LC_ALL: "C" } });
}

async function accountIn(
  stack: AsyncDisposableStack,
): Promise<{ username: string; uid: number; gid: number }> {
  const { username } = stack.use(await makeAccount());
  const [uid, gid] = await Promise.all(
    ["--user", "--group"].map(async (of) => Number(await mustRun("id", [of, username]))),
  );
  return { username, uid: uid!, gid: gid! };
}
