import { Lines } from "./lines.ts";
import { PATIENCE_MS } from "./patience.ts";
import { PROGRAM } from "./program.ts";

/** A socket behind which each connection has a PAM helper, as systemd's units make it. */
export interface PamHelpers extends AsyncDisposable {
  /** Path of the socket. */
  socket: string;
  /** What helpers say, and what starts them. */
  errors: Lines;
  /** The processes of the helpers that run now, the oldest first. */
  pids(): number[];
  /** Waits until a condition holds for the helpers that run. */
  until(condition: (pids: readonly number[]) => boolean): Promise<void>;
}

/** What else {@link startPamHelpers} may be told. */
export interface PamHelpersOptions {
  /** The program, if not the one under test. */
  program?: string;
  /** The command before the program, such as `prlimit`. */
  through?: readonly string[];
  /** The socket's file name in the directory. */
  name?: string;
}

/**
 * Has the built program answer for PAM, with a process for each connection.
 *
 * @param directory where the socket is made
 * @param settings the helpers' environment, such as `totpPamService`
 */
export async function startPamHelpers(
  directory: string,
  settings: Record<string, string>,
  { program = PROGRAM, through = [], name = "pam.sock" }: PamHelpersOptions = {},
): Promise<PamHelpers> {
  const socket = `${directory}/${name}`;
  const variables = Object.entries(settings).map(([name, value]) => `--setenv=${name}=${value}`);
  const child = new Deno.Command("systemd-socket-activate", {
    args: [
      ...["--accept", "--inetd", "--listen", socket, ...variables],
      ...["--", ...through, program, "pam-helper"],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const errors = new Lines("PAM's helpers");
  const reading = errors.readFrom(child.stderr);
  const pids = () => childrenOf(child.pid);
  await errors.waitFor(/^Listening on /);
  return {
    socket,
    errors,
    pids,
    until: (condition) => becomes(() => condition(pids())),
    async [Symbol.asyncDispose]() {
      const left = pids();
      child.kill("SIGTERM");
      await child.status;
      for (const pid of left) kill(pid);
      // Each helper has the pipe: this ends with the last of them.
      await reading;
      await Deno.remove(socket).catch(() => {});
    },
  };
}

/** Ends a process at once, if it is still there. */
export function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Processes that have ended, and that nobody has waited for yet, are none. */
function childrenOf(pid: number): number[] {
  return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ")
    .map(Number).filter((child) => child > 0 && isRunning(child));
}

function isRunning(pid: number): boolean {
  try {
    const [, state] = Deno.readTextFileSync(`/proc/${pid}/stat`).match(/^\d+ \(.*\) (\w)/s) ?? [];
    return state !== "Z";
  } catch {
    return false;
  }
}

/** Nothing tells of processes that begin and end, so it looks again and again. */
async function becomes(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("PAM's helpers are not as they should become");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
