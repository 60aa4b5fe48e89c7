import { resolve } from "node:path/posix";
import { type Config, type ConfigError, type Directive, makeDirective } from "./directive.ts";
import { LineSource } from "./line_source.ts";
import { parseLine } from "./parse_line.ts";

/** A line of this many bytes with its end is refused (OPTION_LINE_SIZE). */
const LINE_BYTES = 256;

/** An inline block is read in pieces of one byte less. */
const INLINE_BYTES = LINE_BYTES - 1;

/** How deep files may include files, the first one counted (max_recursive_levels). */
const MAX_DEPTH = 10;

/** More than any server's configuration holds: files that include each other could give many. */
const MAX_DIRECTIVES = 10_000;

/** The same in bytes of all files: one of comments alone adds no directive each time. */
const MAX_BYTES = 16 * 1024 * 1024;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Reads a file; where that fails, throws an error whose message says which file and why. */
export type ReadFile = (path: string) => Uint8Array;

/** Where and how a configuration is read. */
export interface ReadOptions {
  /** The directory that relative paths begin at, until `cd` changes it. */
  directory: string;
  readFile: ReadFile;
}

/** Ends the reading, as an error ends OpenVPN. */
class ConfigStop extends Error {
  readonly place: ConfigError;

  constructor(place: ConfigError) {
    super(place.message);
    this.place = place;
  }
}

/**
 * Reads a configuration and what it includes (`config`), as read_config_file() in OpenVPN's
 * options.c does. Whether options exist and their values are right isn't looked at.
 */
export function readConfig(path: string, options: ReadOptions): Config {
  return collect(path, options, (reader) => {
    reader.include(path, { file: path, line: 1 });
  });
}

/**
 * Reads a command line, as parse_argv() in OpenVPN's options.c does, with the configurations that it
 * names.
 *
 * @param args without the program's name
 * @param source what the directives' place is called
 */
export function readCommandLine(
  args: readonly string[],
  source: { file: string; line: number },
  options: ReadOptions,
): Config {
  return collect(source.file, options, (reader) => {
    const [only = ""] = args;
    if (args.length === 1 && !only.startsWith("--")) {
      return reader.apply(makeDirective(["config", only], source), 0);
    }
    for (let i = 0; i < args.length;) {
      const next = args.findIndex((arg, j) => j > i && arg.startsWith("--"));
      const end = next === -1 ? args.length : next;
      const words = args.slice(i, end).slice(0, 16);
      reader.apply(
        makeDirective([bare(words[0]!), ...words.slice(1)], source),
        0,
      );
      i = end;
    }
  });
}

function collect(
  file: string,
  options: ReadOptions,
  work: (reader: Reader) => void,
): Config {
  const reader = new Reader(options);
  try {
    work(reader);
    return configOf(reader, null);
  } catch (error) {
    const place = error instanceof ConfigStop
      ? error.place
      : { file, line: 1, message: error instanceof Error ? error.message : "" };
    return configOf(reader, place);
  }
}

function configOf(
  { directives, files, directory }: Reader,
  error: ConfigError | null,
): Config {
  return { directives, files: [...files], directory, error };
}

class Reader {
  readonly directives: Directive[] = [];
  readonly files = new Set<string>();
  directory: string;
  #bytes = 0;
  readonly #readFile: ReadFile;

  constructor({ directory, readFile }: ReadOptions) {
    this.#readFile = readFile;
    this.directory = directory;
  }

  /** Takes a directive; `config` and `cd` act at once. */
  apply(directive: Directive, depth: number): void {
    const { name, words: [argument], words } = directive;
    if (this.directives.length >= MAX_DIRECTIVES) {
      throw stop(directive, `there are more than ${MAX_DIRECTIVES} lines`);
    }
    this.directives.push(directive);
    if (argument === undefined || words.length !== 1) return;
    if (name === "cd") this.directory = resolve(this.directory, argument);
    if (name === "config") this.include(argument, directive, depth);
  }

  /** Reads a file; `by` is what named it. */
  include(
    path: string,
    by: { file: string; line: number },
    depth = 0,
  ): void {
    if (depth >= MAX_DEPTH) {
      throw stop(by, `files include each other more than ${MAX_DEPTH} deep`);
    }
    const file = resolve(this.directory, path);
    this.files.add(file);
    this.#readLines(file, new LineSource(this.#content(file, by)), depth + 1);
  }

  #content(file: string, by: { file: string; line: number }): Uint8Array {
    let content: Uint8Array;
    try {
      content = this.#readFile(file);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw stop(by, cause);
    }
    this.#bytes += content.length;
    if (this.#bytes <= MAX_BYTES) return content;
    throw stop(by, `there are more than ${MAX_BYTES} bytes`);
  }

  #readLines(file: string, source: LineSource, depth: number): void {
    for (let isFirst = true;; isFirst = false) {
      const piece = source.next(LINE_BYTES);
      if (piece === null) return;
      const place = { file, line: piece.line };
      if (lengthInC(piece.bytes) === LINE_BYTES) {
        throw stop(place, `the line has more than ${LINE_BYTES - 2} bytes`);
      }
      const hasMark = isFirst &&
        BYTE_ORDER_MARK.every((byte, i) => piece.bytes[i] === byte);
      const parsed = parseLine(hasMark ? piece.bytes.subarray(3) : piece.bytes);
      if ("error" in parsed) throw stop(place, parsed.error);
      const [first, ...words] = parsed.words;
      if (first === undefined) continue;
      const name = bare(first);
      const tag = words.length === 0 ? tagOf(name) : null;
      const directive = tag === null
        ? makeDirective([name, ...words], place)
        : this.#inline(tag, source, place);
      this.apply(directive, depth);
    }
  }

  #inline(
    tag: string,
    source: LineSource,
    place: { file: string; line: number },
  ): Directive {
    const lastLine = skipInline(source, `</${tag}>`);
    if (lastLine === null) throw stop(place, `<${tag}> has no end </${tag}>`);
    return makeDirective([tag], { ...place, lastLine, isInline: true });
  }
}

/** Goes behind the end of an inline block, and gives its line; null where it has no end. */
function skipInline(source: LineSource, end: string): number | null {
  for (;;) {
    const piece = source.next(INLINE_BYTES);
    if (piece === null) return null;
    const text = new TextDecoder().decode(piece.bytes);
    if (text.replace(/^[\t-\r ]+/, "").startsWith(end)) return piece.line;
  }
}

function tagOf(name: string): string | null {
  return name.length > 1 && name.startsWith("<") && name.endsWith(">") ? name.slice(1, -1) : null;
}

/** OpenVPN forgives the dashes of its command line in a file (bypass_doubledash()). */
function bare(name: string): string {
  return name.length >= 3 && name.startsWith("--") ? name.slice(2) : name;
}

function lengthInC(bytes: Uint8Array): number {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes.length : end;
}

function stop(
  { file, line }: { file: string; line: number },
  message: string,
): ConfigStop {
  return new ConfigStop({ file, line, message });
}
