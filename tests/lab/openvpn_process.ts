import { Lines } from "./lines.ts";

/** How long OpenVPN may take to end by itself, in milliseconds. */
const DEAF_MS = 10_000;

/** A running OpenVPN and its log. */
export class OpenvpnProcess implements AsyncDisposable {
  readonly log: Lines;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;

  /** Starts OpenVPN in a network namespace. */
  constructor(name: string, namespace: string, args: readonly string[], also?: Lines) {
    this.log = new Lines(name, also);
    this.#child = new Deno.Command("ip", {
      args: ["netns", "exec", namespace, "openvpn", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // The server's scripts inherit standard error, so their lines are part of the log.
    this.#reading = Promise.all([
      this.log.readFrom(this.#child.stdout),
      this.log.readFrom(this.#child.stderr),
    ]);
  }

  /** Has OpenVPN restart within its process, as SIGUSR1 does. */
  restartWithin(): void {
    this.#kill("SIGUSR1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill("SIGTERM");
    // Every other wait in the tests has a time limit; without one here, a run once hung.
    const late = setTimeout(() => this.#kill("SIGKILL"), DEAF_MS);
    await this.#child.status;
    clearTimeout(late);
    await this.#reading;
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has already ended.
    }
  }
}
