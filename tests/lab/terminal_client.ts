import { makeCertificate } from "./certificates.ts";
import type { OpenvpnServer } from "./openvpn_server.ts";

/** How long to wait for something that should come within seconds, in milliseconds. */
const PATIENCE_MS = 60_000;

let count = 0;

/** A real OpenVPN client of the command line, on a pseudo terminal, without a management interface. */
export class TerminalClient implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #screen = "";
  #wake = () => {};

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#reading = this.#read(child.stdout);
  }

  /**
   * Starts a client that asks its user.
   *
   * @param lines more options, such as `--auth-retry interact`
   */
  static async start(
    { directory, network }: OpenvpnServer,
    lines: readonly string[],
  ): Promise<TerminalClient> {
    const name = `terminal${++count}`;
    await makeCertificate(directory, name);
    const command = [
      ...["ip", "netns", "exec", network.client.namespace, "openvpn"],
      ...["--client", "--dev", "tun", "--proto", "udp", "--nobind"],
      ...["--remote", network.server.address, "--auth-user-pass"],
      ...["--ca", `${directory}/ca.crt`, "--cert", `${directory}/${name}.crt`],
      ...["--key", `${directory}/${name}.key`, "--verb", "3", ...lines],
    ];
    return new TerminalClient(
      new Deno.Command("script", {
        args: ["--quiet", "--command", command.join(" "), "/dev/null"],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn(),
    );
  }

  /** Waits for a prompt that isn't answered yet, and types an answer. */
  async type(prompt: RegExp, answer: string): Promise<void> {
    await this.shows(prompt);
    this.#screen = "";
    await this.#input.write(new TextEncoder().encode(`${answer}\n`));
  }

  /** Waits until the screen shows something since the last answer. */
  async shows(pattern: RegExp): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!pattern.test(this.#screen)) {
      const left = deadline - Date.now();
      if (left <= 0) {
        throw new Error(`the screen lacks ${pattern}:\n${this.#screen}`);
      }
      await this.#change(left);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its end takes the terminal away, which ends OpenVPN (SIGHUP).
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await this.#reading;
    await this.#input.abort().catch(() => {});
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#screen += decoder.decode(chunk, { stream: true });
      this.#wake();
    }
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
