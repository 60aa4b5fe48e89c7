import { UnreadableSource } from "./reading.ts";
import { decodeUtf8 } from "./text.ts";

/** A field of a message. */
export interface MessageField {
  number: number;
  value: number | Uint8Array;
}

/** A number has at most ten bytes with seven bits each. */
const MAX_VARINT_BYTES = 10;

/**
 * Reads the fields of a Protocol Buffers message, in their order.
 *
 * @throws UnreadableSource for a message that is cut short, and for groups, which are obsolete
 */
export function readFields(message: Uint8Array): MessageField[] {
  const input = new MessageInput(message);
  const fields: MessageField[] = [];
  while (!input.isAtEnd) {
    const field = input.field();
    if (field !== null) fields.push(field);
  }
  return fields;
}

/** A message's bytes, read once from beginning to end. */
class MessageInput {
  readonly #message: Uint8Array;
  #at = 0;

  constructor(message: Uint8Array) {
    this.#message = message;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#message.length;
  }

  /** Null for a field of fixed size, which no message here has. */
  field(): MessageField | null {
    const key = this.#varint();
    const number = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        return { number, value: this.#varint() };
      case 1:
        this.#take(8);
        return null;
      case 2:
        return { number, value: this.#take(this.#varint()) };
      case 5:
        this.#take(4);
        return null;
      default:
        throw broken();
    }
  }

  #varint(): number {
    let value = 0n;
    for (let i = 0n; i < MAX_VARINT_BYTES; i++) {
      const [byte] = this.#take(1);
      value |= BigInt(byte! & 0x7f) << (7n * i);
      if (byte! < 0x80) return Number(BigInt.asUintN(64, value));
    }
    throw broken();
  }

  #take(bytes: number): Uint8Array {
    if (bytes > this.#message.length - this.#at) throw broken();
    this.#at += bytes;
    return this.#message.subarray(this.#at - bytes, this.#at);
  }
}

/** The last text with a field number; null if there is none. */
export function textField(fields: readonly MessageField[], number: number): string | null {
  const value = fields.findLast((field) => field.number === number)?.value;
  if (value === undefined) return null;
  if (typeof value === "number") throw broken();
  return decodeUtf8(value);
}

function broken(): UnreadableSource {
  return new UnreadableSource("it contains a broken message");
}
