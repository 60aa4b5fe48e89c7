import { REFUSED_OPCODES } from "./pickle_opcodes.ts";
import { PickleInput } from "./pickle_input.ts";
import { decodePythonLiteral, decodeRawUnicode } from "./pickle_text.ts";
import { MAX_ENTRIES, UnreadableSource } from "./reading.ts";

const MARK = Symbol("mark");

type Dict = Map<string, string>;
type Item = string | Dict | typeof MARK;

/** The newest protocol that is known. */
export const NEWEST_PROTOCOL = 5;

/** No opcode that a dictionary of texts needs makes Python's stack deeper than this. */
const MAX_STACK = 2 * MAX_ENTRIES + 2;

/**
 * Reads a pickle that holds a dictionary of texts, of the protocols 0 to 5 (Python's `pickletools` says
 * what each opcode does), and nothing else. Nothing is looked up, called or made: an opcode that would
 * is refused by its name.
 */
export class PickleMachine {
  readonly #input: PickleInput;
  readonly #stack: Item[] = [];
  readonly #memo = new Map<number, Item>();

  constructor(content: Uint8Array) {
    this.#input = new PickleInput(content);
  }

  /**
   * Reads the pickle to its end.
   *
   * @throws UnreadableSource
   */
  run(): Dict {
    for (;;) {
      const opcode = String.fromCharCode(this.#input.byte());
      if (opcode === ".") return this.#result();
      this.#step(opcode);
      if (this.#stack.length > MAX_STACK) refuse("it nests too deep");
    }
  }

  #result(): Dict {
    const [dict, ...others] = this.#stack;
    if (!(dict instanceof Map) || others.length > 0) {
      return refuse("it is not a dictionary");
    }
    if (!this.#input.isAtEnd) return refuse("something follows its end");
    return dict;
  }

  #step(opcode: string): void {
    const input = this.#input;
    const text = this.#readText(opcode);
    if (text !== null) {
      this.#stack.push(text);
      return;
    }
    switch (opcode) {
      case "\x80": // PROTO
        if (input.byte() > NEWEST_PROTOCOL) refuse("its protocol is newer");
        return;
      case "\x95": // FRAME
        return input.requireRest(input.length(8));
      case "(": // MARK
        this.#stack.push(MARK);
        return;
      case "}": // EMPTY_DICT
        this.#stack.push(new Map());
        return;
      case "d": // DICT
        return this.#makeDict();
      case "s": // SETITEM
        return this.#setItems(this.#stack.splice(-2));
      case "u": // SETITEMS
        return this.#setItems(this.#popMarked());
      default:
        return this.#remember(opcode);
    }
  }

  /** What the opcodes of texts push; null for another opcode. */
  #readText(opcode: string): string | null {
    const input = this.#input;
    switch (opcode) {
      case "\x8c": // SHORT_BINUNICODE
      case "U": // SHORT_BINSTRING, of Python 2
        return input.utf8(1);
      case "X": // BINUNICODE
      case "T": // BINSTRING, of Python 2
        return input.utf8(4);
      case "\x8d": // BINUNICODE8
        return input.utf8(8);
      case "V": // UNICODE
        return decodeRawUnicode(input.line());
      case "S": // STRING, of Python 2
        return decodePythonLiteral(input.line());
      default:
        return null;
    }
  }

  #remember(opcode: string): void {
    const input = this.#input;
    switch (opcode) {
      case "\x94": // MEMOIZE
        return this.#put(this.#memo.size);
      case "p": // PUT
        return this.#put(input.decimal());
      case "q": // BINPUT
        return this.#put(input.length(1));
      case "r": // LONG_BINPUT
        return this.#put(input.length(4));
      case "g": // GET
        return this.#get(input.decimal());
      case "h": // BINGET
        return this.#get(input.length(1));
      case "j": // LONG_BINGET
        return this.#get(input.length(4));
      default: {
        const name = REFUSED_OPCODES[opcode];
        const code = opcode.charCodeAt(0).toString(16).padStart(2, "0");
        refuse(
          name === undefined
            ? `it has the opcode 0x${code}, which no pickle has`
            : `it has the opcode ${name}, which a dictionary of texts doesn't need`,
        );
      }
    }
  }

  #put(index: number): void {
    const top = this.#stack.at(-1);
    if (top === undefined || top === MARK) refuse("it remembers nothing");
    this.#memo.set(index, top!);
    if (this.#memo.size > MAX_STACK) refuse("it remembers too much");
  }

  #get(index: number): void {
    const item = this.#memo.get(index);
    this.#stack.push(item ?? refuse("it recalls what it didn't remember"));
  }

  #makeDict(): void {
    const items = this.#popMarked();
    this.#stack.push(new Map());
    this.#setItems(items);
  }

  #popMarked(): Item[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) refuse("a mark is missing");
    return this.#stack.splice(mark).slice(1);
  }

  #setItems(items: readonly Item[]): void {
    const dict = this.#stack.at(-1);
    if (!(dict instanceof Map)) return refuse("it is not a dictionary");
    if (items.length % 2 !== 0) refuse("a key has no value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      const value = items[i + 1];
      if (typeof key !== "string" || typeof value !== "string") {
        return refuse("it has something other than texts");
      }
      dict.set(key, value);
    }
    if (dict.size > MAX_ENTRIES) {
      refuse(`it has more than ${MAX_ENTRIES} users`);
    }
  }
}

function refuse(reason: string): never {
  throw new UnreadableSource(reason);
}
