import { resolve } from "node:path/posix";
import { messageOf } from "../../text/message_of.ts";
import {
  bareName,
  type Config,
  type ConfigError,
  type Directive,
  makeDirective,
  type Place,
} from "./directive.ts";
import { ConfigStop } from "./config_stop.ts";
import { readInlineBlock, tagOf } from "./inline_block.ts";
import { LineSource } from "./line_source.ts";
import { parseLine } from "./parse_line.ts";

/** OpenVPN refuses a line of this many bytes, including its end (OPTION_LINE_SIZE). */
const LINE_BYTES = 256;

/** How deep files may include files, counting the first one (max_recursive_levels). */
const MAX_DEPTH = 10;

/** The most directives that are read: a few files that include each other could make millions. */
const MAX_DIRECTIVES = 10_000;

/** The most bytes that are read from all files: one full of comments adds no directives. */
const MAX_BYTES = 16 * 1024 * 1024;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Reads a file; if that fails, throws an error whose message names the file and the cause. */
export type ReadFile = (path: string) => Uint8Array;

/** Where and how a configuration is read. */
export interface ReadOptions {
  /** The directory that relative paths start from, until `cd` changes it. */
  directory: string;
  readFile: ReadFile;
}

/** Collects the directives of a configuration. Each method throws {@link ConfigStop}. */
export class ConfigReader {
  readonly #directives: Directive[] = [];
  readonly #files = new Set<string>();
  #directory: string;
  #bytes = 0;
  readonly #readFile: ReadFile;

  constructor({ directory, readFile }: ReadOptions) {
    this.#readFile = readFile;
    this.#directory = directory;
  }

  /** What was read, up to an error if there was one. */
  config(error: ConfigError | null): Config {
    return {
      directives: this.#directives,
      files: [...this.#files],
      directory: this.#directory,
      error,
    };
  }

  /** Adds a directive; `config` and `cd` take effect at once. */
  apply(directive: Directive, depth: number): void {
    const { name, words: [argument], words } = directive;
    if (this.#directives.length >= MAX_DIRECTIVES) {
      throw new ConfigStop(directive, `there are more than ${MAX_DIRECTIVES} lines`);
    }
    this.#directives.push(directive);
    if (argument === undefined || words.length !== 1) return;
    if (name === "cd") this.#directory = resolve(this.#directory, argument);
    if (name === "config") this.include(argument, directive, depth);
  }

  /** Reads a file; `by` is the place that named it. */
  include(path: string, by: Place, depth = 0): void {
    if (depth >= MAX_DEPTH) {
      throw new ConfigStop(by, `files include each other more than ${MAX_DEPTH} levels deep`);
    }
    const file = resolve(this.#directory, path);
    this.#files.add(file);
    this.#readLines(file, new LineSource(this.#content(file, by)), depth + 1);
  }

  #content(file: string, by: Place): Uint8Array {
    let content: Uint8Array;
    try {
      content = this.#readFile(file);
    } catch (error) {
      throw new ConfigStop(by, messageOf(error));
    }
    this.#bytes += content.length;
    if (this.#bytes <= MAX_BYTES) return content;
    throw new ConfigStop(by, `the files have more than ${MAX_BYTES} bytes`);
  }

  #readLines(file: string, source: LineSource, depth: number): void {
    for (let isFirst = true;; isFirst = false) {
      const piece = source.next(LINE_BYTES);
      if (piece === null) return;
      const place = { file, line: piece.line };
      if (lengthInC(piece.bytes) === LINE_BYTES) {
        throw new ConfigStop(place, `the line has more than ${LINE_BYTES - 2} bytes`);
      }
      const [first, ...words] = wordsOf(isFirst ? withoutMark(piece.bytes) : piece.bytes, place);
      if (first === undefined) continue;
      const name = bareName(first);
      const tag = words.length === 0 ? tagOf(name) : null;
      const directive = tag === null
        ? makeDirective([name, ...words], place)
        : readInlineBlock(tag, source, place);
      this.apply(directive, depth);
    }
  }
}

function wordsOf(line: Uint8Array, place: Place): string[] {
  const parsed = parseLine(line);
  if ("error" in parsed) throw new ConfigStop(place, parsed.error);
  return parsed.words;
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  const hasMark = BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte);
  return hasMark ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

function lengthInC(bytes: Uint8Array): number {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes.length : end;
}
