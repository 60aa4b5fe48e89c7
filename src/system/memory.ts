import { openLibrary } from "./libraries.ts";

/**
 * An address in this process's memory, 0n for NULL. Plain numbers rather than Deno's pointer objects:
 * those need the right to use foreign code at every step, which is given up early.
 */
export type Address = bigint;

/** Size of an address in memory, on both architectures; lowest byte first on both. */
export const ADDRESS_BYTES = 8;

// `usize` stands for pointers and size_t. A function takes Deno some 0.15 ms to bind, so each use of
// the C library has a table of its own.
const MEMORY = {
  calloc: {
    parameters: [
      "usize", // size_t nmemb
      "usize", // size_t size
    ],
    result: "usize", // void *
  },
  free: {
    parameters: [
      "usize", // void *ptr
    ],
    result: "void",
  },
  // Twice the same function, since memory is copied in both directions.
  read: {
    name: "memcpy",
    parameters: [
      "buffer", // void *dest
      "usize", // const void *src
      "usize", // size_t n
    ],
    result: "usize", // void *
  },
  write: {
    name: "memcpy",
    parameters: [
      "usize", // void *dest
      "buffer", // const void *src
      "usize", // size_t n
    ],
    result: "usize", // void *
  },
  strlen: {
    parameters: [
      "usize", // const char *s
    ],
    result: "usize", // size_t
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** Memory that is shared with C code. Every address given must be valid: nothing checks it. */
export class Memory {
  readonly #libc = openLibrary("libc.so.6", MEMORY).symbols;

  /**
   * Zeroed memory that C code frees with `free`.
   *
   * @throws Error when no memory is left
   */
  allocate(bytes: number): Address {
    const address = this.#libc.calloc(1n, BigInt(bytes));
    if (address === 0n) throw new Error("no memory left");
    return address;
  }

  /**
   * A copy of bytes as a C string in memory that C code frees with `free`.
   *
   * @throws Error when no memory is left
   */
  allocateString(bytes: Uint8Array<ArrayBuffer>): Address {
    const address = this.allocate(bytes.length + 1);
    this.write(address, bytes);
    return address;
  }

  /** Frees memory that was allocated here and that no C code frees; it must not be used any more. */
  free(address: Address): void {
    this.#libc.free(address);
  }

  /** Copies bytes out of memory. */
  read(from: Address, bytes: number): DataView<ArrayBuffer> {
    const copy = new Uint8Array(bytes);
    this.#libc.read(copy, from, BigInt(bytes));
    return new DataView(copy.buffer);
  }

  /** Copies bytes into memory. */
  write(to: Address, bytes: Uint8Array<ArrayBuffer>): void {
    this.#libc.write(to, bytes, BigInt(bytes.length));
  }

  /** Reads a pointer (`*from`). */
  readAddress(from: Address): Address {
    return this.read(from, ADDRESS_BYTES).getBigUint64(0, true);
  }

  /** Writes a pointer (`*to = address`). */
  writeAddress(to: Address, address: Address): void {
    const bytes = new Uint8Array(ADDRESS_BYTES);
    new DataView(bytes.buffer).setBigUint64(0, address, true);
    this.write(to, bytes);
  }

  /** Copies a C string, without its NUL; null for NULL. */
  readString(from: Address): Uint8Array<ArrayBuffer> | null {
    if (from === 0n) return null;
    const length = Number(this.#libc.strlen(from));
    return new Uint8Array(this.read(from, length).buffer);
  }
}

/**
 * A text as a C string.
 *
 * @param text holds no NUL, which would end it early
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
