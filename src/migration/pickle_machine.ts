import { PickleInput } from "./pickle_input.ts";
import { PickleMemo } from "./pickle_memo.ts";
import { REFUSED_OPCODES } from "./pickle_opcodes.ts";
import { readString } from "./pickle_string.ts";
import { MAX_ENTRIES, UnreadableSource } from "./reading.ts";

const MARK = Symbol("mark");

type Dict = Map<string, string>;
type Item = string | Dict | typeof MARK;

/** The newest protocol that is known. */
export const NEWEST_PROTOCOL = 5;

/** A dictionary of strings never makes Python's stack deeper than this. */
const MAX_STACK = 2 * MAX_ENTRIES + 2;

/**
 * Reads a pickle of the protocols 0 to 5 that contains a dictionary of strings and nothing else;
 * what each opcode does is in Python's `pickletools`. It looks up, calls and constructs nothing: it
 * refuses, by its name, any opcode that would. It is written by hand because the package
 * pickleparser reads other values, too, and silently turns what it does not know into an empty
 * object.
 */
export class PickleMachine {
  readonly #input: PickleInput;
  readonly #stack: Item[] = [];
  readonly #memo = new PickleMemo<Item>(MAX_STACK);

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
      if (this.#stack.length > MAX_STACK) refuse("it is nested too deeply");
    }
  }

  #result(): Dict {
    const [dict, ...others] = this.#stack;
    if (!(dict instanceof Map) || others.length > 0) return refuse("it is not a dictionary");
    if (!this.#input.isAtEnd) return refuse("it has data after its end");
    return dict;
  }

  #step(opcode: string): void {
    const input = this.#input;
    const string = readString(opcode, input);
    if (string !== null) {
      this.#stack.push(string);
      return;
    }
    switch (opcode) {
      case "\x80": // PROTO
        if (input.byte() > NEWEST_PROTOCOL) refuse(`its protocol is newer than ${NEWEST_PROTOCOL}`);
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
      default:
        return refuseOpcode(opcode);
    }
  }

  #put(index: number): void {
    const top = this.#stack.at(-1);
    this.#memo.put(index, top === MARK ? undefined : top);
  }

  #get(index: number): void {
    this.#stack.push(this.#memo.get(index));
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
        return refuse("it contains something other than strings");
      }
      dict.set(key, value);
    }
    if (dict.size > MAX_ENTRIES) refuse(`it has more than ${MAX_ENTRIES} users`);
  }
}

function refuseOpcode(opcode: string): never {
  const name = REFUSED_OPCODES[opcode];
  if (name !== undefined) {
    refuse(`it has the opcode ${name}, which a dictionary of strings does not need`);
  }
  const code = opcode.charCodeAt(0).toString(16).padStart(2, "0");
  refuse(`it has the opcode 0x${code}, which does not exist`);
}

function refuse(reason: string): never {
  throw new UnreadableSource(reason);
}
