import { decodeLatin1 } from "../../src/text/latin1.ts";
import { MAX_COMMAND_BYTES } from "../../src/openvpn/management/command.ts";
import { parseCommand } from "./parse_command.ts";

/** What OpenVPN knows about a key of a client. */
export type KeyState = "asked" | "pending" | "in" | "out";

/** A word of the service's on a client's key, in parameters. */
export type Word = readonly string[];

/** Variables that OpenVPN itself always sends. */
export const OWN_VARIABLES = {
  n_clients: "0",
  daemon_pid: "4711",
  daemon_start_time: "1800000000",
};

/**
 * What OpenVPN knows about its clients' keys, by "CID KID". It keeps to OpenVPN's rules about
 * commands, and notes each word that OpenVPN would have to take for a mistake, such as a second
 * verdict.
 */
export class OpenvpnKeys {
  readonly #keys = new Map<string, KeyState>();
  readonly #told: (key: string, word: Word) => void;

  /** What the service did that it must not do. */
  readonly mistakes: string[] = [];

  /** @param told is called with each word on a client's key */
  constructor(told: (key: string, word: Word) => void) {
    this.#told = told;
  }

  /** A client sends username and password, or another connection's with the same ids does. */
  ask(key: string): void {
    this.#keys.set(key, "asked");
  }

  /** A client goes. */
  leave(cid: string): void {
    for (const key of this.#keys.keys()) if (key.startsWith(`${cid} `)) this.#keys.delete(key);
  }

  /** OpenVPN ends. */
  clear(): void {
    this.#keys.clear();
  }

  /** What OpenVPN would do with a client's key. */
  stateOf(key: string): KeyState | undefined {
    return this.#keys.get(key);
  }

  /**
   * Takes a line that the service has sent.
   *
   * @returns OpenVPN's reply
   */
  take(line: string): string {
    let words: string[];
    try {
      words = parseCommand(line);
      const { length } = new TextEncoder().encode(line);
      if (length > MAX_COMMAND_BYTES) throw new Error("the line is too long");
    } catch (error) {
      this.mistakes.push(`${line}: ${error}`);
      return "ERROR: unreadable\r\n";
    }
    const [name, cid, kid] = words;
    if (name === "version") return "OpenVPN Version: OpenVPN 2.6.14 x\r\nEND\r\n";
    if (name === "status") return "TITLE,fake\r\nEND\r\n";
    if (!name?.startsWith("client-") || name === "client-kill") return `SUCCESS: ${name}\r\n`;
    return this.#takeWord(`${cid} ${kid}`, words);
  }

  #takeWord(key: string, words: string[]): string {
    const [name] = words;
    const state = this.#keys.get(key);
    if (state === "in" || state === "out") this.mistakes.push(`${state}, then ${words.join(" ")}`);
    const isVerdict = name !== "client-pending-auth";
    if (state !== undefined) {
      this.#keys.set(key, isVerdict ? (name === "client-auth-nt" ? "in" : "out") : "pending");
    }
    this.#told(key, words);
    return `${state === undefined ? "ERROR" : "SUCCESS"}: ${name} command\r\n`;
  }
}

/** A block of lines about a client, each byte as a character. */
export function clientBlock(head: string, variables: Record<string, string>): string {
  const lines = Object.entries(variables).map(([name, value]) =>
    `>CLIENT:ENV,${name}=${latin1(value)}\r\n`
  );
  return `>CLIENT:${head}\r\n${lines.join("")}>CLIENT:ENV,END\r\n`;
}

/** A text's bytes in UTF-8, each as a character. */
function latin1(text: string): string {
  return decodeLatin1(new TextEncoder().encode(text));
}
