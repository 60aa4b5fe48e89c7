import { fileURLToPath } from "node:url";
import type { Network } from "../tests/lab/network.ts";

/** Milliseconds between two packets. */
export const PACE_MS = 2;

const SCRIPT = fileURLToPath(new URL("traffic.py", import.meta.url));

/** A time of which the longest gap is wanted, in milliseconds since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** Packets at a fixed pace from a server, through its tunnel, to a client. */
export class Traffic implements AsyncDisposable {
  readonly #sender: Deno.ChildProcess;
  readonly #receiver: Deno.ChildProcess;
  readonly #output: Promise<string>;

  private constructor(sender: Deno.ChildProcess, receiver: Deno.ChildProcess) {
    this.#sender = sender;
    this.#receiver = receiver;
    this.#output = new Response(receiver.stdout).text();
  }

  /**
   * Starts the stream.
   *
   * @param address the client's, in the tunnel
   */
  static start({ server, client }: Network, address: string): Traffic {
    const receiver = run(client.namespace, ["receive", address]);
    const sender = run(server.namespace, ["send", address, String(PACE_MS)]);
    return new Traffic(sender, receiver);
  }

  /** Ends the stream, and gives the moments at which packets came. */
  async end(): Promise<number[]> {
    this.#kill(this.#sender);
    this.#kill(this.#receiver);
    await Promise.all([this.#sender.status, this.#receiver.status]);
    return (await this.#output).split("\n").filter((line) => /^\d/.test(line)).map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #kill(child: Deno.ChildProcess): void {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended.
    }
  }
}

/** The present moment, finer than a millisecond. */
export function moment(): number {
  return performance.timeOrigin + performance.now();
}

/** Does something, and says when. */
export async function spanOf(work: () => Promise<unknown>): Promise<Span> {
  const from = moment();
  await work();
  return { from, to: moment() };
}

/** The longest time without a packet that lies at least partly in a span, in milliseconds. */
export function longestGap(arrivals: readonly number[], { from, to }: Span): number {
  let longest = 0;
  for (let i = 1; i < arrivals.length; i++) {
    if (arrivals[i]! < from) continue;
    if (arrivals[i - 1]! > to) break;
    longest = Math.max(longest, arrivals[i]! - arrivals[i - 1]!);
  }
  return longest;
}

/** With priority in time: what is measured is OpenVPN's turn, not Python's. */
function run(namespace: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command("ip", {
    args: ["netns", "exec", namespace, "chrt", "--rr", "10", "/usr/bin/python3", SCRIPT, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}
