import { Lines } from "./lines.ts";
import { PROGRAM } from "./program.ts";

/** How `openvpn-totp serve` is run. */
export interface ServeOptions {
  env?: Record<string, string>;
  /** Another user than the test's, and a copy of the program that this user can reach. */
  as?: { uid: number; gid: number; program: string } | null;
}

/** A running `openvpn-totp serve`. */
export class Serve implements AsyncDisposable {
  readonly log: Lines;
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  private constructor(args: readonly string[], { env, as }: Required<ServeOptions>, log: Lines) {
    this.log = log;
    const [command, ...before] = as === null ? [PROGRAM] : [
      ...["setpriv", "--reuid", `${as.uid}`, "--regid", `${as.gid}`, "--clear-groups", as.program],
    ];
    this.#child = new Deno.Command(command!, {
      args: [...before, "serve", ...args],
      env: as === null ? env : { PATH: Deno.env.get("PATH")!, ...env },
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.#reading = this.log.readFrom(this.#child.stderr);
  }

  /**
   * Starts the service, and waits until it has its sockets.
   *
   * @param log gets its lines, too
   */
  static async start(
    args: readonly string[],
    { env = {}, as = null, log }: ServeOptions & { log?: Lines } = {},
  ): Promise<Serve> {
    const serve = new Serve(args, { env, as }, new Lines("the service", log));
    try {
      await serve.log.waitFor(/ event=started\b/);
    } catch (error) {
      await serve[Symbol.asyncDispose]();
      throw error;
    }
    return serve;
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** How it ended. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await this.#reading;
  }
}
