import { openLibrary } from "./libraries.ts";

/**
 * An address in this process's memory, 0n for NULL. Plain numbers rather than Deno's pointer objects:
 * those need the right to use foreign code at every step, which is given up early.
 */
export type Address = bigint;

// Each parameter as in the C declaration; `usize` stands for pointers and size_t.
const SYMBOLS = {
  // void *calloc(size_t nmemb, size_t size)
  calloc: { parameters: ["usize", "usize"], result: "usize" },
  // void *memcpy(void *dest, const void *src, size_t n), in both directions
  read_memory: {
    name: "memcpy",
    parameters: ["buffer", "usize", "usize"],
    result: "usize",
  },
  write_memory: {
    name: "memcpy",
    parameters: ["usize", "buffer", "usize"],
    result: "usize",
  },
  // size_t strlen(const char *s)
  strlen: { parameters: ["usize"], result: "usize" },
  // char *strdup(const char *s)
  strdup: { parameters: ["buffer"], result: "usize" },
  // char *getenv(const char *name)
  getenv: { parameters: ["buffer"], result: "usize" },
  // struct passwd *getpwnam(const char *name)
  getpwnam: { parameters: ["buffer"], result: "usize" },
  // void openlog(const char *ident, int option, int facility)
  openlog: { parameters: ["usize", "i32", "i32"], result: "void" },
  // void syslog(int priority, const char *format, ...), called with the format "%s" alone
  syslog: { parameters: ["i32", "buffer", "buffer"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Functions of the C library, opened at the first use. */
export class Libc {
  readonly #symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

  private constructor() {
    this.#symbols = openLibrary("libc.so.6", SYMBOLS).symbols;
  }

  static #opened: Libc | undefined;

  /**
   * The C library.
   *
   * @throws Failure `library_missing`
   */
  static open(): Libc {
    return this.#opened ??= new Libc();
  }

  /** Zeroed memory that C code frees with `free`; 0n when there is none left. */
  allocate(bytes: number): Address {
    return this.#symbols.calloc(1n, BigInt(bytes));
  }

  /** Copies a C string (with its NUL) into memory that C code frees with `free`. */
  duplicate(text: Uint8Array<ArrayBuffer>): Address {
    return this.#symbols.strdup(text);
  }

  /** Copies bytes out of memory. Safety: `bytes` at `from` must be readable. */
  read(from: Address, bytes: number): DataView<ArrayBuffer> {
    const copy = new Uint8Array(bytes);
    this.#symbols.read_memory(copy, from, BigInt(bytes));
    return new DataView(copy.buffer);
  }

  /** Copies bytes into memory. Safety: as many at `to` must be writable. */
  write(to: Address, bytes: Uint8Array<ArrayBuffer>): void {
    this.#symbols.write_memory(to, bytes, BigInt(bytes.length));
  }

  /** Copies a C string, without its NUL. Safety: `from` must be one, or NULL: then null. */
  readString(from: Address): Uint8Array<ArrayBuffer> | null {
    if (from === 0n) return null;
    const length = Number(this.#symbols.strlen(from));
    return new Uint8Array(this.read(from, length).buffer);
  }

  /** A variable of the environment as bytes, which need not be UTF-8; null when unset. */
  readVariable(name: string): Uint8Array<ArrayBuffer> | null {
    return this.readString(this.#symbols.getenv(cString(name)));
  }

  /** Says whether the system (files, directory services) knows an account. */
  hasAccount(username: string): boolean {
    return this.#symbols.getpwnam(cString(username)) !== 0n;
  }

  /** Names this program in the system log (openlog(3)). */
  openSystemLog(identity: string): void {
    const LOG_PID = 0x01;
    const LOG_AUTHPRIV = 10 << 3;
    // openlog() keeps the pointer, so the text must outlive the call.
    const lasting = this.#symbols.strdup(cString(identity));
    this.#symbols.openlog(lasting, LOG_PID, LOG_AUTHPRIV);
  }

  /** Writes a line to the system log (syslog(3)). */
  writeSystemLog(priority: number, line: string): void {
    this.#symbols.syslog(priority, cString("%s"), cString(line));
  }
}

/**
 * A text as a C string.
 *
 * @param text holds no NUL, which would end it early
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`${text}\0`));
}
