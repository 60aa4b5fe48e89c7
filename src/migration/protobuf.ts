import { decodeUtf8 } from "./text.ts";
import { UnreadableSource } from "./reading.ts";

/** A field of a message. */
export interface Field {
  number: number;
  value: number | Uint8Array;
}

/** A number has at most ten bytes of seven bits. */
const MAX_VARINT_BYTES = 10;

/**
 * Reads the fields of a message of Protocol Buffers, in their order.
 *
 * @throws UnreadableSource for a message that is cut short, and for groups, which are obsolete
 */
export function readFields(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const take = (bytes: number): Uint8Array => {
    if (bytes > message.length - at) throw broken();
    at += bytes;
    return message.subarray(at - bytes, at);
  };
  const varint = (): number => {
    let value = 0n;
    for (let i = 0n; i < MAX_VARINT_BYTES; i++) {
      const [byte] = take(1);
      value |= BigInt(byte! & 0x7f) << (7n * i);
      if (byte! < 0x80) return Number(BigInt.asUintN(64, value));
    }
    throw broken();
  };
  while (at < message.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        take(8);
        break;
      case 2:
        fields.push({ number, value: take(varint()) });
        break;
      case 5:
        take(4);
        break;
      default:
        throw broken();
    }
  }
  return fields;
}

/** A text, of which the last counts; null where there is none. */
export function textOf(
  fields: readonly Field[],
  number: number,
): string | null {
  const value = fields.findLast((field) => field.number === number)?.value;
  if (value === undefined) return null;
  if (typeof value === "number") throw broken();
  return decodeUtf8(value);
}

function broken(): UnreadableSource {
  return new UnreadableSource("a message in it is broken");
}
