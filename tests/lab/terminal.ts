import { mustRun } from "./command.ts";
import { PATIENCE_MS } from "./patience.ts";

/** What Ctrl-C sends. */
export const CTRL_C = "\x03";

/** A command on a pseudo-terminal, and somebody who types. */
export class Terminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #screen = "";
  #wake = () => {};

  /**
   * Starts a command with a shell, on its own terminal.
   *
   * @param command a line for the shell
   * @param env additional variables
   */
  constructor(command: string, env: Record<string, string> = {}) {
    this.#child = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", command, "/dev/null"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      env,
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#reading = this.#read(this.#child.stdout);
  }

  /** Waits for a prompt that has not been answered yet, and types a line. */
  async type(prompt: RegExp, answer: string): Promise<void> {
    await this.press(prompt, `${answer}\n`);
  }

  /**
   * Types a line at a prompt that hides it. OpenVPN prompts first and switches echo off then, which
   * discards what was typed in between.
   */
  async typeHidden(prompt: RegExp, answer: string): Promise<void> {
    await this.shows(prompt);
    const deadline = Date.now() + PATIENCE_MS;
    while (await this.#echoes()) {
      if (Date.now() > deadline) throw new Error(`the terminal echoes after ${prompt}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.type(prompt, answer);
  }

  /** Says whether the command's terminal shows what is typed. */
  async #echoes(): Promise<boolean> {
    const { pid } = this.#child;
    const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    const terminal = await Deno.readLink(`/proc/${children.split(" ")[0]}/fd/0`);
    return !/\s-echo\b/.test(await mustRun("stty", ["-F", terminal, "-a"]));
  }

  /** Waits for a prompt that has not been answered yet, and presses keys. */
  async press(prompt: RegExp, keys: string): Promise<void> {
    await this.shows(prompt);
    this.#screen = "";
    await this.#input.write(new TextEncoder().encode(keys));
  }

  /**
   * Waits until something appears on the screen after the last answer; returns what the screen
   * shows.
   */
  async shows(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!pattern.test(this.#screen)) {
      const left = deadline - Date.now();
      if (left <= 0) {
        throw new Error(`the screen lacks ${pattern}:\n${this.#screen}`);
      }
      await this.#change(left);
    }
    return this.#screen;
  }

  /**
   * Waits for the command to end; returns its exit status, and the screen since the last answer.
   */
  async end(): Promise<{ status: number; screen: string }> {
    const { code } = await this.#child.status;
    await this.#reading;
    return { status: code, screen: this.#screen };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Ending the terminal also ends the command (SIGHUP).
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has already ended.
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
