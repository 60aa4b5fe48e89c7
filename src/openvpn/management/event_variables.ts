import { Failure } from "../../core/failure.ts";
import type { ReadVariable } from "../../settings.ts";
import { readUtf8 } from "../../text/utf8.ts";

/** OpenVPN sets some dozens; the client's own claims (`IV_*`, `UV_*`) are a message of its own. */
const MAX_VARIABLES = 4096;
const MAX_BYTES = 256 * 1024;

const EQUALS = 0x3d;

/** The environment of a client, as the management interface tells it: what a script would be given. */
export class EventVariables {
  readonly #values = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #twice = new Set<string>();
  #bytes = 0;

  /** Whether more came than is kept: nothing may be decided on a part of it. */
  isTooLarge = false;

  /** Adds a line of the form `name=value`. */
  add(line: Uint8Array): void {
    const end = line.indexOf(EQUALS);
    const name = readUtf8(end === -1 ? line : line.subarray(0, end));
    this.#bytes += line.length;
    if (this.#bytes > MAX_BYTES || this.#values.size >= MAX_VARIABLES) this.isTooLarge = true;
    if (name === null || end === -1 || this.isTooLarge) return;
    if (this.#values.has(name)) this.#twice.add(name);
    this.#values.set(name, line.slice(end + 1));
  }

  /**
   * Reads a variable as text; undefined if it is not set.
   *
   * @throws Failure `bad_call` if it is not UTF-8, or was set twice
   */
  readonly read: ReadVariable = (name) => {
    const bytes = this.readBytes(name);
    if (bytes === null) return undefined;
    const text = readUtf8(bytes);
    if (text !== null) return text;
    throw new Failure("bad_call", `the variable ${name} is not valid UTF-8`);
  };

  /**
   * Reads a variable as bytes; null if it is not set.
   *
   * @throws Failure `bad_call` if it was set twice
   */
  readBytes(name: string): Uint8Array<ArrayBuffer> | null {
    if (this.#twice.has(name)) {
      throw new Failure("bad_call", `OpenVPN sent the variable ${name} twice`);
    }
    return this.#values.get(name) ?? null;
  }

  /** Overwrites the password. */
  wipe(): void {
    this.#values.get("password")?.fill(0);
    this.#values.delete("password");
  }
}
