import { decodeLatin1 } from "../text/latin1.ts";
import { UnreadableSource } from "./reading.ts";
import { decodeUtf8 } from "./text.ts";

const NEWLINE = 0x0a;

/**
 * Far longer than a line with a username or a secret whose characters are all escaped, in bytes.
 */
const MAX_LINE = 65_536;

/**
 * A pickle's bytes, read once from beginning to end. Each method throws {@link UnreadableSource}.
 */
export class PickleInput {
  readonly #content: Uint8Array;
  #at = 0;

  constructor(content: Uint8Array) {
    this.#content = content;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#content.length;
  }

  byte(): number {
    return this.#take(1)[0]!;
  }

  /** Reads a whole number of 1, 4 or 8 bytes, lowest byte first. */
  length(bytes: number): number {
    return this.#take(bytes).reduceRight((sum, byte) => sum * 256 + byte, 0);
  }

  /** Reads a length and then a UTF-8 string of that length. */
  utf8(lengthBytes: number): string {
    return decodeUtf8(this.#take(this.length(lengthBytes)));
  }

  /** Reads to the end of the line; one character for each byte. */
  line(): string {
    const end = this.#content.indexOf(NEWLINE, this.#at);
    if (end < 0) throw cutShort();
    if (end - this.#at > MAX_LINE) {
      throw new UnreadableSource("it has a line that is too long");
    }
    const bytes = this.#take(end - this.#at);
    this.#at++;
    return decodeLatin1(bytes);
  }

  /** Reads a decimal number on a line of its own. */
  decimal(): number {
    const text = this.line();
    if (/^[0-9]{1,10}$/.test(text)) return Number(text);
    throw new UnreadableSource("expected a number after an opcode");
  }

  /** Makes sure that at least so many bytes follow. */
  requireRest(bytes: number): void {
    if (bytes > this.#content.length - this.#at) throw cutShort();
  }

  #take(bytes: number): Uint8Array {
    this.requireRest(bytes);
    this.#at += bytes;
    return this.#content.subarray(this.#at - bytes, this.#at);
  }
}

function cutShort(): UnreadableSource {
  return new UnreadableSource("it is cut short");
}
