import { removeLeftovers } from "../tests/lab/leftovers.ts";
import { BUILT_PROGRAM, PROGRAM_VARIABLE } from "../tests/lab/program.ts";
import { reachablePlace } from "../tests/lab/reachable_place.ts";
import { isAbandoned, isLeftAtTheEnd, OWN_PREFIX, OWNER_VARIABLE } from "../tests/lab/owner.ts";

/** What ends a run before its time. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Of a process that Ctrl-C has ended, as a shell has it. */
const INTERRUPTED = 128 + 2;

/**
 * A run of the tests. It has a directory that is the temporary one of all that it starts, and that
 * other users can reach: OpenVPN as nobody, where the clone lies below /root. What tests make outside
 * of it carries the run's name, so that another run leaves it alone.
 */
export class TestRun {
  readonly #directory: string;
  #child: Deno.ChildProcess | null = null;
  #isInterrupted = false;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Does the work of a run, removes what it and runs that were killed have left, and ends this
   * process.
   *
   * @param work gives the exit status
   */
  static async main(work: (run: TestRun) => Promise<number>): Promise<never> {
    await removeLeftovers(isAbandoned);
    const directory = await Deno.makeTempDir({ prefix: OWN_PREFIX, dir: reachablePlace() });
    await Deno.chmod(directory, 0o755);
    const run = new TestRun(directory);
    for (const signal of SIGNALS) Deno.addSignalListener(signal, () => run.#interrupt());
    let status = 1;
    try {
      status = await work(run);
    } finally {
      await removeLeftovers(isLeftAtTheEnd);
    }
    Deno.exit(run.#isInterrupted ? INTERRUPTED : status);
  }

  /** A path for a file of the run's own. */
  path(name: string): string {
    return `${this.#directory}/${name}`;
  }

  /** Runs Deno; says whether it succeeded. */
  async deno(args: readonly string[], env: Record<string, string> = {}): Promise<boolean> {
    const own = { TMPDIR: this.#directory, [OWNER_VARIABLE]: `${Deno.pid}` };
    return await this.command(Deno.execPath(), args, { ...own, ...env });
  }

  /** Runs a command, with more variables; says whether it succeeded. */
  async command(
    command: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<boolean> {
    if (this.#isInterrupted) return false;
    const child = new Deno.Command(command, { args: [...args], env, stdin: "null" }).spawn();
    this.#child = child;
    const { success } = await child.status;
    this.#child = null;
    return success;
  }

  /**
   * Runs `deno test` with a copy of the program that was built: users who can't reach the clone can
   * run it, and it stays the same when another build begins.
   */
  async test(args: readonly string[], env: Record<string, string> = {}): Promise<boolean> {
    const program = await this.copyProgram();
    return await this.deno(["test", "--allow-all", "--no-check", ...args], {
      [PROGRAM_VARIABLE]: program,
      ...env,
    });
  }

  /** Copies the program that was built; gives the copy's path. */
  async copyProgram(): Promise<string> {
    const program = this.path("openvpn-totp");
    await Deno.copyFile(BUILT_PROGRAM, program);
    await Deno.chmod(program, 0o755);
    return program;
  }

  #interrupt(): void {
    this.#isInterrupted = true;
    if (this.#child !== null) this.#child.kill("SIGKILL");
    // The work waits for something else, such as another run's lock.
    else removeLeftovers(isLeftAtTheEnd).finally(() => Deno.exit(INTERRUPTED));
  }
}
