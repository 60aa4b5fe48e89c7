import { fileURLToPath } from "node:url";
import { Lines } from "./lines.ts";

const WORKER = fileURLToPath(new URL("race_worker.ts", import.meta.url));

/** A process of `race_worker.ts`. */
class Racer {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: Lines;
  #told = 0;

  constructor(args: readonly string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", WORKER, ...args],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = new Lines(`racer ${args.at(-1)}`);
    this.#output.readFrom(this.#process.stdout);
  }

  /** Has it do something, and waits for how that ended. */
  async tell(command: string): Promise<string> {
    await this.#input.write(new TextEncoder().encode(`${command}\n`));
    const [ending] = await this.#output.waitFor(/.*/, this.#told++);
    return ending;
  }

  async end(): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#process.status;
  }
}

/** Processes of two servers, which share a database, and whose users share a code. */
export class Racers implements AsyncDisposable {
  readonly #racers: readonly Racer[];

  /** @param count how many processes, half of them of each server */
  constructor(count: number, { url, keyFile }: { url: string; keyFile: string }) {
    this.#racers = Array.from(
      { length: count },
      (_, n) => new Racer([url, keyFile, n % 2 === 0 ? "A" : "B", `${n + 1}`]),
    );
  }

  /** Has all of them do the same at once; gives how it ended for each. */
  all(command: string): Promise<string[]> {
    return Promise.all(this.#racers.map((racer) => racer.tell(command)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#racers.map((racer) => racer.end()));
  }
}
