import { Lines } from "./lines.ts";
import { PROGRAM } from "./program.ts";

/** A running `openvpn-totp serve`. */
export class Serve implements AsyncDisposable {
  readonly log: Lines;
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  private constructor(args: readonly string[], env: Record<string, string>, log: Lines) {
    this.log = log;
    this.#child = new Deno.Command(PROGRAM, {
      args: ["serve", ...args],
      env,
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
   * @param log its lines, among others if there are others
   */
  static async start(
    args: readonly string[],
    { env = {}, log = new Lines("the service") }: { env?: Record<string, string>; log?: Lines } =
      {},
  ): Promise<Serve> {
    const from = log.seen.length;
    const serve = new Serve(args, env, log);
    try {
      await log.waitFor(/ event=started\b/, from);
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
